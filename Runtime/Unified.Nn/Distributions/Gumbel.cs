using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>Gumbel's distribution of the largest, of a location and a scale, which broadcast.</summary>
public static partial class Gumbel
{
    private const double EulerMascheroni = 0.57721566490153286061;

    /// <summary>One number for each element of the parameters; gradients flow to them.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor location, Tensor scale) => location + (scale * Noise.Gumbel(state, location + scale));

    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor location, Tensor scale)
    {
        var z = (x - location) / scale;
        return -(z + Exp(-z)) - Log(scale);
    }

    [StaticGraph]
    public static Tensor Cdf(Tensor x, Tensor location, Tensor scale) => Exp(-Exp((location - x) / scale));

    [StaticGraph]
    public static Tensor Entropy(Tensor scale) => Log(scale) + (1 + EulerMascheroni);

    [StaticGraph]
    public static Tensor Mean(Tensor location, Tensor scale) => location + (scale * EulerMascheroni);

    [StaticGraph]
    public static Tensor Variance(Tensor scale) => Square(scale) * (Math.PI * Math.PI / 6);
}
