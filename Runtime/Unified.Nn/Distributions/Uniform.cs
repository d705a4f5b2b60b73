using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>The uniform distribution between two bounds, which broadcast.</summary>
public static partial class Uniform
{
    /// <summary>One number for each element of the bounds, below the upper one; gradients flow to them.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor low, Tensor high) => low + ((high - low) * Noise.Uniform(state, low + high));

    /// <summary>−∞ outside.</summary>
    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor low, Tensor high) =>
        Select(LogicalAnd(x >= low, x < high), -Log(high - low), double.NegativeInfinity);

    [StaticGraph]
    public static Tensor Cdf(Tensor x, Tensor low, Tensor high) => Clamp((x - low) / (high - low), 0, 1);

    [StaticGraph]
    public static Tensor Entropy(Tensor low, Tensor high) => Log(high - low);

    [StaticGraph]
    public static Tensor Mean(Tensor low, Tensor high) => (low + high) * 0.5;

    [StaticGraph]
    public static Tensor Variance(Tensor low, Tensor high) => Square(high - low) / 12.0;
}
