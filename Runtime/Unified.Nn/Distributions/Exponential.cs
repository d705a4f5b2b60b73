using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>The exponential distribution of a rate: mean 1 / rate, variance 1 / rate².</summary>
public static partial class Exponential
{
    /// <summary>One number for each rate; gradients flow to it.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor rate) => Noise.Exponential(state, rate) / rate;

    /// <summary>−∞ below 0.</summary>
    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor rate) => Select(x >= 0.0, Log(rate) - (rate * x), double.NegativeInfinity);

    [StaticGraph]
    public static Tensor Cdf(Tensor x, Tensor rate) => -Expm1(-(rate * Relu(x)));

    [StaticGraph]
    public static Tensor Entropy(Tensor rate) => 1.0 - Log(rate);

    /// <summary>Kullback and Leibler's divergence of p from q.</summary>
    [StaticGraph]
    public static Tensor Divergence(Tensor rateP, Tensor rateQ) => Log(rateP / rateQ) + (rateQ / rateP) - 1.0;
}
