using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>exp of a normal number of that mean and deviation.</summary>
public static partial class LogNormal
{
    /// <summary>One number for each element of the parameters; gradients flow to them.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor mean, Tensor deviation) => Exp(Normal.Sample(state, mean, deviation));

    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor mean, Tensor deviation) => Normal.LogProbability(Log(x), mean, deviation) - Log(x);

    [StaticGraph]
    public static Tensor Cdf(Tensor x, Tensor mean, Tensor deviation) => Normal.Cdf(Log(x), mean, deviation);

    [StaticGraph]
    public static Tensor Entropy(Tensor mean, Tensor deviation) => mean + Normal.Entropy(deviation);

    [StaticGraph]
    public static Tensor Mean(Tensor mean, Tensor deviation) => Exp(mean + (Square(deviation) * 0.5));

    [StaticGraph]
    public static Tensor Variance(Tensor mean, Tensor deviation) => Expm1(Square(deviation)) * Exp((mean * 2.0) + Square(deviation));

    /// <summary>Kullback and Leibler's divergence of p from q.</summary>
    [StaticGraph]
    public static Tensor Divergence(Tensor meanP, Tensor deviationP, Tensor meanQ, Tensor deviationQ) => Normal.Divergence(meanP, deviationP, meanQ, deviationQ);
}
