using System.Collections.Immutable;
using System.Diagnostics;
using System.Numerics.Tensors;
using Unified.Ir;

namespace Unified;

/// <summary>Rows of a tensor that take up others, one after the other. Where result and operand are one memory, only the rows that change are touched.</summary>
[StackTraceHidden]
internal static unsafe class IndexUpdateKernels
{
    public static ImmutableArray<DenseKernelRow> Rows { get; } =
    [
        Row(OpCode.IndexAdd, static (x, y) => x + y, static (x, y) => x + y),
        Row(OpCode.IndexMul, static (x, y) => x * y, static (x, y) => x * y),
        Row(OpCode.IndexMax, Math.Max, Math.Max),
        Row(OpCode.IndexMin, Math.Min, Math.Min),
        new(OpCode.UpdateSlice, UpdateSlice),
    ];

    private static DenseKernelRow Row(OpCode code, Func<double, double, double> floats, Func<long, long, long> integers) => new(code, (arrays, _) =>
    {
        var (x, indices, updates, result) = (arrays[0], arrays[1], arrays[2], arrays[3]);
        var (count, extent) = (DenseElements.Count(indices.Sizes), x.Sizes[0]);
        var columns = checked((int)DenseElements.Count(x.Sizes.AsSpan(1)));
        var rows = Places(code, indices, count, extent);
        Copy(x, result);
        for (var i = 0L; i < count; i++)
        {
            var row = rows[i];
            if (code == OpCode.IndexAdd && x.DType == DType.F32)
            {
                var target = new Span<float>((float*)result.Data + (row * columns), columns);
                TensorPrimitives.Add(target, new ReadOnlySpan<float>((float*)updates.Data + (i * columns), columns), target);
            }
            else if (x.DType.IsFloat())
            {
                Combine(result, row * columns, updates, i * columns, new double[columns], new double[columns], floats);
            }
            else
            {
                Combine(result, row * columns, updates, i * columns, new long[columns], new long[columns], integers);
            }
        }
    });

    // All of them are looked at before anything is written: where it fails, nothing has changed.
    private static long[] Places(OpCode code, DenseArray indices, long count, long extent)
    {
        var rows = new long[count];
        DenseElements.Read(indices, 0, rows);
        for (var i = 0; i < rows.Length; i++)
        {
            var given = rows[i];
            rows[i] += given < 0 ? extent : 0;
            if ((ulong)rows[i] >= (ulong)extent)
            {
                throw new IndexOutOfRangeException($"{OpTable.Get(code).Name}: index {given} is out of range for an axis of {extent}");
            }
        }

        return rows;
    }

    private static void UpdateSlice(ReadOnlySpan<DenseArray> arrays, Attributes attributes)
    {
        var (x, update, result) = (arrays[0], arrays[1], arrays[3]);
        var axis = OpAxes.One(attributes, x.Sizes.Length);
        var (extent, count) = (x.Sizes[axis], update.Sizes[axis]);
        Span<long> start = stackalloc long[1];
        DenseElements.Read(arrays[2], 0, start);
        if (start[0] < 0 || start[0] > extent - count)
        {
            throw new IndexOutOfRangeException($"update_slice: {count} places from {start[0]} on do not lie within an axis of {extent}");
        }

        Copy(x, result);
        var inner = DenseElements.Count(x.Sizes.AsSpan(axis + 1)) * x.DType.Bytes();
        for (var outer = 0L; outer < DenseElements.Count(x.Sizes.AsSpan(0, axis)); outer++)
        {
            var bytes = count * inner;
            Buffer.MemoryCopy((byte*)update.Data + (outer * bytes), (byte*)result.Data + (((outer * extent) + start[0]) * inner), bytes, bytes);
        }
    }

    private static void Copy(DenseArray x, DenseArray result)
    {
        if (x.Data != result.Data)
        {
            var bytes = DenseElements.Count(x.Sizes) * x.DType.Bytes();
            Buffer.MemoryCopy(x.Data, result.Data, bytes, bytes);
        }
    }

    // A sum, product or choice of two floats in double precision, rounded, is that of their own type.
    private static void Combine(DenseArray result, long to, DenseArray updates, long from, double[] x, double[] y, Func<double, double, double> combine)
    {
        DenseElements.Read(result, to, x);
        DenseElements.Read(updates, from, y);
        for (var k = 0; k < x.Length; k++)
        {
            x[k] = combine(x[k], y[k]);
        }

        DenseElements.Write(result, to, x);
    }

    private static void Combine(DenseArray result, long to, DenseArray updates, long from, long[] x, long[] y, Func<long, long, long> combine)
    {
        DenseElements.Read(result, to, x);
        DenseElements.Read(updates, from, y);
        for (var k = 0; k < x.Length; k++)
        {
            x[k] = unchecked(combine(x[k], y[k]));
        }

        DenseElements.Write(result, to, x);
    }
}
