using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>Student's distribution of degrees of freedom, a location and a scale, which broadcast.</summary>
public static partial class StudentT
{
    /// <summary>One number for each element of the parameters; gradients flow to location and scale.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor freedom, Tensor location, Tensor scale)
    {
        var half = StopGradient(freedom + ((location + scale) * 0.0)) * 0.5;
        var square = Gamma.Sample(state, half, half);
        return location + (scale * Noise.Normal(state, half) * Rsqrt(square));
    }

    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor freedom, Tensor location, Tensor scale) =>
        Lgamma((freedom + 1.0) * 0.5) - Lgamma(freedom * 0.5) - (Log(freedom * Math.PI) * 0.5) - Log(scale)
        - ((freedom + 1.0) * 0.5 * Log1p(Square((x - location) / scale) / freedom));

    [StaticGraph]
    public static Tensor Entropy(Tensor freedom, Tensor scale)
    {
        var (half, next) = (freedom * 0.5, (freedom + 1.0) * 0.5);
        return (next * (Digamma(next) - Digamma(half))) + (Log(freedom * Math.PI) * 0.5) + Lgamma(half) - Lgamma(next) + Log(scale);
    }

    /// <summary>Infinite up to 2 degrees of freedom.</summary>
    [StaticGraph]
    public static Tensor Variance(Tensor freedom, Tensor scale) => Select(freedom > 2.0, Square(scale) * freedom / (freedom - 2.0), double.PositiveInfinity);
}
