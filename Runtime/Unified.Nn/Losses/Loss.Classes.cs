using static Unified.Ops;

namespace Unified.Nn;

public static partial class Loss
{
    /// <summary>Marks targets that do not count, as in PyTorch.</summary>
    public const int Ignored = -100;

    /// <summary>
    /// −log softmax(logits)[target] for logits [..., classes] and targets i32 or i64 [...], as are the losses. Targets equal to <paramref name="ignored"/>
    /// have a loss of 0 and do not count in the mean.
    /// </summary>
    /// <param name="logits">[..., classes].</param>
    /// <param name="targets">The right classes.</param>
    /// <param name="smoothing">ε: the share of the target that goes to all classes alike (Szegedy et al., 2016).</param>
    /// <param name="ignored">The class of targets that do not count.</param>
    /// <param name="weights">[classes], the weight of each class; the mean is then over weights.</param>
    /// <param name="reduction">What becomes of the losses.</param>
    [StaticGraph]
    public static Tensor CrossEntropy(
        Tensor logits, Tensor targets, float smoothing = 0, int ignored = Ignored, Tensor? weights = null, Reduction reduction = Reduction.Mean) =>
        NegativeLogLikelihood(LogSoftmax(logits), targets, smoothing, ignored, weights, reduction);

    /// <summary>−x[target] for log-probabilities x [..., classes]; see <see cref="CrossEntropy"/>.</summary>
    [StaticGraph]
    public static Tensor NegativeLogLikelihood(
        Tensor x, Tensor targets, float smoothing = 0, int ignored = Ignored, Tensor? weights = null, Reduction reduction = Reduction.Mean)
    {
        var classes = x.Shape[x.Rank - 1];
        var isTarget = Equal(Cast(ExpandDims(targets, targets.Rank), Ir.DType.I64), Iota([classes]));
        var counts = NotEqual(targets, ignored);
        var share = weights is null ? Full([classes], 1) : weights;
        var own = Sum(Select(isTarget, x * share, 0), x.Rank - 1);
        var losses = -own;
        if (smoothing > 0)
        {
            losses = (losses * (1 - smoothing)) - (Sum(x * share, x.Rank - 1) * smoothing / classes);
        }

        losses = Select(counts, losses, 0);
        if (reduction != Reduction.Mean)
        {
            return Reduce(losses, reduction);
        }

        var total = Sum(Select(counts, Sum(Select(isTarget, BroadcastTo(share, x.Shape), 0), x.Rank - 1), 0));
        return Sum(losses) / total;
    }

    /// <summary>−Σ target·log softmax(logits) over the last axis, for target probabilities of the logits' shape.</summary>
    [StaticGraph]
    public static Tensor SoftCrossEntropy(Tensor logits, Tensor target, Reduction reduction = Reduction.Mean) =>
        Reduce(-Sum(target * LogSoftmax(logits), logits.Rank - 1), reduction);

    /// <summary>−target·log x − (1 − target)·log(1 − x), x and target probabilities; logarithms are at least −100.</summary>
    [StaticGraph]
    public static Tensor BinaryCrossEntropy(Tensor x, Tensor target, Reduction reduction = Reduction.Mean) =>
        Reduce(-((target * Maximum(Log(x), -100)) + ((1f - target) * Maximum(Log1p(-x), -100))), reduction);

    /// <summary>
    /// −p·target·log sigmoid(x) − (1 − target)·log(1 − sigmoid(x)), x a logit. <paramref name="positive"/> p weighs what is there against what is not.
    /// </summary>
    [StaticGraph]
    public static Tensor BinaryCrossEntropyWithLogits(Tensor x, Tensor target, float positive = 1, Reduction reduction = Reduction.Mean) =>
        Reduce(((1f - target) * x) + ((1f + (target * (positive - 1))) * Softplus(-x)), reduction);

    /// <summary>
    /// (1 − p)^gamma times the binary cross entropy of logits x, p the probability of what is right, weighed by alpha where target is 1 and by 1 − alpha
    /// where it is 0 (Lin et al., 2017); a negative alpha weighs nothing.
    /// </summary>
    [StaticGraph]
    public static Tensor Focal(Tensor x, Tensor target, float gamma = 2, float alpha = 0.25f, Reduction reduction = Reduction.Mean)
    {
        // 1 − p = sigmoid(−x) where target is 1, sigmoid(x) where it is 0: the power is taken of its logarithm.
        var wrong = (target * LogSigmoid(-x)) + ((1f - target) * LogSigmoid(x));
        var losses = BinaryCrossEntropyWithLogits(x, target, 1, Reduction.None) * Exp(wrong * gamma);
        return Reduce(alpha < 0 ? losses : losses * ((target * alpha) + ((1f - target) * (1 - alpha))), reduction);
    }

    /// <summary>1 − (2·Σ x·target + smooth)/(Σ x + Σ target + smooth), x probabilities; one loss for each element of the first axis (Milletari et al., 2016).</summary>
    [StaticGraph]
    public static Tensor Dice(Tensor x, Tensor target, float smooth = 1, Reduction reduction = Reduction.Mean)
    {
        var (a, b) = (Flatten(x, 1), Flatten(target, 1));
        return Reduce(1f - (((Sum(a * b, 1) * 2f) + smooth) / (Sum(a, 1) + Sum(b, 1) + smooth)), reduction);
    }

    /// <summary>target·(log target − x), x a log-probability; 0 where target is 0 (Kullback and Leibler, 1951). Divide a sum by the batch for the mean over it.</summary>
    [StaticGraph]
    public static Tensor KullbackLeibler(Tensor x, Tensor target, Reduction reduction = Reduction.Mean) => Reduce(Xlogy(target, target) - (target * x), reduction);

    /// <summary>max(0, margin − x[target] + x[j]) summed over all other classes j and divided by their number; x [N, classes], targets [N], as are the losses.</summary>
    [StaticGraph]
    public static Tensor MultiMargin(Tensor x, Tensor targets, float margin = 1, Reduction reduction = Reduction.Mean)
    {
        var classes = x.Shape[1];
        var isTarget = Equal(Cast(ExpandDims(targets, 1), Ir.DType.I64), Iota([classes]));
        var own = Sum(Select(isTarget, x, 0), 1, keepDims: true);
        return Reduce(Sum(Select(isTarget, Full([classes], 0), Relu(margin - own + x)), 1) / classes, reduction);
    }
}
