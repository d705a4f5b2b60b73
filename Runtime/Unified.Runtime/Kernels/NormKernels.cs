using System.Collections.Immutable;
using System.Numerics.Tensors;
using Unified.Ir;

namespace Unified;

/// <summary>LayerNorm and RmsNorm over the last axis in f32, moments in f64. f64 runs by definition.</summary>
internal static unsafe class NormKernels
{
    private delegate void Row(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, double epsilon, Span<float> result);

    public static ImmutableArray<KernelRow> Rows { get; } =
    [
        new(OpCode.LayerNorm, HalfPrecision.Lift(static (x, a) => Run(x, a, LayerNorm))),
        new(OpCode.RmsNorm, HalfPrecision.Lift(static (x, a) => Run(x, a, RmsNorm))),
    ];

    private static Tensor? Run(ReadOnlySpan<Tensor> operands, Attributes attributes, Row row)
    {
        var x = operands[0];
        foreach (var operand in operands)
        {
            if (operand.DType != DType.F32 || x.Rank == 0 || (operand != x && (operand.Rank != 1 || operand.Dims[0] != x.Dims[^1] || !operand.IsDense)))
            {
                return null;
            }
        }

        var dense = Strided.Dense(x, out var isCopy);
        var result = new Tensor(DType.F32, x.Dims);
        var columns = x.Dims[^1];
        var (weight, bias, epsilon) = (operands[1], operands.Length > 2 ? operands[2] : null, attributes.Float("epsilon"));
        SharedWork.Rows(columns == 0 ? 0 : x.Size / columns, columns, (begin, end) =>
        {
            for (var at = begin * columns; at < end * columns; at += columns)
            {
                row(
                    new ReadOnlySpan<float>((float*)dense.Data + at, columns), weight.Elements<float>(), bias is null ? default : bias.Elements<float>(), epsilon,
                    new Span<float>((float*)result.Data + at, columns));
            }
        });

        if (isCopy)
        {
            dense.Dispose();
        }

        return result;
    }

    private static void LayerNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, double epsilon, Span<float> result)
    {
        fixed (float* first = x)
        {
            TensorPrimitives.Subtract(x, (float)(ReductionKernels.Sum(first, x.Length) / x.Length), result);
        }

        Scale(result, epsilon, result);
        TensorPrimitives.MultiplyAdd(result, weight, bias, result);
    }

    private static void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, double epsilon, Span<float> result)
    {
        Scale(x, epsilon, result);
        TensorPrimitives.Multiply(result, weight, result);
    }

    private static void Scale(ReadOnlySpan<float> x, double epsilon, Span<float> result)
    {
        var squares = 0.0;
        const int Chunk = 256;
        var buffer = stackalloc float[Chunk];
        for (var done = 0; done < x.Length; done += Chunk)
        {
            var part = x.Slice(done, Math.Min(Chunk, x.Length - done));
            TensorPrimitives.Multiply(part, part, new Span<float>(buffer, part.Length));
            squares += ReductionKernels.Sum(buffer, part.Length);
        }

        TensorPrimitives.Multiply(x, (float)(1 / Math.Sqrt((squares / x.Length) + epsilon)), result);
    }
}
