using Unified.Nn.Distributions;

namespace Unified.Nn.Tests;

/// <summary>Draws of every distribution, and what a variational model does with them.</summary>
public sealed partial class Draws : Module
{
    public Tensor State { get; } = new Generator(11).State;

    [StaticGraph]
    public (Tensor Normal, Tensor LogNormal, Tensor Uniform, Tensor Exponential, Tensor Gumbel, Tensor Laplace) Simple([Shape("N")] Tensor a, [Shape("N")] Tensor b) => (
        Normal.Sample(State, a, b), LogNormal.Sample(State, a, b), Uniform.Sample(State, a, a + b), Exponential.Sample(State, b), Gumbel.Sample(State, a, b), Laplace.Sample(State, a, b));

    [StaticGraph]
    public (Tensor Gamma, Tensor Beta, Tensor Student, Tensor Bernoulli) Shaped([Shape("N")] Tensor a, [Shape("N")] Tensor b) =>
        (Gamma.Sample(State, a, b), Beta.Sample(State, a, b), StudentT.Sample(State, a + 8f, a, b), Bernoulli.Sample(State, a - b));

    [StaticGraph]
    public (Tensor Classes, Tensor Shares, Tensor Relaxed) Classes([Shape("N", 3)] Tensor logits) =>
        (Categorical.Sample(State, logits), Dirichlet.Sample(State, Ops.Exp(logits)), Categorical.Relaxed(State, logits, 0.5f));

    [StaticGraph]
    public Tensor Vectors([Shape("N", 2)] Tensor mean, [Shape("N", 2, 2)] Tensor factor) => MultivariateNormal.Sample(State, mean, factor);

    /// <summary>The evidence's bound of a normal approximation, and its slope by the parameters.</summary>
    [StaticGraph]
    public (Tensor Loss, Tensor Mean, Tensor Deviation) Bound([Shape("N")] Tensor mean, [Shape("N")] Tensor logDeviation)
    {
        var (loss, slopes) = Ops.ValueAndGrad(
            () =>
            {
                var deviation = Ops.Exp(logDeviation);
                var x = Normal.Sample(State, mean, deviation);
                return Ops.Mean(Ops.Square(x - 3f)) + Ops.Mean(Normal.Divergence(mean, deviation, Ops.Full([], 0), Ops.Full([], 1)));
            },
            [mean, logDeviation]);
        return (loss, slopes[0], slopes[1]);
    }
}
