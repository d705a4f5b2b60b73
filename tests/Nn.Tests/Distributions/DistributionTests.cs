using Unified.Ir;
using Unified.Nn.Distributions;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Densities, entropies, moments and divergences against sums over a fine grid; draws against the moments, in both modes.</summary>
[Collection("graphs")]
public class DistributionTests
{
    private const int Count = 60_000;

    private sealed record Density(
        string Name, double Low, double High, Func<Tensor, Tensor> Log, Func<Tensor>? Entropy = null, Func<Tensor>? Mean = null, Func<Tensor>? Variance = null,
        Func<Tensor, Tensor>? Cdf = null, (Func<Tensor> Divergence, Func<Tensor, Tensor> Log)? Other = null)
    {
        public override string ToString() => Name;
    }

    private static readonly Density[] s_densities =
    [
        new("normal", -20, 22, x => Normal.LogProbability(x, N(0.7), N(1.6)), () => Normal.Entropy(N(1.6)), () => N(0.7), () => N(1.6 * 1.6),
            x => Normal.Cdf(x, N(0.7), N(1.6)), (() => Normal.Divergence(N(0.7), N(1.6), N(-0.4), N(2.5)), x => Normal.LogProbability(x, N(-0.4), N(2.5)))),
        new("log-normal", 1e-9, 120, x => LogNormal.LogProbability(x, N(0.3), N(0.5)), () => LogNormal.Entropy(N(0.3), N(0.5)), () => LogNormal.Mean(N(0.3), N(0.5)),
            () => LogNormal.Variance(N(0.3), N(0.5)), x => LogNormal.Cdf(x, N(0.3), N(0.5)),
            (() => LogNormal.Divergence(N(0.3), N(0.5), N(0.1), N(0.8)), x => LogNormal.LogProbability(x, N(0.1), N(0.8)))),
        new("uniform", -1, 2, x => Uniform.LogProbability(x, N(-1), N(2.0000001)), () => Uniform.Entropy(N(-1), N(2)), () => Uniform.Mean(N(-1), N(2)), () => Uniform.Variance(N(-1), N(2)),
            x => Uniform.Cdf(x, N(-1), N(2))),
        new("exponential", 0, 60, x => Exponential.LogProbability(x, N(0.8)), () => Exponential.Entropy(N(0.8)), () => N(1 / 0.8), () => N(1 / 0.64),
            x => Exponential.Cdf(x, N(0.8)), (() => Exponential.Divergence(N(0.8), N(0.3)), x => Exponential.LogProbability(x, N(0.3)))),
        new("gumbel", -10, 70, x => Gumbel.LogProbability(x, N(0.5), N(1.3)), () => Gumbel.Entropy(N(1.3)), () => Gumbel.Mean(N(0.5), N(1.3)), () => Gumbel.Variance(N(1.3)),
            x => Gumbel.Cdf(x, N(0.5), N(1.3))),
        new("laplace", -40, 42, x => Laplace.LogProbability(x, N(0.5), N(0.9)), () => Laplace.Entropy(N(0.9)), () => N(0.5), () => N(2 * 0.81),
            x => Laplace.Cdf(x, N(0.5), N(0.9)), (() => Laplace.Divergence(N(0.5), N(0.9), N(-0.6), N(1.4)), x => Laplace.LogProbability(x, N(-0.6), N(1.4)))),
        new("gamma", 1e-12, 60, x => Gamma.LogProbability(x, N(2.5), N(1.2)), () => Gamma.Entropy(N(2.5), N(1.2)), () => N(2.5 / 1.2), () => N(2.5 / 1.44),
            null, (() => Gamma.Divergence(N(2.5), N(1.2), N(1.7), N(0.6)), x => Gamma.LogProbability(x, N(1.7), N(0.6)))),
        new("beta", 1e-12, 1 - 1e-12, x => Beta.LogProbability(x, N(2.5), N(3.2)), () => Beta.Entropy(N(2.5), N(3.2)), () => Beta.Mean(N(2.5), N(3.2)), () => Beta.Variance(N(2.5), N(3.2)),
            null, (() => Beta.Divergence(N(2.5), N(3.2), N(1.8), N(2.1)), x => Beta.LogProbability(x, N(1.8), N(2.1)))),
        new("student", -3000, 3000, x => StudentT.LogProbability(x, N(6), N(0.4), N(1.1)), () => StudentT.Entropy(N(6), N(1.1)), () => N(0.4), () => StudentT.Variance(N(6), N(1.1))),
    ];

    public static TheoryData<int> Densities => [.. Enumerable.Range(0, s_densities.Length)];

    [Theory]
    [MemberData(nameof(Densities))]
    public void A_density_sums_to_one_and_gives_its_moments(int number)
    {
        var density = s_densities[number];
        const int Steps = 1_000_000;
        var step = (density.High - density.Low) / Steps;
        var x = (Ops.Iota([Steps], 0, DType.F64) + 0.5) * step + density.Low;
        var log = density.Log(x);
        var p = Ops.Exp(log) * step;
        double Sum(Tensor y) => Ops.Sum(p * y).Item<double>();
        Near(1, Ops.Sum(p).Item<double>(), "sum");
        Near(-Sum(log), density.Entropy!().Item<double>(), "entropy");
        var mean = Sum(x);
        Near(mean, density.Mean!().Item<double>(), "mean");
        Near(Sum(Ops.Square(x - mean)), density.Variance!().Item<double>(), "variance");
        if (density.Cdf is { } cdf)
        {
            var at = density.Low + ((density.High - density.Low) * 0.53);
            Near(Sum(Ops.Cast(x < at, DType.F64)), cdf(N(at)).Item<double>(), "cdf");
        }

        if (density.Other is { } other)
        {
            Near(Sum(log - other.Log(x)), other.Divergence().Item<double>(), "divergence");
        }

        void Near(double expected, double actual, string what) =>
            Assert.True(Math.Abs(expected - actual) <= 2e-5 * (1 + Math.Abs(expected)), $"{density.Name}, {what}: {actual:R}, by the sum {expected:R}");
    }

    [Fact]
    public void Classes_have_their_probabilities()
    {
        var logits = Tensor.From<double>([0.3, -1, 0.8, 0, 0, 2], 2, 3);
        var other = Tensor.From<double>([0, 1, 0.5, -1, 0.3, 0], 2, 3);
        var (p, q) = (Ops.Softmax(logits).ToArray<double>(), Ops.Softmax(other).ToArray<double>());
        var one = Categorical.LogProbability(Tensor.From<long>([1, 2]), logits).ToArray<double>();
        Assert.Equal([Math.Log(p[1]), Math.Log(p[5])], one, (a, b) => Math.Abs(a - b) < 1e-12);
        double[] Rows(Func<int, double> term) => [Enumerable.Range(0, 3).Sum(term), Enumerable.Range(3, 3).Sum(term)];
        Assert.Equal(Rows(i => -p[i] * Math.Log(p[i])), Categorical.Entropy(logits).ToArray<double>(), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(Rows(i => p[i] * Math.Log(p[i] / q[i])), Categorical.Divergence(logits, other).ToArray<double>(), (a, b) => Math.Abs(a - b) < 1e-12);

        // All counts of three draws: their probabilities sum to 1.
        var counts = (from a in Enumerable.Range(0, 4) from b in Enumerable.Range(0, 4 - a) select (double[])[a, b, 3 - a - b]).SelectMany(c => c).ToArray();
        var multinomial = Ops.Exp(Multinomial.LogProbability(Tensor.From<double>(counts, counts.Length / 3, 3), logits[0]));
        Assert.Equal(1, Ops.Sum(multinomial).Item<double>(), 1e-12);
        Assert.Equal(3 * p[0], Ops.Sum(multinomial * Tensor.From<double>(counts, counts.Length / 3, 3)[.., 0]).Item<double>(), 1e-12);

        // Of one bit.
        var l = N(0.7);
        var s = 1 / (1 + Math.Exp(-0.7));
        Assert.Equal(Math.Log(s), Bernoulli.LogProbability(N(1), l).Item<double>(), 1e-12);
        Assert.Equal(Math.Log(1 - s), Bernoulli.LogProbability(N(0), l).Item<double>(), 1e-12);
        Assert.Equal(-(s * Math.Log(s)) - ((1 - s) * Math.Log(1 - s)), Bernoulli.Entropy(l).Item<double>(), 1e-12);
        var t = 1 / (1 + Math.Exp(0.2));
        Assert.Equal((s * Math.Log(s / t)) + ((1 - s) * Math.Log((1 - s) / (1 - t))), Bernoulli.Divergence(l, N(-0.2)).Item<double>(), 1e-12);
    }

    // Dirichlet's of two classes is the beta distribution; the normal one of a diagonal covariance is one of each.
    [Fact]
    public void Vectors_of_one_dimension_are_those_of_their_kin()
    {
        var x = Tensor.From<double>([0.3, 0.7]);
        Same(Beta.LogProbability(N(0.3), N(2.5), N(1.4)), Dirichlet.LogProbability(x, Tensor.From<double>([2.5, 1.4])));
        Same(Beta.Entropy(N(2.5), N(1.4)), Dirichlet.Entropy(Tensor.From<double>([2.5, 1.4])));
        Same(Beta.Divergence(N(2.5), N(1.4), N(0.8), N(3)), Dirichlet.Divergence(Tensor.From<double>([2.5, 1.4]), Tensor.From<double>([0.8, 3.0])));

        var (mean, deviation, other, wide) = (Tensor.From<double>([0.2, -1]), Tensor.From<double>([0.5, 2]), Tensor.From<double>([0, 0.5]), Tensor.From<double>([1.5, 1]));
        var (p, q) = (Ops.DiagonalMatrix(deviation), Ops.DiagonalMatrix(wide));
        Same(Ops.Sum(Normal.LogProbability(x, mean, deviation)), MultivariateNormal.LogProbability(x, mean, p));
        Same(Ops.Sum(Normal.Entropy(deviation)), MultivariateNormal.Entropy(p));
        Same(Ops.Sum(Normal.Divergence(mean, deviation, other, wide)), MultivariateNormal.Divergence(mean, p, other, q));

        // Turned coordinates change nothing: |x - μ|² in the metric of the covariance.
        var l = Tensor.From<double>([1.2, 0, -0.7, 0.9], 2, 2);
        var d = Tensor.From<double>([0.4, 1.1], 2, 1);
        var covariance = MultivariateNormal.Covariance(l);
        var distance = Ops.MatMul(d, Ops.Solve(covariance, d), transposeA: true);
        Same((distance * -0.5) - (Ops.Log(Ops.Determinant(covariance)) * 0.5) - Math.Log(2 * Math.PI), MultivariateNormal.LogProbability(d[.., 0], N(0) * d[.., 0], l));

        static void Same(Tensor a, Tensor b) => Assert.Equal(Ops.Sum(a).Item<double>(), Ops.Sum(b).Item<double>(), 1e-12);
    }

    [Fact]
    public void Draws_are_the_same_in_both_modes_and_have_their_moments()
    {
        var (a, b) = (Ops.Full([Count], 0.7), Ops.Full([Count], 1.4));
        var eager = BothModes.In(ExecutionMode.Eager, () => All(new Draws(), a, b));
        var calls = GraphRuntime.Statistics.Calls;
        var graph = BothModes.In(ExecutionMode.Graph, () => All(new Draws(), a, b));
        Assert.True(GraphRuntime.Statistics.Calls >= calls + 4, "no compiled graph ran");
        double[] means = [0.7, Math.Exp(0.7 + 0.98), 1.4, 1 / 1.4, 0.7 + (1.4 * 0.5772156649), 0.7, 0.5, 0.7 / 2.1, 0.7, 1 / (1 + Math.Exp(0.7))];
        double[] variances =
        [
            1.96, (Math.Exp(1.96) - 1) * Math.Exp(1.4 + 1.96), 1.96 / 12, 1 / 1.96, 1.96 * Math.PI * Math.PI / 6, 2 * 1.96, 0.7 / 1.96,
            0.7 * 1.4 / (2.1 * 2.1 * 3.1), 1.96 * 8.7 / 6.7, Math.Exp(0.7) / Math.Pow(1 + Math.Exp(0.7), 2),
        ];
        for (var i = 0; i < means.Length; i++)
        {
            BothModes.Close(eager[i], graph[i], 1e-5);
            var x = graph[i].ToArray<float>();
            var mean = x.Average(v => (double)v);
            var error = Math.Sqrt(variances[i] / Count);
            Assert.True(Math.Abs(mean - means[i]) < 5 * error, $"draw {i}: mean {mean}, not {means[i]} ± {error}");
            if (i != 1)
            {
                var variance = x.Average(v => (v - mean) * (v - mean));
                Assert.True(Math.Abs(variance - variances[i]) < 0.06 * variances[i], $"draw {i}: variance {variance}, not {variances[i]}");
            }
        }

        for (var i = means.Length; i < eager.Length; i++)
        {
            BothModes.Close(eager[i], graph[i], 1e-5);
        }

        static Tensor[] All(Draws draws, Tensor a, Tensor b)
        {
            var (normal, logNormal, uniform, exponential, gumbel, laplace) = draws.Simple(a, b);
            var (gamma, beta, student, bernoulli) = draws.Shaped(a, b);
            var logits = Ops.BroadcastTo(Tensor.From<float>([0.3f, -1, 0.8f]), 500, 3);
            var (classes, shares, relaxed) = draws.Classes(logits);
            var vectors = draws.Vectors(logits[.., ..2], Ops.BroadcastTo(Tensor.From<float>([1, 0, 2, 3], 2, 2), 500, 2, 2));
            return [normal, logNormal, uniform, exponential, gumbel, laplace, gamma, beta, student, bernoulli, Ops.Cast(classes, DType.F32), shares, relaxed, vectors];
        }
    }

    [Fact]
    public void Drawn_classes_come_as_often_as_their_probabilities()
    {
        var logits = Tensor.From<float>([0.3f, -1, 0.8f]);
        var drawn = new Draws().Classes(Ops.BroadcastTo(logits, Count, 3)).Classes.ToArray<long>();
        var p = Ops.Softmax(logits).ToArray<float>();
        for (var k = 0; k < 3; k++)
        {
            Assert.InRange(drawn.Count(c => c == k) / (double)Count, p[k] - 0.01, p[k] + 0.01);
        }
    }

    [Fact]
    public void Gradients_flow_through_draws_in_both_modes()
    {
        var (mean, spread) = (Ops.Full([200], 0.5), Ops.Full([200], -0.3));
        var eager = BothModes.In(ExecutionMode.Eager, () => new Draws().Bound(mean, spread));
        var graph = BothModes.In(ExecutionMode.Graph, () => new Draws().Bound(mean, spread));
        BothModes.Close(eager.Loss, graph.Loss, 1e-5);
        BothModes.Close(eager.Mean, graph.Mean, 1e-5);
        BothModes.Close(eager.Deviation, graph.Deviation, 1e-5);

        // d/dμ of E(x - 3)² + ½μ² is 2(μ - 3) + μ, over the count.
        Assert.InRange(Ops.Sum(graph.Mean).Item<float>(), -4.5 - 0.5, -4.5 + 0.5);
    }

    private static Tensor N(double value) => Tensor.Scalar(value);
}
