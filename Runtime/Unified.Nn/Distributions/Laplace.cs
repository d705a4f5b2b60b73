using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>Laplace's distribution of a mean and a scale, which broadcast; its variance is 2·scale².</summary>
public static partial class Laplace
{
    /// <summary>One number for each element of the parameters; gradients flow to them.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor mean, Tensor scale)
    {
        var like = mean + scale;
        return mean + (scale * (Noise.Exponential(state, like) - Noise.Exponential(state, like)));
    }

    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor mean, Tensor scale) => -(Abs(x - mean) / scale) - Log(scale * 2.0);

    [StaticGraph]
    public static Tensor Cdf(Tensor x, Tensor mean, Tensor scale)
    {
        var tail = Exp(-(Abs(x - mean) / scale)) * 0.5;
        return Select(x < mean, tail, 1.0 - tail);
    }

    [StaticGraph]
    public static Tensor Entropy(Tensor scale) => Log(scale * 2.0) + 1.0;

    /// <summary>Kullback and Leibler's divergence of p from q.</summary>
    [StaticGraph]
    public static Tensor Divergence(Tensor meanP, Tensor scaleP, Tensor meanQ, Tensor scaleQ)
    {
        var distance = Abs(meanP - meanQ);
        return Log(scaleQ / scaleP) + (((scaleP * Exp(-(distance / scaleP))) + distance) / scaleQ) - 1.0;
    }
}
