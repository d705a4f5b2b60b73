using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>The beta distribution of two concentrations, which broadcast.</summary>
public static partial class Beta
{
    /// <summary>One number for each element of the parameters; no gradient flows.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor a, Tensor b)
    {
        var one = StopGradient(a + b) * 0.0 + 1.0;
        var x = Gamma.Sample(state, a * one, one);
        return x / (x + Gamma.Sample(state, b * one, one));
    }

    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor a, Tensor b) => Xlogy(a - 1.0, x) + Xlog1py(b - 1.0, -x) - LogNormalizer(a, b);

    [StaticGraph]
    public static Tensor Entropy(Tensor a, Tensor b) =>
        LogNormalizer(a, b) - ((a - 1.0) * Digamma(a)) - ((b - 1.0) * Digamma(b)) + ((a + b - 2.0) * Digamma(a + b));

    [StaticGraph]
    public static Tensor Mean(Tensor a, Tensor b) => a / (a + b);

    [StaticGraph]
    public static Tensor Variance(Tensor a, Tensor b) => a * b / (Square(a + b) * (a + b + 1.0));

    /// <summary>Kullback and Leibler's divergence of p from q.</summary>
    [StaticGraph]
    public static Tensor Divergence(Tensor aP, Tensor bP, Tensor aQ, Tensor bQ) =>
        LogNormalizer(aQ, bQ) - LogNormalizer(aP, bP) + ((aP - aQ) * Digamma(aP)) + ((bP - bQ) * Digamma(bP)) + ((aQ - aP + bQ - bP) * Digamma(aP + bP));

    [StaticGraph]
    private static Tensor LogNormalizer(Tensor a, Tensor b) => Lgamma(a) + Lgamma(b) - Lgamma(a + b);
}
