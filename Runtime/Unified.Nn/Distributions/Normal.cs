using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>The normal distribution of a mean and a standard deviation, which broadcast; its variance is the deviation's square.</summary>
public static partial class Normal
{
    private const double HalfLogTwoPi = 0.91893853320467274178;

    /// <summary>One number for each element of the parameters; gradients flow to them.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor mean, Tensor deviation) => mean + (deviation * Noise.Normal(state, mean + deviation));

    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor mean, Tensor deviation) => (Square((x - mean) / deviation) * -0.5) - Log(deviation) - HalfLogTwoPi;

    [StaticGraph]
    public static Tensor Cdf(Tensor x, Tensor mean, Tensor deviation) => NormalCdf((x - mean) / deviation);

    [StaticGraph]
    public static Tensor Entropy(Tensor deviation) => Log(deviation) + (HalfLogTwoPi + 0.5);

    /// <summary>Kullback and Leibler's divergence of p from q.</summary>
    [StaticGraph]
    public static Tensor Divergence(Tensor meanP, Tensor deviationP, Tensor meanQ, Tensor deviationQ) =>
        ((Square(deviationP / deviationQ) + Square((meanP - meanQ) / deviationQ) - 1.0) * 0.5) - Log(deviationP / deviationQ);
}
