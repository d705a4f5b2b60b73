using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>Further folds over axes.</summary>
internal static class ReductionFamilyOps
{
    private const OpTraits Truth = OpTraits.Reduction | OpTraits.NonDifferentiable;

    public static ImmutableArray<Op> Rows { get; } =
    [
        Reduction(OpCode.Any, null, DTypeSet.Bool, (b, x, axes, keep) => Greater(b, b.Sum(b.Cast(x, DType.I64), axes, keep), 0), Truth) with
        {
            Examples = [new("bool[B,T]"), new(Attributes.Empty.With("axes", [1]).With("keepDims", true), "bool[B,T]")],
            Tolerance = Tolerance.Exact,
        },
        Reduction(OpCode.All, null, DTypeSet.Bool, (b, x, axes, keep) => Equal(b, b.Sum(b.Cast(b.Apply(OpCode.LogicalNot, x), DType.I64), axes, keep), 0), Truth) with
        {
            Examples = [new("bool[B,T]"), new(Attributes.Empty.With("axes", [1]).With("keepDims", true), "bool[B,T]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.CountNonzero, ElementwiseOps.X, InferCount, (b, x, a) => Fold(b, b.Cast(b.Apply(OpCode.NotEqual, x[0], b.ScalarLike(x[0], 0)), DType.I64), a), Truth) with
        {
            Precision = OpPrecision.Follow,
            Attributes = ReductionOps.Attributes,
            Tolerance = Tolerance.Exact,
        },
        Reduction(OpCode.L1Norm, "ReduceL1", DTypeSet.Float, (b, x, axes, keep) => b.Sum(Abs(b, x), axes, keep)),
        Reduction(OpCode.L2Norm, "ReduceL2", DTypeSet.Float, (b, x, axes, keep) => b.Apply(OpCode.Sqrt, b.Sum(x * x, axes, keep))),
        Reduction(OpCode.SumSquare, "ReduceSumSquare", DTypeSet.Numeric, (b, x, axes, keep) => b.Sum(x * x, axes, keep)),
        Reduction(OpCode.LogSum, "ReduceLogSum", DTypeSet.Float, (b, x, axes, keep) => b.Apply(OpCode.Log, b.Sum(x, axes, keep))) with { Domain = (0.3, 3) },
        Reduction(OpCode.MaxAbs, null, DTypeSet.Float, (b, x, axes, keep) => b.Reduce(OpCode.ReduceMax, Abs(b, x), axes, keep)) with { Tolerance = Tolerance.Exact, Precision = OpPrecision.Follow },
        Reduction(OpCode.Spread, null, DTypeSet.Numeric, (b, x, axes, keep) => b.Reduce(OpCode.ReduceMax, x, axes, keep) - b.Reduce(OpCode.ReduceMin, x, axes, keep)),
        Reduction(OpCode.RootMeanSquare, null, DTypeSet.Float, (b, x, axes, keep) => b.Apply(OpCode.Sqrt, b.Reduce(OpCode.Mean, x * x, axes, keep))),
        Reduction(OpCode.NanSum, null, DTypeSet.Float, (b, x, axes, keep) => b.Sum(b.Select(IsNan(b, x), b.ScalarLike(x, 0), x), axes, keep)),
        Reduction(OpCode.StandardDeviation, null, DTypeSet.Float, (b, x, axes, keep) => x) with
        {
            Attributes = [.. ReductionOps.Attributes, Whole("correction", 0)],
            Definition = (b, x, a) => [b.Apply(OpCode.Sqrt, b.Apply(OpCode.Variance, a, x[0]))],
        },
        Of(OpCode.PNorm, ElementwiseOps.X, InferRules.Reduction(DTypeSet.Float), PNorm, OpTraits.Reduction) with
        {
            Attributes = [.. ReductionOps.Attributes, Number("power", 2)],
            Domain = (0.3, 2),
        },
        Reduction(OpCode.Prod, "ReduceProd", DTypeSet.Numeric, Product) with { Domain = (0.3, 1.6) },
        Of(OpCode.ArgMin, ElementwiseOps.X, InferArgMin, (b, x, a) => b.Apply(OpCode.ArgMax, a, -x[0]), OpTraits.NonDifferentiable) with
        {
            Attributes = [new("axis", AttributeKind.Int), Flag("keepDims")],
            Onnx = "ArgMin",
            Examples = [new(Attributes.Empty.With("axis", -1L), "f32[B,T,4]"), new(Attributes.Empty.With("axis", 0L).With("keepDims", true), "f32[4,T]")],
            Tolerance = Tolerance.Exact,
        },
    ];

    // The folded axes as one behind the others, with a 1 before it: the last product of a scan, and all there is of no elements.
    private static OpValue Product(OpBuilder b, OpValue x, ImmutableArray<int> axes, bool keepDims)
    {
        ImmutableArray<int> kept = [.. Enumerable.Range(0, x.Shape.Rank).Where(a => !axes.Contains(a))];
        var (outer, count) = (kept.Select(a => x.Shape[a]).ToImmutableArray(), OpAxes.Count(x.Shape, axes));
        var rows = b.Reshape(b.Transpose(x, [.. kept, .. axes]), new Shape(outer.Add(count)));
        var none = outer.Select(_ => Dim.Zero).ToImmutableArray();
        var padded = b.Apply(OpCode.Pad, Attributes.Empty.With("low", none.Add(1)).With("high", none.Add(0)).With("value", 1.0), rows);
        var products = b.Apply(OpCode.CumProd, Attributes.Empty.With("axis", -1L), padded);
        return b.Reshape(b.Slice(products, none.Add(count), outer.Add(1)), OpAxes.Fold(x.Shape, axes, keepDims));
    }

    private static OpValue Fold(OpBuilder b, OpValue x, Attributes a) => b.Sum(x, OpAxes.Of(a, x.Shape.Rank), a.Bool("keepDims"));

    private static ImmutableArray<TensorType> InferCount(OpInputs inputs) => [InferRules.Reduction(DTypeSet.Numeric)(inputs)[0] with { DType = DType.I64 }];

    // What is negated must have a negative.
    private static ImmutableArray<TensorType> InferArgMin(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        return [new TensorType(DType.I64, OpAxes.Fold(inputs[0].Shape, [OpAxes.One(inputs)], inputs.Attributes.Bool("keepDims")))];
    }

    private static OpValue PNorm(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var power = a.Float("power");
        var sum = Fold(b, b.Apply(OpCode.Pow, Abs(b, x[0]), b.ScalarLike(x[0], power)), a);
        return b.Apply(OpCode.Pow, sum, b.ScalarLike(sum, 1 / power));
    }
}
