using System.Collections.Immutable;
using System.Diagnostics;
using System.Numerics;
using System.Numerics.Tensors;
using Unified.Ir;

namespace Unified;

/// <summary>Gather and ScatterAdd. A negative index counts from the end; others outside the extent are errors.</summary>
[StackTraceHidden]
internal static unsafe class IndexKernels
{
    /// <summary>Adds, of rows of so many columns, <paramref name="count"/> columns from the one where it starts.</summary>
    private delegate void AddRows(byte* updates, ReadOnlySpan<int> rows, int columns, int start, int count, byte* result);

    private static readonly AddRows?[] Adders =
    [
        null, Add<byte>, Add<sbyte>, Add<short>, Add<int>, Add<long>, null, null, Add<float>, Add<double>,
    ];

    public static ImmutableArray<KernelRow> Rows { get; } = [new(OpCode.Gather, Gather), new(OpCode.ScatterAdd, HalfPrecision.Lift(ScatterAdd))];

    private static Tensor? Gather(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var (x, indices) = (operands[0], operands[1]);
        if (indices.DType is not (DType.I32 or DType.I64) || ReductionLayout.Axis(attributes, x.Rank) is not { } axis)
        {
            return null;
        }

        var picked = Normalised(indices, x.Dims[axis], OpCode.Gather);
        var result = new Tensor(x.DType, [.. x.Dims.AsSpan(0, axis), .. indices.Dims, .. x.Dims.AsSpan(axis + 1)]);
        var dense = Strided.Dense(x, out var isCopy);
        var row = Strided.Size(x.Dims.AsSpan(axis + 1)) * x.DType.Bytes();
        var outer = Strided.Size(x.Dims.AsSpan(0, axis));
        var source = dense.Data;
        var target = result.Data;
        SharedWork.Rows(outer * picked.Length, row, (begin, end) =>
        {
            for (var i = begin; i < end; i++)
            {
                var (o, index) = (i / picked.Length, picked[i % picked.Length]);
                Buffer.MemoryCopy(source + (((o * x.Dims[axis]) + index) * row), target + (i * row), row, row);
            }
        });

        if (isCopy)
        {
            dense.Dispose();
        }

        return result;
    }

    private static Tensor? ScatterAdd(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var (indices, updates) = (operands[0], operands[1]);
        var size = attributes.Int("size");
        if (indices.DType is not (DType.I32 or DType.I64) || Adders[(int)updates.DType] is not { } add || attributes.Int("axis") != 0
            || size is < 0 or > int.MaxValue || updates.Rank < indices.Rank
            || !updates.Dims.AsSpan(0, indices.Rank).SequenceEqual(indices.Dims))
        {
            return null;
        }

        var rows = Normalised(indices, (int)size, OpCode.ScatterAdd);
        var result = new Tensor(updates.DType, [(int)size, .. updates.Dims.AsSpan(indices.Rank)]);
        Tensor.Fill(result, 0);
        var dense = Strided.Dense(updates, out var isCopy);
        Share(add, dense.Data, rows, checked((int)Strided.Size(updates.Dims.AsSpan(indices.Rank))), result.Data);
        if (isCopy)
        {
            dense.Dispose();
        }

        return result;
    }

    // Rows may fall together, columns do not.
    private static void Share(AddRows add, byte* updates, int[] rows, int columns, byte* result)
    {
        const int Columns = 64;
        var units = Math.Max(1, columns / Columns);
        SharedWork.Rows(units, (long)rows.Length * Columns, (begin, end) =>
        {
            var start = (int)begin * Columns;
            add(updates, rows, columns, start, (end == units ? columns : (int)end * Columns) - start, result);
        });
    }

    private static void Add<T>(byte* updates, ReadOnlySpan<int> rows, int columns, int start, int count, byte* result)
        where T : unmanaged, INumber<T>
    {
        var source = (T*)updates + start;
        foreach (var row in rows)
        {
            var target = new Span<T>((T*)result + ((long)row * columns) + start, count);
            TensorPrimitives.Add(target, new ReadOnlySpan<T>(source, count), target);
            source += columns;
        }
    }

    internal static int[] Normalised(Tensor indices, int extent, OpCode code)
    {
        var wide = CastKernels.Convert(indices, DType.I64);
        var dense = Strided.Dense(wide, out var isCopy);
        var result = new int[indices.Size];
        var source = (long*)dense.Data;
        for (var i = 0; i < result.Length; i++)
        {
            var index = source[i] < 0 ? source[i] + extent : source[i];
            if ((ulong)index >= (ulong)extent)
            {
                throw new IndexOutOfRangeException($"{OpTable.Get(code).Name}: index {source[i]} is out of range for an axis of {extent}");
            }

            result[i] = (int)index;
        }

        if (isCopy)
        {
            dense.Dispose();
        }

        wide.Dispose();
        return result;
    }
}
