using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>
/// Element i of a scan folds elements 0 … i of the axis, or, reversed, those from i on: as many steps as the axis is long, by the runtime's managed code. The
/// definitions, for ONNX, take the square of that, all in parallel.
/// </summary>
internal static class ScanOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Scan(OpCode.CumSum, DTypeSet.Numeric, (b, c) => Again(b, c, OpCode.CumSum, c.Dy)) with { Definition = (b, x, a) => [b.Sum(Spread(b, x[0], a, 0), [Axis(x, a) + 1])] },
        Scan(OpCode.CumProd, DTypeSet.Numeric, CumProdGradient) with { Domain = (0.3, 1.6) },
        Scan(OpCode.LogCumSumExp, DTypeSet.Float, LogCumSumExpGradient) with
        {
            Definition = (b, x, a) => [b.Apply(OpCode.LogSumExp, Attributes.Empty.With("axis", Axis(x, a) + 1L), Spread(b, x[0], a, double.NegativeInfinity))],
        },
        new(OpCode.LinearScan, OpTraits.Managed, [new("a"), new("x")], InferLinear)
        {
            Attributes = Along,
            Gradient = LinearGradient,
            Batch = BatchRules.AxisOfAll,
            Precision = OpPrecision.Full,
            Tolerance = Tolerance.Approximate,
            Examples = [new("f32[B,T]", "f32[B,T]"), new(Attributes.Empty.With("axis", 0L).With("reverse", true), "f32[T,2]", "f32[T,2]")],
        },
        Of(OpCode.CumMax, ElementwiseOps.X, InferRules.AlongAxis(DTypeSet.Float), (b, x, a) => Taken(b, x, a, OpCode.ArgCumMax)) with
        {
            Attributes = Axes, Examples = Examples, Batch = BatchRules.Axis, Tolerance = Tolerance.Exact,
        },
        Of(OpCode.CumMin, ElementwiseOps.X, InferRules.AlongAxis(DTypeSet.Float), (b, x, a) => Taken(b, x, a, OpCode.ArgCumMin)) with
        {
            Attributes = Axes, Examples = Examples, Batch = BatchRules.Axis, Tolerance = Tolerance.Exact,
        },
        Of(OpCode.ArgCumMax, ElementwiseOps.X, InferPlaces, ArgCumMax, OpTraits.NonDifferentiable | OpTraits.Managed) with
        {
            Attributes = Axes, Examples = Examples, Batch = BatchRules.Axis, Tolerance = Tolerance.Exact,
        },
        Of(OpCode.ArgCumMin, ElementwiseOps.X, InferPlaces, (b, x, a) => b.Apply(OpCode.ArgCumMax, a, -x[0]), OpTraits.NonDifferentiable) with
        {
            Attributes = Axes, Examples = Examples, Batch = BatchRules.Axis, Tolerance = Tolerance.Exact,
        },
    ];

    private static ImmutableArray<AttributeSpec> Axes => [Whole("axis", -1)];

    private static ImmutableArray<AttributeSpec> Along => [Whole("axis", -1), Flag("reverse")];

    private static ImmutableArray<OpExample> Examples => [new("f32[B,T]"), new(Attributes.Empty.With("axis", 0L), "f32[T,2]")];

    private static Op Scan(OpCode code, DTypeSet accepts, OperandGradient gradient) => new(code, OpTraits.Managed, ElementwiseOps.X, InferRules.AlongAxis(accepts))
    {
        Attributes = Along,
        Gradient = GradientRules.Each(gradient),
        Batch = BatchRules.Axis,
        Precision = OpPrecision.Full,
        Tolerance = Tolerance.Approximate,
        Examples = [.. Examples, new(Attributes.Empty.With("axis", 1L).With("reverse", true), "f32[B,T,2]")],
    };

    private static int Axis(ImmutableArray<OpValue> x, Attributes a) => OpAxes.One(a, x[0].Shape.Rank);

    private static ImmutableArray<TensorType> InferPlaces(OpInputs inputs) => [InferRules.AlongAxis(DTypeSet.Float)(inputs)[0] with { DType = DType.I64 }];

    private static ImmutableArray<TensorType> InferLinear(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.SameDType(inputs, 0, 1);
        InferRules.RequireShape(inputs, 1, inputs[0].Shape);
        OpAxes.One(inputs);
        return [inputs[0]];
    }

    /// <summary>A scan of the same axis the other way.</summary>
    private static OpValue Again(OpBuilder b, GradientInputs c, OpCode code, params OpValue[] x) =>
        b.Apply(code, c.Attributes.With("reverse", !c.Attributes.Bool("reverse")), x);

    /// <summary>At each place the element that the scan comes to next (or came from before); at its end a number.</summary>
    private static OpValue Beside(OpBuilder b, OpValue x, Attributes a, bool next, double end)
    {
        var (axis, dims) = (OpAxes.One(a, x.Shape.Rank), x.Shape.Dims);
        var isLater = next != a.Bool("reverse");
        Dim At(int i, Dim there) => i == axis ? there : Dim.Zero;
        var size = Dim.Max(dims[axis] - 1, 0);
        var kept = b.Slice(x, dims.Select((_, i) => At(i, isLater ? dims[axis] - size : 0)), dims.SetItem(axis, size));
        var (low, high) = isLater ? (Dim.Zero, dims[axis] - size) : (dims[axis] - size, Dim.Zero);
        return b.Apply(OpCode.Pad, Attributes.Empty.With("low", dims.Select((_, i) => At(i, low))).With("high", dims.Select((_, i) => At(i, high))).With("value", end), kept);
    }

    // y_t = x_t·y_(t-1): the cotangents of the y run back over the same recurrence.
    private static OpValue CumProdGradient(OpBuilder b, GradientInputs c) =>
        Again(b, c, OpCode.LinearScan, Beside(b, c[0], c.Attributes, next: true, 0), c.Dy) * Beside(b, c.Y, c.Attributes, next: false, 1);

    // x̄_j = exp(x_j - y_j)·c_j, c_j = ȳ_j + exp(y_j - y_(j+1))·c_(j+1): no exponent is above 0.
    private static OpValue LogCumSumExpGradient(OpBuilder b, GradientInputs c)
    {
        var isNothing = Equal(b, c.Y, double.NegativeInfinity);
        var y = b.Select(isNothing, b.ScalarLike(c.Y, 0), c.Y);
        var share = b.Apply(OpCode.Exp, b.Select(isNothing, b.ScalarLike(y, 0), y - Beside(b, c.Y, c.Attributes, next: true, double.PositiveInfinity)));
        return b.Apply(OpCode.Exp, c[0] - y) * Again(b, c, OpCode.LinearScan, share, c.Dy);
    }

    // h_t = a_t·h_(t-1) + x_t.
    private static ImmutableArray<OpValue?> LinearGradient(OpBuilder b, GradientInputs c)
    {
        if (!c.Wants(0) && !c.Wants(1))
        {
            return [null, null];
        }

        var dx = Again(b, c, OpCode.LinearScan, Beside(b, c[0], c.Attributes, next: true, 0), c.Dy);
        return [c.Wants(0) ? dx * Beside(b, c.Y, c.Attributes, next: false, 0) : null, c.Wants(1) ? dx : null];
    }

    private static OpValue Taken(OpBuilder b, ImmutableArray<OpValue> x, Attributes a, OpCode places) =>
        SortOps.Taken(b, x[0], b.Apply(places, a, x[0]), Axis(x, a));

    /// <summary>For each place of the axis (before) all the elements (behind it), those that the scan has not come to as a number.</summary>
    private static OpValue Spread(OpBuilder b, OpValue x, Attributes a, double neutral) =>
        b.Select(Seen(b, x.Shape, a, a.Find("reverse") is BoolAttribute { Value: true }), b.Reshape(x, new Shape(x.Shape.Dims.Insert(OpAxes.One(a, x.Shape.Rank), 1))), b.ScalarLike(x, neutral));

    private static OpValue Seen(OpBuilder b, Shape shape, Attributes a, bool reverse)
    {
        var axis = OpAxes.One(a, shape.Rank);
        var pair = Shape.From(shape[axis], shape[axis]);
        var seen = b.Apply(reverse ? OpCode.LessEqual : OpCode.GreaterEqual, b.Iota(pair, 0, DType.I64), b.Iota(pair, 1, DType.I64));
        return b.Reshape(seen, new Shape([.. pair.Dims, .. shape.Skip(axis + 1).Select(_ => Dim.One)]));
    }

    // The first place of the largest that was seen; a NaN counts as the largest.
    private static OpValue ArgCumMax(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (axis, shape) = (Axis(x, a), x[0].Shape);
        var spread = Spread(b, x[0], a, double.NegativeInfinity);
        var top = b.Reduce(OpCode.ReduceMax, spread, [axis + 1], keepDims: true);
        var isTop = b.Apply(OpCode.LogicalOr, b.Apply(OpCode.Equal, spread, top), b.Apply(OpCode.LogicalAnd, IsNan(b, spread), IsNan(b, top)));
        var hit = b.Apply(OpCode.LogicalAnd, isTop, Seen(b, shape, a, reverse: false));
        var places = b.Iota(new Shape([shape[axis], .. shape.Skip(axis + 1).Select(_ => Dim.One)]), 0, DType.I64);
        return b.Reduce(OpCode.ReduceMin, b.Select(hit, places, b.DimSize(shape[axis], DType.I64)), [axis + 1], keepDims: false);
    }
}
