using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>A class of the last axis with the probability softmax(logits), for logits [..., classes].</summary>
public static partial class Categorical
{
    /// <summary>One class [...] for each row of logits, as i64, by Gumbel's largest (Gumbel, 1954); no gradient flows.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor logits) => ArgMax(StopGradient(logits) + Noise.Gumbel(state, logits), -1);

    /// <summary>So many classes [..., draws] for each row of logits, each one of all, as i64; no gradient flows.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor logits, int draws)
    {
        var rows = Repeat(ExpandDims(StopGradient(logits), -2), draws, -2);
        return ArgMax(rows + Noise.Gumbel(state, rows), -1);
    }

    /// <summary>
    /// So many different classes [..., draws] for each row of logits in the order that they are drawn in, each one of those that are left, as i64: the first of the
    /// logits with Gumbel's noise (Kool et al., arXiv:1903.06059). No gradient flows.
    /// </summary>
    /// <param name="state">The stream: i64[2].</param>
    /// <param name="logits">[..., classes].</param>
    /// <param name="draws">Not more than there are classes.</param>
    [StaticGraph]
    public static Tensor SampleDistinct(Tensor state, Tensor logits, int draws) => ArgTopK(StopGradient(logits) + Noise.Gumbel(state, logits), draws);

    /// <summary>Probabilities near a class [..., classes], with gradients: softmax((logits + gumbel) / temperature) (Jang et al., arXiv:1611.01144).</summary>
    [StaticGraph]
    public static Tensor Relaxed(Tensor state, Tensor logits, float temperature) => Softmax((logits + Noise.Gumbel(state, logits)) / temperature);

    /// <summary>For classes [...], i32 or i64.</summary>
    [StaticGraph]
    public static Tensor LogProbability(Tensor classes, Tensor logits)
    {
        var isClass = Equal(Cast(ExpandDims(classes, -1), Ir.DType.I64), Iota([logits.Shape[logits.Rank - 1]]));
        return Sum(Select(isClass, LogSoftmax(logits), 0.0), -1);
    }

    [StaticGraph]
    public static Tensor Entropy(Tensor logits) => -Sum(Softmax(logits) * LogSoftmax(logits), -1);

    /// <summary>Kullback and Leibler's divergence of p from q.</summary>
    [StaticGraph]
    public static Tensor Divergence(Tensor logitsP, Tensor logitsQ) => Sum(Softmax(logitsP) * (LogSoftmax(logitsP) - LogSoftmax(logitsQ)), -1);
}
