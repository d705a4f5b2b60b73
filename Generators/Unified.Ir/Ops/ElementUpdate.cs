using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// Turns <c>x[…] = value</c> into the tensor that x is afterwards. It is a choice, element by element, between x and the value spread over x's shape,
/// so that gradients flow to what is kept of x and to what is used of the value. Of equal indices in a tensor the last one counts.
/// </summary>
public static class ElementUpdate
{
    /// <param name="parts">One for each axis; a mask stands for all of its axes.</param>
    /// <param name="value">Is cast to x's dtype and broadcast to the shape of the elements that the parts take.</param>
    /// <exception cref="ShapeException">The value does not fit.</exception>
    public static OpValue Apply(OpBuilder b, OpValue x, ImmutableArray<AxisPart> parts, OpValue value)
    {
        if (parts.Any(p => p.Indices is { } none && none.Shape.Size.Is(0)))
        {
            return x;
        }

        var taken = new Shape([.. parts.SelectMany(Taken)]);
        var spread = Spread(b, b.Cast(value, x.DType), taken);
        spread = b.Reshape(spread, new Shape([.. parts.SelectMany(p => Aligned(p, spread, taken))]));
        OpValue? chosen = null;
        var axis = 0;
        foreach (var part in parts)
        {
            var (mask, moved) = Place(b, x.Shape, axis, part, spread);
            spread = moved;
            chosen = mask is null ? chosen : chosen is null ? mask : b.Apply(OpCode.LogicalAnd, chosen, mask);
            axis += part.Mask?.Shape.Rank ?? 1;
        }

        return chosen is null ? b.BroadcastTo(spread, x.Shape) : b.BroadcastTo(b.Select(chosen, spread, x), x.Shape);
    }

    /// <summary>The axes that the part leaves in what is taken. How many elements a mask takes is not known, so the value must be the same for all: one.</summary>
    private static IEnumerable<Dim> Taken(AxisPart part) =>
        part.Mask is not null ? [Dim.One] : part.IsDropped ? [] : part.Indices is { } indices ? indices.Shape : [part.Size];

    private static OpValue Spread(OpBuilder b, OpValue value, Shape taken) =>
        value.Shape.Rank == 0 ? b.Reshape(value, new Shape([.. taken.Select(_ => Dim.One)])) : b.BroadcastTo(value, taken);

    // A number keeps size one everywhere: it need not be moved.
    private static IEnumerable<Dim> Aligned(AxisPart part, OpValue spread, Shape taken) =>
        part.Mask is { } mask ? Enumerable.Repeat(Dim.One, mask.Shape.Rank)
        : part.IsDropped || spread.Shape != taken ? [Dim.One]
        : part.Indices is { } indices ? [indices.Shape.Size]
        : [part.Size];

    /// <summary>Where the part's elements are along its axis (null: everywhere), and the value with its elements there.</summary>
    private static (OpValue? Mask, OpValue Value) Place(OpBuilder b, Shape shape, int axis, AxisPart part, OpValue value)
    {
        var extent = shape[axis];
        var isOne = value.Shape[axis].Is(1);
        if (part.Mask is { } mask)
        {
            return (b.Reshape(mask, Along(shape, axis, mask.Shape.Rank)), value);
        }

        if (part.Indices is { } indices)
        {
            var last = LastPosition(b, b.Reshape(indices, new Shape([indices.Shape.Size])), extent);
            var owner = b.Apply(OpCode.Maximum, last, b.ScalarLike(last, 0));
            var moved = isOne ? value : b.Apply(OpCode.Gather, Attributes.Empty.With("axis", (long)axis), value, owner);
            return (b.Apply(OpCode.GreaterEqual, b.Reshape(last, Along(shape, axis, 1)), b.ScalarLike(last, 0)), moved);
        }

        if (part.At is { } at)
        {
            var offset = b.Iota(new Shape([extent]), 0, DType.I64) - First(b, part, at, extent);
            var (zero, size) = (b.ScalarLike(offset, 0), b.DimSize(part.Size, DType.I64));
            var inside = b.Apply(OpCode.LogicalAnd, b.Apply(OpCode.GreaterEqual, offset, zero), b.Apply(OpCode.Less, offset, size));
            var within = b.Apply(OpCode.Minimum, b.Apply(OpCode.Maximum, offset, zero), size - 1);
            return (b.Reshape(inside, Along(shape, axis, 1)), isOne ? value : b.Apply(OpCode.Gather, Attributes.Empty.With("axis", (long)axis), value, within));
        }

        if (part.Start.Is(0) && part.Size == extent)
        {
            return (null, value);
        }

        var position = b.Iota(Along(shape, axis, 1), axis, DType.I64);
        var from = b.Apply(OpCode.GreaterEqual, position, b.DimSize(part.Start, DType.I64));
        var to = b.Apply(OpCode.Less, position, b.DimSize(part.Start + part.Size, DType.I64));
        return (b.Apply(OpCode.LogicalAnd, from, to), isOne ? value : Pad(b, value, axis, part.Start, extent - part.Start - part.Size));
    }

    private static OpValue First(OpBuilder b, AxisPart part, OpValue at, Dim extent)
    {
        var named = Checked(b, part.IsDropped ? at : at + b.Iota(new Shape([part.Size]), 0, at.DType), extent);
        return part.IsDropped ? named : b.Reduce(OpCode.ReduceMin, named, [0], keepDims: false);
    }

    /// <summary>Indices from the front, checked as Gather checks them.</summary>
    private static OpValue Checked(OpBuilder b, OpValue indices, Dim extent) =>
        b.Apply(OpCode.Gather, Attributes.Empty.With("axis", 0L), b.Iota(new Shape([extent]), 0, DType.I64), indices);

    /// <summary>For each element of an axis the position of the last index that names it, or -1.</summary>
    private static OpValue LastPosition(OpBuilder b, OpValue indices, Dim extent)
    {
        var count = indices.Shape[0];
        var hits = b.Apply(OpCode.Equal, b.Reshape(Checked(b, indices, extent), new Shape([count, 1])), b.Iota(new Shape([1, extent]), 1, DType.I64));
        var positions = b.Select(hits, b.Iota(new Shape([count, 1]), 0, DType.I64), b.Scalar(DType.I64, -1));
        return b.Reduce(OpCode.ReduceMax, positions, [0], keepDims: false);
    }

    private static OpValue Pad(OpBuilder b, OpValue value, int axis, Dim low, Dim high)
    {
        var none = Enumerable.Repeat(Dim.Constant(0), value.Shape.Rank).ToArray();
        var (before, after) = ((Dim[])none.Clone(), (Dim[])none.Clone());
        (before[axis], after[axis]) = (low, high);
        return b.Apply(OpCode.Pad, Attributes.Empty.With("low", before).With("high", after), value);
    }

    /// <summary>The shape with only these axes kept, the others 1.</summary>
    private static Shape Along(Shape shape, int axis, int count) => new([.. shape.Select((d, i) => i >= axis && i < axis + count ? d : Dim.One)]);
}
