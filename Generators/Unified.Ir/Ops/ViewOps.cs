using System.Collections.Immutable;
using static Unified.Ir.GradientRules;

namespace Unified.Ir;

/// <summary>The same elements under another addressing.</summary>
internal static class ViewOps
{
    private const OpTraits Traits = OpTraits.View | OpTraits.Recompute;

    public static ImmutableArray<Op> Rows { get; } =
    [
        Row(OpCode.Reshape, InferReshape, (b, c) => b.Reshape(c.Dy, c[0].Shape)) with
        {
            Attributes = [new("shape", AttributeKind.Dims)],
            Batch = BatchRules.Reshape,
        },
        Row(OpCode.Transpose, InferTranspose, (b, c) => b.Transpose(c.Dy, Inverse(c.Attributes.Ints("permutation")))) with
        {
            Attributes = [new("permutation", AttributeKind.Dims)],
            Batch = BatchRules.Transpose,
        },
        Row(OpCode.BroadcastTo, InferBroadcastTo, (b, c) => b.SumTo(c.Dy, c[0].Shape)) with
        {
            Attributes = [new("shape", AttributeKind.Dims)],
            Batch = BatchRules.BroadcastTo,
        },
        Row(OpCode.Slice, InferSlice, SliceGradient) with
        {
            Attributes = [new("starts", AttributeKind.Dims), new("sizes", AttributeKind.Dims), new("steps", AttributeKind.Dims, new DimsAttribute([]))],
            Batch = BatchRules.Slice,
            Settle = (operands, attributes) => attributes.Dims("steps").IsEmpty
                ? attributes.With("steps", operands[0].Shape.Select(_ => Dim.One)) : attributes,
        },
    ];

    private static Op Row(OpCode code, InferRule infer, OperandGradient gradient) =>
        new(code, Traits, ElementwiseOps.X, infer) { Gradient = Each(gradient), Tolerance = Tolerance.Exact };

    private static ImmutableArray<TensorType> InferReshape(OpInputs inputs)
    {
        var stated = inputs.Attributes.Dims("shape");
        var size = inputs[0].Shape.Size;
        var open = stated.Count(d => d.Is(-1));
        if (open > 1)
        {
            throw inputs.Error($"shape {new Shape(stated)} leaves more than one size open (-1)");
        }

        if (stated.Any(d => d.IsConstant && d.Value < -1))
        {
            throw inputs.Error($"shape {new Shape(stated)} has a negative size");
        }

        var known = stated.Where(d => !d.Is(-1)).Aggregate(Dim.One, (a, b) => a * b);
        if (open == 1)
        {
            var rest = size.TryDivide(known)
                ?? throw (size.IsConstant && known.IsConstant ? inputs.Error(Indivisible()) : inputs.Undecided(Indivisible()));
            return [inputs[0] with { Shape = new Shape([.. stated.Select(d => d.Is(-1) ? rest : d)]) }];
        }

        return known == size
            ? [inputs[0] with { Shape = new Shape(stated) }]
            : throw (Dim.ProvablyDiffer(known, size)
                ? inputs.Error($"{size} elements do not fill shape {new Shape(stated)} of {known}")
                : inputs.Undecided($"{size} elements cannot be shown to fill shape {new Shape(stated)} of {known}"));

        string Indivisible() => $"shape {new Shape(stated)}: {size} elements do not divide by {known}, so -1 has no size";
    }

    private static ImmutableArray<TensorType> InferTranspose(OpInputs inputs)
    {
        var permutation = inputs.Attributes.Dims("permutation");
        var shape = inputs[0].Shape;
        if (permutation.Length == shape.Rank && !permutation.All(d => d.IsConstant))
        {
            throw inputs.Undecided($"permutation {new Shape(permutation)} must be of constants");
        }

        if (permutation.Length != shape.Rank
            || !permutation.Select(d => d.Value).OrderBy(d => d).SequenceEqual(Enumerable.Range(0, shape.Rank).Select(i => (long)i)))
        {
            throw inputs.Error($"permutation {new Shape(permutation)} must name each axis 0 … {shape.Rank - 1} once");
        }

        return [inputs[0] with { Shape = new Shape([.. permutation.Select(d => shape[(int)d.Value])]) }];
    }

    private static ImmutableArray<int> Inverse(ImmutableArray<int> permutation) =>
        [.. Enumerable.Range(0, permutation.Length).OrderBy(i => permutation[i])];

    private static ImmutableArray<TensorType> InferBroadcastTo(OpInputs inputs)
    {
        var shape = InferRules.Sizes(inputs, "shape");
        var from = inputs[0].Shape;
        return shape.Rank >= from.Rank && InferRules.Broadcast(inputs, from, shape) == shape
            ? [inputs[0] with { Shape = shape }]
            : throw (shape.Rank < from.Rank || (from.IsConstant && shape.IsConstant)
                ? inputs.Error($"shape {from} does not broadcast to {shape}")
                : inputs.Undecided($"shape {from} does not broadcast to {shape}"));
    }

    private static ImmutableArray<TensorType> InferSlice(OpInputs inputs)
    {
        var starts = InferRules.PerAxis(inputs, "starts", 0);
        var sizes = InferRules.PerAxis(inputs, "sizes", 0);
        var steps = InferRules.PerAxis(inputs, "steps", 1);
        for (var axis = 0; axis < sizes.Length; axis++)
        {
            var (end, size) = (SliceBounds.End(starts[axis], sizes[axis], steps[axis]), inputs[0].Shape[axis]);
            if ((size - end) is { IsConstant: true, Value: < 0 })
            {
                throw inputs.Error($"axis {axis}: elements up to {end} are taken of {size}");
            }
        }

        return [inputs[0] with { Shape = new Shape(sizes) }];
    }

    private static OpValue SliceGradient(OpBuilder b, GradientInputs c)
    {
        var starts = c.Attributes.Dims("starts");
        var steps = c.Attributes.Dims("steps");
        var dx = c.Dy;
        for (var axis = 0; axis < steps.Length; axis++)
        {
            dx = steps[axis].Is(1) ? dx : Spread(b, dx, axis, steps[axis]);
        }

        var high = dx.Shape.Select((size, axis) => c[0].Shape[axis] - starts[axis] - size);
        return dx.Shape == c[0].Shape
            ? dx
            : b.Apply(OpCode.Pad, Attributes.Empty.With("low", starts).With("high", high), dx);
    }

    /// <summary>Puts step - 1 zeros between neighbours of an axis: pads a new axis behind it, merges the two, cuts the tail.</summary>
    internal static OpValue Spread(OpBuilder b, OpValue x, int axis, Dim step)
    {
        var dims = x.Shape.Dims;
        var apart = b.Reshape(x, new Shape(dims.Insert(axis + 1, Dim.One)));
        var low = apart.Shape.Select(_ => Dim.Zero).ToImmutableArray();
        var padded = b.Apply(OpCode.Pad, Attributes.Empty.With("low", low).With("high", low.SetItem(axis + 1, step - 1)), apart);
        var merged = b.Reshape(padded, new Shape(dims.SetItem(axis, dims[axis] * step)));
        return b.Slice(merged, dims.Select(_ => Dim.Zero), dims.SetItem(axis, SliceBounds.End(0, dims[axis], step)));
    }
}
