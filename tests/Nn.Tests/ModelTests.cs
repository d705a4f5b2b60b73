using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>What a module says about itself: its parts, what of it is trained, and how it starts.</summary>
[Collection("graphs")]
public class ModelTests
{
    [Fact]
    public void Frozen_parameters_are_not_trained_and_a_graph_follows()
    {
        var (eager, graph) = (new Tuned(), new Tuned());
        BothModes.SameState(eager, graph);
        var x = new Generator(3).Normal([4, 3]);
        foreach (var model in (Tuned[])[eager, graph])
        {
            Assert.Equal(4, model.Trained.Count);
            Assert.Same(model.Trained, model.Trained);
        }

        Assert.Equal(4, Both().Count);
        eager.Body.Freeze();
        graph.Body.Freeze();
        Assert.Equal(2, Both().Count);
        eager.Body.Unfreeze();
        graph.Body.Unfreeze();
        Assert.Equal(4, Both().Count);

        IReadOnlyList<Tensor> Both()
        {
            var expected = BothModes.In(ExecutionMode.Eager, () => eager.Gradients(x));
            var calls = GraphRuntime.Statistics.Calls;
            var actual = BothModes.In(ExecutionMode.Graph, () => graph.Gradients(x));
            Assert.Equal(calls + 1, GraphRuntime.Statistics.Calls);
            Assert.Equal(expected.Count, actual.Count);
            Assert.All(expected.Zip(actual), p => BothModes.Close(p.First, p.Second, 1e-5));
            return actual;
        }
    }

    [Fact]
    public void A_steady_call_that_asks_what_is_trained_allocates_nothing()
    {
        var model = new Tuned();
        var x = new Generator(3).Normal([4, 3]);
        using (Execution.Use(ExecutionMode.Graph))
        {
            for (var i = 0; i < 3; i++)
            {
                model.Descend(x);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++)
            {
                model.Descend(x);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void Modules_by_name_are_state_and_run()
    {
        var (eager, graph) = (new Tasks(), new Tasks());
        BothModes.SameState(eager, graph);
        Assert.Equal(["heads.size.weight", "heads.size.bias", "heads.kind.weight", "heads.kind.bias"], graph.NamedState().Select(s => s.Name));
        var x = new Generator(3).Normal([4, 3]);
        foreach (var task in (string[])["size", "kind"])
        {
            BothModes.Close(BothModes.In(ExecutionMode.Eager, () => eager.Forward(x, task)), BothModes.Compiled(() => graph.Forward(x, task)), 1e-6);
        }

        Assert.Contains("there are size, kind", Assert.Throws<KeyNotFoundException>(() => graph.Heads["age"]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tap_keeps_what_passes()
    {
        var (tap, first) = (new Tap(), new Linear(3, 4, generator: new Generator(1)));
        var model = new Sequential(first, tap, new Linear(4, 2, generator: new Generator(2)));
        foreach (var batch in (int[])[2, 5, 3])
        {
            var x = new Generator(batch).Normal([batch, 3]);
            BothModes.Compiled(() => model.Forward(x));
            BothModes.Close(BothModes.In(ExecutionMode.Eager, () => first.Forward(x)), tap.Last, 1e-6);
        }

        Assert.DoesNotContain(model.NamedState(), s => s.Name.Contains("last", StringComparison.Ordinal));
    }

    [Fact]
    public void A_summary_lists_what_a_model_is_made_of()
    {
        var model = new Sequential(new Conv2d(1, 4, 3), new BatchNorm2d(4), new Relu(), new Flatten(), new Linear(16, 10));
        model[0].Freeze();
        var lines = model.Summary().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(
            [
                "module class own parameters numbers", "(model) Sequential", "layers.0 Conv2d [4,1,3,3] frozen [4] frozen 40", "layers.1 BatchNorm2d [4] [4] 8", "layers.2 Relu",
                "layers.3 Flatten", "layers.4 Linear [10,16] [10] 170", "218 parameters, 178 of them trained",
            ],
            lines);
    }

    [Fact]
    public void Starting_values_have_the_stated_spread()
    {
        var random = new Generator(5);
        const int Rows = 200, Columns = 100;
        double Deviation(Parameter p) => Math.Sqrt(p.ToArray<float>().Average(v => (double)v * v));
        double Largest(Parameter p) => p.ToArray<float>().Max(Math.Abs);
        var uniform = Math.Sqrt(6.0 / (Rows + Columns));
        Assert.Equal(uniform, Largest(Initialize.XavierUniform(random, [Rows, Columns])), uniform * 0.01);
        Assert.Equal(Math.Sqrt(2.0 / (Rows + Columns)), Deviation(Initialize.XavierNormal(random, [Rows, Columns])), 0.003);
        Assert.Equal(2 * Math.Sqrt(2.0 / Columns), 2 * Deviation(Initialize.KaimingNormal(random, [Rows, Columns])), 0.01);
        Assert.Equal(Math.Sqrt(6.0 / (9 * 4 * 2)), Largest(Initialize.KaimingUniform(random, [64, 4, 3, 3], slope: 1)), 0.01);
        var cut = Initialize.TruncatedNormal(random, 0.5f, 2, Rows, Columns);
        Assert.InRange(Largest(cut), 0.98, 1);

        // The variance of a normal number that is known to lie within two deviations.
        Assert.Equal(0.5 * 0.8796, Deviation(cut), 0.01);
        Assert.Equal(0, Initialize.Uniform(random, -1, 1, Rows, Columns).ToArray<float>().Average(), 0.02);
        Assert.Throws<ArgumentException>(() => Initialize.XavierUniform(random, [3]));
    }

    [Theory]
    [InlineData(5, 8)]
    [InlineData(8, 5)]
    public void Orthogonal_vectors_are_orthogonal(int rows, int columns)
    {
        var weight = Initialize.Orthogonal(new Generator(1), [rows, columns], gain: 2);
        var product = rows < columns ? MatMul(weight, weight, transposeB: true) : MatMul(weight, weight, transposeA: true);
        BothModes.Close(Eye(5, 5) * 4f, product, 1e-6);
    }
}

/// <summary>A body that may be frozen and a head.</summary>
public sealed partial class Tuned : Module
{
    private readonly Linear _head = new(4, 1);
    private readonly AdamW _optimizer;

    public Tuned() => _optimizer = new AdamW(Trained, new ConstantSchedule(0.01));

    public Linear Body { get; } = new(3, 4);

    [StaticGraph]
    public IReadOnlyList<Tensor> Gradients([Shape("B", 3)] Tensor x)
    {
        var (_, gradients) = ValueAndGrad(() => Mean(Square(_head.Forward(Tanh(Body.Forward(x))) - 1f)), Trained);
        return gradients;
    }

    [StaticGraph]
    public void Descend([Shape("B", 3)] Tensor x)
    {
        _optimizer.Step(Gradients(x));
    }
}

/// <summary>One head for each task.</summary>
public sealed partial class Tasks : Module
{
    public ModuleDictionary<Linear> Heads { get; } = new(("size", new Linear(3, 1)), ("kind", new Linear(3, 5)));

    [StaticGraph]
    public Tensor Forward([Shape("B", 3)] Tensor x, string task) => Heads[task].Forward(x);
}
