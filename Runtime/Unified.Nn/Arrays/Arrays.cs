using static Unified.Ops;

namespace Unified.Nn;

/// <summary>What takes tensors apart into several, or spreads several over a grid. In eager mode and in static graphs.</summary>
public static partial class Arrays
{
    /// <summary>Parts of an axis, one after the other, of the sizes given; these add up to the axis's.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    [StaticGraph]
    public static IReadOnlyList<Tensor> Split(Tensor x, IReadOnlyList<int> sizes, int axis = 0)
    {
        var front = SwapAxes(x, 0, axis);
        var (parts, start) = (new List<Tensor>(), 0);
        foreach (var size in sizes)
        {
            parts.Add(SwapAxes(front[start..(start + size)], 0, axis));
            start += size;
        }

        if (start != front.Shape[0])
        {
            throw new ArgumentException($"parts of {start} elements in all do not make an axis of {front.Shape[0]}", nameof(sizes));
        }

        return parts;
    }

    /// <summary>So many parts of an axis, all of one size: as many divide the axis's.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    [StaticGraph]
    public static IReadOnlyList<Tensor> Chunk(Tensor x, int count, int axis = 0)
    {
        var front = SwapAxes(x, 0, axis);
        var size = front.Shape[0] / count;
        if (size * count != front.Shape[0])
        {
            throw new ArgumentException($"an axis of {front.Shape[0]} has no {count} parts of one size", nameof(count));
        }

        var parts = new List<Tensor>();
        for (var i = 0; i < count; i++)
        {
            parts.Add(SwapAxes(front[(i * size)..((i + 1) * size)], 0, axis));
        }

        return parts;
    }

    /// <summary>The elements of two axes at each point of their grid: x [m] and y [n] as [m, n] each, so that the first follows the rows (indexing by matrix).</summary>
    [StaticGraph]
    public static (Tensor X, Tensor Y) Meshgrid(Tensor x, Tensor y) => (
        BroadcastTo(ExpandDims(x, 1), [x.Shape[0], y.Shape[0]]), BroadcastTo(ExpandDims(y, 0), [x.Shape[0], y.Shape[0]]));

    /// <summary>As <see cref="Meshgrid(Tensor, Tensor)"/> for three axes: [m, n, p] each.</summary>
    [StaticGraph]
    public static (Tensor X, Tensor Y, Tensor Z) Meshgrid(Tensor x, Tensor y, Tensor z) => (
        BroadcastTo(Reshape(x, x.Shape[0], 1, 1), [x.Shape[0], y.Shape[0], z.Shape[0]]),
        BroadcastTo(Reshape(y, 1, y.Shape[0], 1), [x.Shape[0], y.Shape[0], z.Shape[0]]),
        BroadcastTo(Reshape(z, 1, 1, z.Shape[0]), [x.Shape[0], y.Shape[0], z.Shape[0]]));
}
