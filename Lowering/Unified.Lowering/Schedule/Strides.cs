using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Arithmetic on the element strides of arrays; axes of size 1 have stride 0.</summary>
internal static class Strides
{
    public static ImmutableArray<Dim> Dense(Shape shape)
    {
        var strides = new Dim[shape.Rank];
        var next = Dim.One;
        for (var axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = shape[axis].Is(1) ? Dim.Zero : next;
            next *= shape[axis];
        }

        return [.. strides];
    }

    public static bool IsDense(Shape shape, ImmutableArray<Dim> strides) => Same(shape, strides, Dense(shape));

    public static bool Same(Shape shape, ImmutableArray<Dim> a, ImmutableArray<Dim> b) =>
        Enumerable.Range(0, shape.Rank).All(i => shape[i].Is(1) || a[i] == b[i]);

    /// <summary>The strides that address the same elements, in the same order, as another shape; null where none do.</summary>
    public static ImmutableArray<Dim>? Reshape(Shape from, ImmutableArray<Dim> strides, Shape to)
    {
        var left = new Stack<(Dim Extent, Dim Stride)>();
        for (var axis = 0; axis < from.Rank; axis++)
        {
            if (!from[axis].Is(1))
            {
                left.Push((from[axis], strides[axis]));
            }
        }

        var result = new Dim[to.Rank];
        var (extent, stride) = (Dim.One, Dim.Zero);
        for (var axis = to.Rank - 1; axis >= 0; axis--)
        {
            result[axis] = Dim.Zero;
            if (to[axis].Is(1))
            {
                continue;
            }

            while (extent.TryDivide(to[axis]) is null)
            {
                if (!left.TryPop(out var next) || !(extent.Is(1) || next.Stride == stride * extent))
                {
                    return null;
                }

                (extent, stride) = extent.Is(1) ? next : (extent * next.Extent, stride);
            }

            result[axis] = stride;
            (extent, stride) = (extent.TryDivide(to[axis])!, stride * to[axis]);
        }

        return [.. result];
    }
}
