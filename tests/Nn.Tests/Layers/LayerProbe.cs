using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>A layer with a loss behind it that pulls its result towards given values.</summary>
public sealed partial class LayerProbe(Layer layer) : Module
{
    private readonly Layer _layer = layer;

    [StaticGraph]
    public Tensor Forward(Tensor x) => _layer.Forward(x);

    [StaticGraph]
    public Tensor Loss(Tensor x, Tensor target) => Sum(Square(_layer.Forward(x) - target)) * 0.5f;

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) InputGradient(Tensor x, Tensor target) => ValueAndGrad(() => Loss(x, target), [x]);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) ParameterGradients(Tensor x, Tensor target) => ValueAndGrad(() => Loss(x, target), Parameters);
}

/// <summary>What holds for every layer.</summary>
internal static class LayerLaws
{
    /// <summary>
    /// Two layers made alike give the same in both modes: results, state afterwards, and gradients, which are the slope of the loss along themselves and
    /// along a random direction.
    /// </summary>
    public static void Check(Func<Generator, Layer> make, Tensor x, bool hasInputGradient = true, double tolerance = 1e-5)
    {
        var (eager, graph) = (new LayerProbe(make(new Generator(5))), new LayerProbe(make(new Generator(5))));
        for (var call = 0; call < 2; call++)
        {
            BothModes.Close(BothModes.In(ExecutionMode.Eager, () => eager.Forward(x)), BothModes.Compiled(() => graph.Forward(x)), tolerance);
            SameState(eager, graph, tolerance);
        }

        var target = new Generator(6).Normal(BothModes.In(ExecutionMode.Eager, () => eager.Forward(x)).Shape);
        BothModes.In(ExecutionMode.Eager, () => graph.Forward(x));
        if (hasInputGradient)
        {
            Gradients(eager, graph, [x], p => p.InputGradient(x, target), (p, moved) => p.Loss(moved[0], target), tolerance);
        }

        if (eager.Parameters.Count > 0)
        {
            Gradients(eager, graph, eager.Parameters, p => p.ParameterGradients(x, target), (p, moved) => Moved(p, moved, () => p.Loss(x, target)), tolerance);
        }
    }

    private static void SameState(Module eager, Module graph, double tolerance)
    {
        foreach (var (a, b) in eager.NamedState().Zip(graph.NamedState()))
        {
            BothModes.Close(a.Tensor, b.Tensor, tolerance);
        }
    }

    private static void Gradients(
        LayerProbe eager, LayerProbe graph, IReadOnlyList<Tensor> wrt, Func<LayerProbe, (Tensor Loss, IReadOnlyList<Tensor> Gradients)> run,
        Func<LayerProbe, IReadOnlyList<Tensor>, Tensor> loss, double tolerance)
    {
        var expected = BothModes.In(ExecutionMode.Eager, () => run(eager));
        var compiled = GraphRuntime.Statistics.Calls;
        var actual = BothModes.In(ExecutionMode.Graph, () => run(graph));
        Assert.True(GraphRuntime.Statistics.Calls > compiled, "no compiled graph ran");
        BothModes.Close(expected.Loss, actual.Loss, tolerance);
        SameState(eager, graph, tolerance);
        var largest = expected.Gradients.Max(g => g.ToArray<float>().DefaultIfEmpty().Max(Math.Abs));
        foreach (var (a, b) in expected.Gradients.Zip(actual.Gradients))
        {
            // A gradient that is 0 but for rounding, such as that of a bias before a softmax, has no digits to compare.
            Assert.Equal(a.Type, b.Type);
            Assert.All(a.ToArray<float>().Zip(b.ToArray<float>()), v => Assert.Equal(v.First, v.Second, largest * tolerance * 5));
        }

        var random = new Generator(11);
        var state = eager.NamedState().Select(s => s.Tensor.Clone()).ToList();
        Slope(eager, wrt, expected.Gradients, expected.Gradients, loss);
        Slope(eager, wrt, expected.Gradients, [.. wrt.Select(w => random.Normal(w.Shape))], loss);
        foreach (var (now, before) in eager.NamedState().Zip(state))
        {
            now.Tensor.Assign(before);
        }
    }

    /// <summary>Central differences along a direction of length 1.</summary>
    private static void Slope(
        LayerProbe probe, IReadOnlyList<Tensor> at, IReadOnlyList<Tensor> gradients, IReadOnlyList<Tensor> direction, Func<LayerProbe, IReadOnlyList<Tensor>, Tensor> loss)
    {
        var length = Math.Sqrt(direction.Sum(d => Dot(d, d)));
        var size = Math.Sqrt(gradients.Sum(g => Dot(g, g)));
        var slope = gradients.Zip(direction, Dot).Sum() / length;
        const double Step = 4e-3;
        double Loss(double step)
        {
            IReadOnlyList<Tensor> moved = [.. at.Zip(direction, (t, d) => t + (d * (step / length)))];
            return BothModes.In(ExecutionMode.Eager, () => loss(probe, moved)).Item<float>();
        }

        var measured = (Loss(Step) - Loss(-Step)) / (2 * Step);
        Assert.True(Math.Abs(measured - slope) <= 2e-2 * size + 1e-4, $"the gradients say {slope:G5}, differences {measured:G5}, for a gradient of length {size:G5}");
    }

    private static double Dot(Tensor x, Tensor y) => x.ToArray<float>().Zip(y.ToArray<float>(), (a, b) => (double)a * b).Sum();

    private static Tensor Moved(Module module, IReadOnlyList<Tensor> values, Func<Tensor> run)
    {
        var kept = module.Parameters.Select(p => p.Clone()).ToList();
        try
        {
            foreach (var (parameter, value) in module.Parameters.Zip(values))
            {
                parameter.Assign(value);
            }

            return run();
        }
        finally
        {
            foreach (var (parameter, value) in module.Parameters.Zip(kept))
            {
                parameter.Assign(value);
            }
        }
    }
}
