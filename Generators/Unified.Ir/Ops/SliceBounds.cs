using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>An axis of a slice whose end cannot be compared with the axis' size before the named dims have values.</summary>
/// <param name="End">One past the last element taken.</param>
/// <param name="Size">The size of the axis; a run must see End ≤ Size.</param>
public sealed record SliceBound(int Axis, Dim End, Dim Size);

/// <summary>What of a slice is left to be checked when sizes are known: <c>table[..T]</c> of a table with 1024 rows.</summary>
public static class SliceBounds
{
    public static ImmutableArray<SliceBound> Open(Shape shape, Attributes slice)
    {
        var (starts, sizes, steps) = (slice.Dims("starts"), slice.Dims("sizes"), slice.Dims("steps"));
        return
        [
            .. shape.Select((size, axis) => new SliceBound(axis, End(starts[axis], sizes[axis], steps[axis]), size))
                .Where(b => !(b.Size - b.End).IsConstant),
        ];
    }

    internal static Dim End(Dim start, Dim size, Dim step) => size.Is(0) ? start : start + ((size - 1) * step) + 1;
}
