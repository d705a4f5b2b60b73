using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>How often each class of the last axis comes in a number of draws of softmax(logits), for logits [..., classes].</summary>
public static partial class Multinomial
{
    /// <summary>How often each class comes in so many draws: counts [..., classes] of the logits' dtype; no gradient flows.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor logits, int draws)
    {
        var classes = Categorical.Sample(state, logits, draws);
        var isClass = Equal(ExpandDims(classes, -1), Iota([logits.Shape[logits.Rank - 1]]));
        return Sum(Select(isClass, ExpandDims(Softmax(logits) * 0f + 1f, -2), 0.0), -2);
    }

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
