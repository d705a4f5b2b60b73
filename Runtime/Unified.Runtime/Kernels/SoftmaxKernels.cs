using System.Collections.Immutable;
using System.Numerics.Tensors;
using Unified.Ir;

namespace Unified;

/// <summary>Softmax, LogSoftmax and LogSumExp over the last axis; for another axis the axes are exchanged first. Sums in f64.</summary>
internal static unsafe class SoftmaxKernels
{
    private delegate void RowSingle(ReadOnlySpan<float> x, Span<float> result);

    private delegate void RowDouble(ReadOnlySpan<double> x, Span<double> result);

    public static ImmutableArray<KernelRow> Rows { get; } =
    [
        new(OpCode.Softmax, HalfPrecision.Lift(static (x, a) => SameShape(x[0], a, Softmax, Softmax))),
        new(OpCode.LogSoftmax, HalfPrecision.Lift(static (x, a) => SameShape(x[0], a, LogSoftmax, LogSoftmax))),
        new(OpCode.LogSumExp, HalfPrecision.Lift(LogSumExp)),
    ];

    private static Tensor? SameShape(Tensor x, Attributes attributes, RowSingle single, RowDouble wide)
    {
        if (!x.DType.IsFloat() || ReductionLayout.Axis(attributes, x.Rank) is not { } axis)
        {
            return null;
        }

        int[] order = [.. Enumerable.Range(0, x.Rank)];
        (order[axis], order[^1]) = (order[^1], order[axis]);
        using var view = ViewKernels.Permute(x, order);
        var dense = Strided.Dense(view, out var isCopy);
        using var result = new Tensor(x.DType, view.Dims);
        Each(dense, result, view.Dims[^1], view.Dims[^1], single, wide);
        if (isCopy)
        {
            dense.Dispose();
        }

        return ViewKernels.Permute(result, order);
    }

    private static Tensor? LogSumExp(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var x = operands[0];
        if (!x.DType.IsFloat() || ReductionLayout.Axis(attributes, x.Rank) is not { } axis)
        {
            return null;
        }

        int[] order = [.. Enumerable.Range(0, x.Rank).Where(i => i != axis), axis];
        using var view = ViewKernels.Permute(x, order);
        var dense = Strided.Dense(view, out var isCopy);
        int[] dims = attributes.Bool("keepDims")
            ? [.. x.Dims.Select((d, i) => i == axis ? 1 : d)]
            : [.. x.Dims.Where((_, i) => i != axis)];
        var result = new Tensor(x.DType, dims);
        Each(dense, result, view.Dims[^1], 1, (row, r) => r[0] = (float)LogOfSum(row), (row, r) => r[0] = LogOfSum(row));
        if (isCopy)
        {
            dense.Dispose();
        }

        return result;
    }

    private static void Each(Tensor x, Tensor result, int columns, int step, RowSingle single, RowDouble wide)
    {
        var rows = step == 0 ? 0 : result.Size / step;
        SharedWork.Rows(rows, columns, (begin, end) =>
        {
            for (var row = begin; row < end; row++)
            {
                if (x.DType == DType.F32)
                {
                    single(new ReadOnlySpan<float>((float*)x.Data + (row * columns), columns), new Span<float>((float*)result.Data + (row * step), step));
                }
                else
                {
                    wide(new ReadOnlySpan<double>((double*)x.Data + (row * columns), columns), new Span<double>((double*)result.Data + (row * step), step));
                }
            }
        });
    }

    private static void Softmax(ReadOnlySpan<float> x, Span<float> result)
    {
        var sum = ExpShifted(x, result, out _);
        TensorPrimitives.Multiply(result, (float)(1 / sum), result);
    }

    private static void Softmax(ReadOnlySpan<double> x, Span<double> result)
    {
        TensorPrimitives.Subtract(x, TensorPrimitives.Max(x), result);
        TensorPrimitives.Exp(result, result);
        TensorPrimitives.Multiply(result, 1 / TensorPrimitives.Sum<double>(result), result);
    }

    private static void LogSoftmax(ReadOnlySpan<float> x, Span<float> result)
    {
        var log = (float)Math.Log(ExpShifted(x, result, out var maximum));
        TensorPrimitives.Subtract(x, maximum, result);
        TensorPrimitives.Subtract(result, log, result);
    }

    private static void LogSoftmax(ReadOnlySpan<double> x, Span<double> result)
    {
        var maximum = TensorPrimitives.Max(x);
        var log = LogOfSum(x) - maximum;
        TensorPrimitives.Subtract(x, maximum, result);
        TensorPrimitives.Subtract(result, log, result);
    }

    private static double LogOfSum(ReadOnlySpan<float> x)
    {
        if (x.IsEmpty)
        {
            return double.NegativeInfinity;
        }

        const int Stack = 1024;
        var buffer = x.Length <= Stack ? stackalloc float[Stack] : new float[x.Length];
        var sum = ExpShifted(x, buffer[..x.Length], out var maximum);
        return maximum + Math.Log(sum);
    }

    private static double LogOfSum(ReadOnlySpan<double> x)
    {
        if (x.IsEmpty)
        {
            return double.NegativeInfinity;
        }

        var maximum = TensorPrimitives.Max(x);
        var sum = 0.0;
        foreach (var value in x)
        {
            sum += Math.Exp(value - maximum);
        }

        return maximum + Math.Log(sum);
    }

    private static double ExpShifted(ReadOnlySpan<float> x, Span<float> result, out float maximum)
    {
        maximum = TensorPrimitives.Max(x);
        TensorPrimitives.Subtract(x, maximum, result);
        TensorPrimitives.Exp(result, result);
        fixed (float* first = result)
        {
            return ReductionKernels.Sum(first, result.Length);
        }
    }
}
