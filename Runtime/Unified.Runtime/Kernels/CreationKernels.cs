using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>Tensors from attributes, and uniform random numbers.</summary>
internal static unsafe class CreationKernels
{
    public static ImmutableArray<KernelRow> Rows { get; } =
    [
        new(OpCode.Constant, static (_, a) => Tensor.ScalarOf(a.DType("dtype"), a.Float("value"))),
        new(OpCode.DimSize, static (_, a) => Tensor.Scalar(a.Int("dim"))),
        new(OpCode.Full, Full),
        new(OpCode.Iota, Iota),
        new(OpCode.RandomUniform, Uniform),
    ];

    private static int[]? Shape(Attributes attributes) =>
        ViewKernels.Ints(attributes, "shape") is { } shape && !Array.Exists(shape, d => d < 0) ? shape : null;

    private static Tensor? Full(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        if (Shape(attributes) is not { } shape)
        {
            return null;
        }

        var result = new Tensor(attributes.DType("dtype"), shape);
        Tensor.Fill(result, attributes.Float("value"));
        return result;
    }

    private static Tensor? Iota(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var dtype = attributes.DType("dtype");
        if (Shape(attributes) is not { } shape || dtype == DType.Bool || ReductionLayout.Axis(attributes, shape.Length) is not { } axis)
        {
            return null;
        }

        // Counted once along the axis, then shown along the others.
        using var count = new Tensor(DType.I64, [shape[axis]]);
        for (var i = 0; i < shape[axis]; i++)
        {
            ((long*)count.Data)[i] = i;
        }

        using var typed = CastKernels.Convert(count, dtype);
        var strides = new long[shape.Length];
        strides[axis] = 1;
        using var view = new Tensor(typed, shape, strides, 0);
        return view.Clone();
    }

    // f32 takes the upper 24 bits of a word, f64 all 32; the halves are f32 rounded down to their fraction, to stay below 1.
    private static Tensor? Uniform(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var state = operands[0];
        var dtype = attributes.DType("dtype");
        if (Shape(attributes) is not { } shape || !dtype.IsFloat() || state.DType != DType.I64 || state.Rank != 1 || state.Size != 2)
        {
            return null;
        }

        var key = *(ulong*)state.Data;
        var offset = (ulong)((long*)state.Data)[state.Strides[0]];
        var result = new Tensor(dtype, shape);
        var bytes = dtype.Bytes();
        var data = result.Data;
        Span<uint> words = stackalloc uint[4];
        for (long i = 0; i < result.Size; i += 4)
        {
            Philox.Block(unchecked(offset + (ulong)(i / 4)), 0, key, words);
            var n = (int)Math.Min(4, result.Size - i);
            if (dtype == DType.F32)
            {
                for (var j = 0; j < n; j++)
                {
                    ((float*)data)[i + j] = (words[j] >> 8) * (1f / 16777216);
                }

                continue;
            }

            for (var j = 0; j < n; j++)
            {
                var value = dtype switch
                {
                    DType.F64 => words[j] * (1.0 / 4294967296.0),
                    DType.F16 => (words[j] >> 21) * (1.0 / 2048.0),
                    _ => (words[j] >> 24) * (1.0 / 256.0),
                };
                ElementTypes.Write(dtype, data + ((i + j) * bytes), value);
            }
        }

        return result;
    }
}
