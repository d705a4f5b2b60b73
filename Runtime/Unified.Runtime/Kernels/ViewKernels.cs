using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>Ops that only address elements otherwise. Reshape copies where strides do not allow a view.</summary>
internal static class ViewKernels
{
    public static ImmutableArray<KernelRow> Rows { get; } =
    [
        new(OpCode.Reshape, static (x, a) => Reshape(x[0], Ints(a, "shape"))),
        new(OpCode.Transpose, static (x, a) => Transpose(x[0], Ints(a, "permutation"))),
        new(OpCode.BroadcastTo, static (x, a) => BroadcastTo(x[0], Ints(a, "shape"))),
        new(OpCode.Slice, static (x, a) => Slice(x[0], Ints(a, "starts"), Ints(a, "sizes"), Ints(a, "steps"))),
    ];

    /// <summary>A list attribute as ints; null when an entry does not fit.</summary>
    public static int[]? Ints(Attributes attributes, string name)
    {
        var dims = attributes.Dims(name);
        var result = new int[dims.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var value = dims[i].Value;
            if (value is < int.MinValue or > int.MaxValue)
            {
                return null;
            }

            result[i] = (int)value;
        }

        return result;
    }

    /// <summary>A view with the axes in another order; the order is not checked.</summary>
    public static Tensor Permute(Tensor x, ReadOnlySpan<int> permutation)
    {
        var dims = new int[x.Rank];
        var strides = new long[x.Rank];
        for (var i = 0; i < dims.Length; i++)
        {
            (dims[i], strides[i]) = (x.Dims[permutation[i]], x.Strides[permutation[i]]);
        }

        return new Tensor(x, dims, strides, x.Offset);
    }

    public static Tensor? Reshape(Tensor x, int[]? shape)
    {
        if (shape is null || !Resolve(x.Size, shape))
        {
            return null;
        }

        if (Strided.Reshape(x.Dims, x.Strides, shape) is { } strides)
        {
            return new Tensor(x, shape, strides, x.Offset);
        }

        var copy = new Tensor(x.DType, shape);
        unsafe
        {
            Strided.CopyToDense(x, copy.Data);
        }

        return copy;
    }

    private static bool Resolve(long size, int[] shape)
    {
        var open = -1;
        long known = 1;
        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] == -1 && open < 0)
            {
                open = i;
            }
            else if (shape[i] < 0)
            {
                return false;
            }
            else
            {
                known *= shape[i];
            }
        }

        if (open >= 0)
        {
            if (known == 0 || size % known != 0)
            {
                return false;
            }

            shape[open] = (int)(size / known);
            return true;
        }

        return known == size;
    }

    private static Tensor? Transpose(Tensor x, int[]? permutation)
    {
        if (permutation is null || permutation.Length != x.Rank)
        {
            return null;
        }

        long seen = 0;
        foreach (var axis in permutation)
        {
            if (axis < 0 || axis >= x.Rank)
            {
                return null;
            }

            seen |= 1L << axis;
        }

        return seen == (1L << x.Rank) - 1 ? Permute(x, permutation) : null;
    }

    private static Tensor? BroadcastTo(Tensor x, int[]? shape)
    {
        if (shape is null || shape.Length < x.Rank || Array.Exists(shape, d => d < 0)
            || Strided.Broadcast(x.Dims, shape) is not { } dims || !dims.AsSpan().SequenceEqual(shape))
        {
            return null;
        }

        var strides = new long[shape.Length];
        Strided.BroadcastStrides(x, shape, strides);
        return new Tensor(x, shape, strides, x.Offset);
    }

    private static Tensor? Slice(Tensor x, int[]? starts, int[]? sizes, int[]? steps)
    {
        if (starts?.Length != x.Rank || sizes?.Length != x.Rank || steps?.Length != x.Rank)
        {
            return null;
        }

        var strides = new long[x.Rank];
        var offset = x.Offset;
        for (var axis = 0; axis < x.Rank; axis++)
        {
            var (start, size, step) = (starts[axis], sizes[axis], steps[axis]);
            var end = size == 0 ? start : start + ((size - 1L) * step) + 1;
            if (start < 0 || size < 0 || step < 1 || end > x.Dims[axis])
            {
                return null;
            }

            strides[axis] = x.Strides[axis] * step;
            offset += size == 0 ? 0 : start * x.Strides[axis];
        }

        return new Tensor(x, sizes, strides, offset);
    }
}
