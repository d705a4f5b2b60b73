using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>1 with the probability sigmoid(logits), else 0.</summary>
public static partial class Bernoulli
{
    /// <summary>One 0 or 1 for each logit, as f32; no gradient flows.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor logits) => Cast(Noise.Uniform(state, logits) < Sigmoid(StopGradient(logits)), Ir.DType.F32);

    /// <summary>For x between 0 and 1.</summary>
    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor logits) => (x * logits) - Softplus(logits);

    [StaticGraph]
    public static Tensor Entropy(Tensor logits) => Softplus(logits) - (logits * Sigmoid(logits));

    [StaticGraph]
    public static Tensor Mean(Tensor logits) => Sigmoid(logits);

    [StaticGraph]
    public static Tensor Variance(Tensor logits) => Sigmoid(logits) * Sigmoid(-logits);

    /// <summary>Kullback and Leibler's divergence of p from q.</summary>
    [StaticGraph]
    public static Tensor Divergence(Tensor logitsP, Tensor logitsQ) => (Sigmoid(logitsP) * (logitsP - logitsQ)) + Softplus(logitsQ) - Softplus(logitsP);
}
