using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>The gamma distribution of a concentration and a rate, which broadcast: mean concentration / rate, variance concentration / rate².</summary>
public static partial class Gamma
{
    // A proposal is refused with a probability below 0.05: that all are comes less often than a number of 32 bits is 0.
    private const int Proposals = 8;

    /// <summary>
    /// One number for each element of the parameters, the first of eight proposals that is accepted (Marsaglia and Tsang, 2000). Gradients flow to the rate, not to
    /// the concentration.
    /// </summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor concentration, Tensor rate)
    {
        var all = StopGradient(concentration + (rate * 0.0));
        var isSmall = all < 1.0;
        var d = Select(isSmall, all + 1.0, all) - (1 / 3.0);
        var c = Rsqrt(d * 9.0);
        var drawn = d;
        var isDone = all < 0.0;
        for (var i = 0; i < Proposals; i++)
        {
            var z = Noise.Normal(state, all);
            var u = Noise.Uniform(state, all);
            var root = (c * z) + 1.0;
            var v = Maximum(root * root * root, 1e-30);
            var accepted = LogicalAnd(root > 0.0, Log(1.0 - u) < (Square(z) * 0.5) + d - (d * v) + (d * Log(v)));
            drawn = Select(LogicalAnd(accepted, LogicalNot(isDone)), d * v, drawn);
            isDone = LogicalOr(isDone, accepted);
        }

        // A number of concentration a + 1 times a power of a uniform one has concentration a.
        var power = Exp(Log(1.0 - Noise.Uniform(state, all)) / Select(isSmall, all, 1.0));
        return StopGradient(Select(isSmall, drawn * power, drawn)) / rate;
    }

    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor concentration, Tensor rate) =>
        Xlogy(concentration, rate) + Xlogy(concentration - 1.0, x) - (rate * x) - Lgamma(concentration);

    [StaticGraph]
    public static Tensor Entropy(Tensor concentration, Tensor rate) =>
        concentration - Log(rate) + Lgamma(concentration) + ((1.0 - concentration) * Digamma(concentration));

    /// <summary>Kullback and Leibler's divergence of p from q.</summary>
    [StaticGraph]
    public static Tensor Divergence(Tensor concentrationP, Tensor rateP, Tensor concentrationQ, Tensor rateQ) =>
        ((concentrationP - concentrationQ) * Digamma(concentrationP)) - Lgamma(concentrationP) + Lgamma(concentrationQ)
        + (concentrationQ * Log(rateP / rateQ)) + (concentrationP * ((rateQ / rateP) - 1.0));
}
