using Unified.Ir;

namespace Unified;

/// <summary>Losses: means over all elements.</summary>
public static partial class Ops
{
    /// <summary>(x-target)².</summary>
    [Op(OpCode.MseLoss)]
    public static Tensor MseLoss(Tensor x, Tensor target) =>
        Eager.Apply(OpCode.MseLoss, Attributes.Empty, x, target);

    /// <summary>|x-target|.</summary>
    [Op(OpCode.L1Loss)]
    public static Tensor L1Loss(Tensor x, Tensor target) =>
        Eager.Apply(OpCode.L1Loss, Attributes.Empty, x, target);

    /// <summary>|x-target|, rounded off below beta; divided by beta there.</summary>
    [Op(OpCode.SmoothL1Loss)]
    public static Tensor SmoothL1Loss(Tensor x, Tensor target, double beta = 1) =>
        Eager.Apply(OpCode.SmoothL1Loss, Attributes.Empty.With("beta", beta), x, target);

    /// <summary>A parabola up to delta, a line beyond.</summary>
    [Op(OpCode.HuberLoss)]
    public static Tensor HuberLoss(Tensor x, Tensor target, double delta = 1) =>
        Eager.Apply(OpCode.HuberLoss, Attributes.Empty.With("delta", delta), x, target);

    /// <summary>x is a probability.</summary>
    [Op(OpCode.BinaryCrossEntropy)]
    public static Tensor BinaryCrossEntropy(Tensor x, Tensor target) =>
        Eager.Apply(OpCode.BinaryCrossEntropy, Attributes.Empty, x, target);

    /// <summary>x is a logit.</summary>
    [Op(OpCode.BinaryCrossEntropyWithLogits)]
    public static Tensor BinaryCrossEntropyWithLogits(Tensor x, Tensor target) =>
        Eager.Apply(OpCode.BinaryCrossEntropyWithLogits, Attributes.Empty, x, target);

    /// <summary>x is a log-probability, target a probability.</summary>
    [Op(OpCode.KlDivergence)]
    public static Tensor KlDivergence(Tensor x, Tensor target) =>
        Eager.Apply(OpCode.KlDivergence, Attributes.Empty, x, target);

    /// <summary>max(0, 1 - x·target), target ±1.</summary>
    [Op(OpCode.HingeLoss)]
    public static Tensor HingeLoss(Tensor x, Tensor target) =>
        Eager.Apply(OpCode.HingeLoss, Attributes.Empty, x, target);

    /// <summary>log(1 + exp(-x·target)), target ±1.</summary>
    [Op(OpCode.SoftMarginLoss)]
    public static Tensor SoftMarginLoss(Tensor x, Tensor target) =>
        Eager.Apply(OpCode.SoftMarginLoss, Attributes.Empty, x, target);

    /// <summary>log cosh(x-target).</summary>
    [Op(OpCode.LogCoshLoss)]
    public static Tensor LogCoshLoss(Tensor x, Tensor target) =>
        Eager.Apply(OpCode.LogCoshLoss, Attributes.Empty, x, target);

    /// <summary>exp(x) - target·x.</summary>
    [Op(OpCode.PoissonNllLoss)]
    public static Tensor PoissonNllLoss(Tensor x, Tensor target) =>
        Eager.Apply(OpCode.PoissonNllLoss, Attributes.Empty, x, target);

    /// <summary>-logProbabilities[target], mean over all targets (i32 or i64).</summary>
    [Op(OpCode.NllLoss)]
    public static Tensor NllLoss(Tensor logProbabilities, Tensor targets) =>
        Eager.Apply(OpCode.NllLoss, Attributes.Empty, logProbabilities, targets);
}
