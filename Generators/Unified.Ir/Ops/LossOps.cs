using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>Losses: means over all elements.</summary>
internal static class LossOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Loss(OpCode.MseLoss, (b, x, y, a) => b.Apply(OpCode.Square, x - y)),
        Loss(OpCode.L1Loss, (b, x, y, a) => Abs(b, x - y)),
        Loss(OpCode.SmoothL1Loss, (b, x, y, a) => Smooth(b, Abs(b, x - y), a.Float("beta"), 1 / a.Float("beta"))) with { Attributes = [Number("beta", 1)] },
        Loss(OpCode.HuberLoss, (b, x, y, a) => Smooth(b, Abs(b, x - y), a.Float("delta"), 1)) with { Attributes = [Number("delta", 1)] },
        Loss(OpCode.BinaryCrossEntropy, (b, x, y, a) => -(b.Apply(OpCode.Xlogy, y, x) + b.Apply(OpCode.Xlog1py, 1 - y, -x))) with { Domain = (0.1, 0.9) },
        Loss(OpCode.BinaryCrossEntropyWithLogits, (b, x, y, a) => b.Apply(OpCode.Softplus, x) - (x * y)),
        Loss(OpCode.KlDivergence, (b, x, y, a) => b.Apply(OpCode.Xlogy, y, y) - (y * x)) with { Domain = (0.1, 0.9) },
        Loss(OpCode.HingeLoss, (b, x, y, a) => Max(b, 1 - (x * y), 0)),
        Loss(OpCode.SoftMarginLoss, (b, x, y, a) => b.Apply(OpCode.Softplus, -(x * y))),
        Loss(OpCode.LogCoshLoss, (b, x, y, a) => b.Apply(OpCode.Softplus, (x - y) * 2) - (x - y) - Math.Log(2)),
        Loss(OpCode.PoissonNllLoss, (b, x, y, a) => b.Apply(OpCode.Exp, x) - (y * x)),
        Of(OpCode.NllLoss, [new("logProbabilities"), new("targets")], InferNll, Nll) with { Examples = [new("f32[B,4]", "i64[B]"), new("f32[B,T,4]", "i32[B,T]")], Precision = OpPrecision.Full },
    ];

    private static Op Loss(OpCode code, Func<OpBuilder, OpValue, OpValue, Attributes, OpValue> formula) =>
        Of(code, [new("x"), new("target")], Infer, (b, x, a) => b.Apply(OpCode.Mean, formula(b, x[0], x[1], a))) with { Precision = OpPrecision.Full, Examples = [new("f32[B,T]", "f32[B,T]"), new("f32[D]", "f32[D]")] };

    private static ImmutableArray<TensorType> Infer(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.SameDType(inputs, 0, 1);
        InferRules.RequireShape(inputs, 1, inputs[0].Shape);
        return [inputs[0] with { Shape = Shape.Scalar }];
    }

    private static OpValue Smooth(OpBuilder b, OpValue error, double limit, double scale) =>
        b.Select(Less(b, error, limit), error * error * 0.5, (error - (0.5 * limit)) * limit) * scale;

    private static ImmutableArray<TensorType> InferNll(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.Require(inputs, 1, DTypeSet.Index);
        InferRules.RequireRank(inputs, 0, 1);
        InferRules.RequireShape(inputs, 1, new Shape([.. inputs[0].Shape.Take(inputs[0].Rank - 1)]));
        return [inputs[0] with { Shape = Shape.Scalar }];
    }

    private static OpValue Nll(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var axis = x[0].Shape.Rank - 1;
        var places = b.Iota(Shape.From(x[0].Shape[axis]), 0, x[1].DType);
        var isTarget = b.Apply(OpCode.Equal, places, b.Reshape(x[1], new Shape(x[1].Shape.Dims.Add(1))));
        return -b.Apply(OpCode.Mean, b.Sum(b.Select(isTarget, x[0], b.ScalarLike(x[0], 0)), [axis]));
    }
}
