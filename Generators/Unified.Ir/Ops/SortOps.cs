using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>
/// Order along an axis. Stable; NaN counts as the largest. The runtime sorts; where that is not to be had (in an ONNX model), an element's
/// place is the number of elements that come before it.
/// </summary>
internal static class SortOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Of(OpCode.Sort, ElementwiseOps.X, InferRules.AlongAxis(DTypeSet.Float), (b, x, a) => Taken(b, x[0], b.Apply(OpCode.ArgSort, a, x[0]), Axis(x, a))) with
        {
            Batch = BatchRules.Axis,
            Attributes = [Whole("axis", -1), Flag("descending")],
            Examples = [new("f32[B,T]"), new(Attributes.Empty.With("axis", 0L).With("descending", true), "f32[T,B]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.ArgSort, ElementwiseOps.X, InferIndices, (b, x, a) => Placed(b, x[0], Positions(b, x[0], Axis(x, a)), Axis(x, a), a.Bool("descending")), OpTraits.NonDifferentiable | OpTraits.Managed) with
        {
            Batch = BatchRules.Axis,
            Attributes = [Whole("axis", -1), Flag("descending")],
            Examples = [new("f32[B,T]"), new(Attributes.Empty.With("axis", 0L).With("descending", true), "f32[T,B]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.TopK, ElementwiseOps.X, InferTop, (b, x, a) => First(b, b.Apply(OpCode.Sort, Order(a), x[0]), a)) with
        {
            Attributes = [new("count", AttributeKind.Int), Whole("axis", -1), Flag("largest", true)],
            Examples = [new(Attributes.Empty.With("count", 2L), "f32[B,5]"), new(Attributes.Empty.With("count", 1L).With("largest", false).With("axis", 0L), "f32[3,T]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.ArgTopK, ElementwiseOps.X, i => [InferTop(i)[0] with { DType = DType.I64 }], (b, x, a) => First(b, b.Apply(OpCode.ArgSort, Order(a), x[0]), a), OpTraits.NonDifferentiable) with
        {
            Attributes = [new("count", AttributeKind.Int), Whole("axis", -1), Flag("largest", true)],
            Examples = [new(Attributes.Empty.With("count", 2L), "f32[B,5]"), new(Attributes.Empty.With("count", 1L).With("largest", false).With("axis", 0L), "f32[3,T]")],
            Tolerance = Tolerance.Exact,
        },
    ];

    private static int Axis(ImmutableArray<OpValue> x, Attributes a) => OpAxes.One(a, x[0].Shape.Rank);

    private static Attributes Order(Attributes a) => Attributes.Empty.With("axis", a.Int("axis")).With("descending", a.Bool("largest"));

    private static ImmutableArray<TensorType> InferIndices(OpInputs inputs) => [InferRules.AlongAxis(DTypeSet.Float)(inputs)[0] with { DType = DType.I64 }];

    private static ImmutableArray<TensorType> InferTop(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        var (axis, count) = (OpAxes.One(inputs), inputs.Attributes.Int("count"));
        var size = inputs[0].Shape[axis];
        return count >= 0 && (!size.IsConstant || count <= size.Value)
            ? [inputs[0] with { Shape = new Shape(inputs[0].Shape.Dims.SetItem(axis, count)) }]
            : throw inputs.Error($"count {count} must lie in 0 … {size}, the size of axis {axis}");
    }

    private static OpValue First(OpBuilder b, OpValue sorted, Attributes a) => b.Slice(
        sorted, sorted.Shape.Select(_ => Dim.Zero), sorted.Shape.Dims.SetItem(OpAxes.One(a, sorted.Shape.Rank), a.Int("count")));

    private static OpValue Positions(OpBuilder b, OpValue x, int axis) => b.Iota(x.Shape, axis, DType.I64);

    /// <summary>The elements of each row of an axis at the places that the indices say.</summary>
    internal static OpValue Taken(OpBuilder b, OpValue x, OpValue indices, int axis)
    {
        var at = b.ScalarLike(indices, 0);
        var stride = Dim.One;
        for (var k = x.Shape.Rank - 1; k >= 0; k--)
        {
            var place = k == axis ? indices : b.Iota(x.Shape, k, DType.I64);
            at = place * b.DimSize(stride, DType.I64) + at;
            stride *= x.Shape[k];
        }

        return b.Apply(OpCode.Gather, Attributes.Empty.With("axis", 0L), b.Reshape(x, new Shape([stride])), at);
    }

    /// <summary>Result k holds the value whose rank is k.</summary>
    private static OpValue Placed(OpBuilder b, OpValue keys, OpValue values, int axis, bool descending)
    {
        var dims = keys.Shape.Dims;
        var (across, down) = (new Shape(dims.Insert(axis, 1)), new Shape(dims.Insert(axis + 1, 1)));
        OpValue Other(OpValue x) => b.Reshape(x, across);
        OpValue Own(OpValue x) => b.Reshape(x, down);
        var (first, second) = descending ? (Own(keys), Other(keys)) : (Other(keys), Own(keys));
        var before = b.Apply(OpCode.LogicalOr, b.Apply(OpCode.Less, first, second), b.Apply(OpCode.LogicalAnd, b.Apply(OpCode.LogicalNot, IsNan(b, first)), IsNan(b, second)));
        var same = b.Apply(OpCode.LogicalOr, b.Apply(OpCode.Equal, first, second), b.Apply(OpCode.LogicalAnd, IsNan(b, first), IsNan(b, second)));
        var positions = Positions(b, keys, axis);
        var earlier = b.Apply(OpCode.LogicalAnd, same, b.Apply(OpCode.Less, Other(positions), Own(positions)));
        var ranks = b.Sum(b.Cast(b.Apply(OpCode.LogicalOr, before, earlier), DType.I64), [axis + 1]);
        return b.Sum(b.Select(b.Apply(OpCode.Equal, Other(ranks), Own(positions)), Other(values), b.ScalarLike(values, 0)), [axis + 1]);
    }
}
