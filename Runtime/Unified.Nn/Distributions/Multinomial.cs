using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>How often each class of the last axis comes in a number of draws of softmax(logits), for logits [..., classes].</summary>
public static partial class Multinomial
{
    /// <summary>The logarithm of the probability of counts [..., classes], of the logits' dtype; each row's sum is its number of draws.</summary>
    [StaticGraph]
    public static Tensor LogProbability(Tensor counts, Tensor logits) =>
        Lgamma(Sum(counts, -1) + 1.0) + Sum((counts * LogSoftmax(logits)) - Lgamma(counts + 1.0), -1);

    /// <summary>For draws [...], or one number of them for all.</summary>
    [StaticGraph]
    public static Tensor Mean(Tensor draws, Tensor logits) => ExpandDims(draws, -1) * Softmax(logits);

    /// <summary>Of each count, for draws [...], or one number of them for all.</summary>
    [StaticGraph]
    public static Tensor Variance(Tensor draws, Tensor logits)
    {
        var p = Softmax(logits);
        return ExpandDims(draws, -1) * p * (1.0 - p);
    }
}
