using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>Dirichlet's distribution of probabilities [..., classes], by concentrations of that shape.</summary>
public static partial class Dirichlet
{
    /// <summary>One set of probabilities for each row of concentrations; no gradient flows.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor concentration)
    {
        var x = Gamma.Sample(state, concentration, concentration * 0.0 + 1.0);
        return x / Sum(x, -1, keepDims: true);
    }

    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor concentration) => Sum(Xlogy(concentration - 1.0, x), -1) - LogNormalizer(concentration);

    [StaticGraph]
    public static Tensor Entropy(Tensor concentration)
    {
        var total = Sum(concentration, -1, keepDims: true);
        return LogNormalizer(concentration) + Sum((concentration - 1.0) * (Digamma(total) - Digamma(concentration)), -1);
    }

    [StaticGraph]
    public static Tensor Mean(Tensor concentration) => concentration / Sum(concentration, -1, keepDims: true);

    /// <summary>Kullback and Leibler's divergence of p from q.</summary>
    [StaticGraph]
    public static Tensor Divergence(Tensor concentrationP, Tensor concentrationQ)
    {
        var total = Sum(concentrationP, -1, keepDims: true);
        return LogNormalizer(concentrationQ) - LogNormalizer(concentrationP) + Sum((concentrationP - concentrationQ) * (Digamma(concentrationP) - Digamma(total)), -1);
    }

    [StaticGraph]
    private static Tensor LogNormalizer(Tensor concentration) => Sum(Lgamma(concentration), -1) - Lgamma(Sum(concentration, -1));
}
