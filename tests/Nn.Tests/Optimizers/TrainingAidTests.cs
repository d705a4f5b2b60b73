using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>What stands around an optimizer: averages, accumulation, loss scales, and a minimizer of its own.</summary>
[Collection("graphs")]
public class TrainingAidTests
{
    [Fact]
    public void An_average_follows_and_can_be_swapped_in()
    {
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            var model = new Averaged();
            var mean = model.Weight.ToArray<float>().Select(v => (double)v).ToArray();
            for (var t = 1; t <= 5; t++)
            {
                BothModes.In(mode, () => model.Run(Tensor.Filled([4], t)));
                var now = model.Weight.ToArray<float>();
                mean = [.. mean.Select((m, i) => (0.8 * m) + (0.2 * now[i]))];
            }

            var last = model.Weight.ToArray<float>();
            model.Average.Swap();
            Assert.All(model.Weight.ToArray<float>().Zip(mean), v => Assert.Equal(v.Second, v.First, 1e-5));
            model.Average.Swap();
            Assert.Equal(last, model.Weight.ToArray<float>());
        }
    }

    [Fact]
    public void Accumulated_gradients_are_one_large_batch_and_one_graph()
    {
        var (eager, graph, whole) = (new Accumulated(), new Accumulated(), new Averaged());
        var before = GraphRuntime.Statistics.Compilations;
        for (var t = 1; t <= 6; t++)
        {
            var g = new Generator(t).Normal([4]);
            BothModes.In(ExecutionMode.Eager, () => eager.Run(g));
            BothModes.Compiled(() => graph.Run(g));
            if (t % 3 == 0)
            {
                var mean = (new Generator(t).Normal([4]) + new Generator(t - 1).Normal([4]) + new Generator(t - 2).Normal([4])) / 3f;
                BothModes.In(ExecutionMode.Eager, () => whole.Run(mean));
                BothModes.Close(whole.Weight, graph.Weight, 1e-6);
            }

            BothModes.Close(eager.Weight, graph.Weight, 1e-6);
        }

        Assert.Equal(1, GraphRuntime.Statistics.Compilations - before);
    }

    [Fact]
    public void A_scale_falls_at_infinities_and_grows_after_good_steps()
    {
        var (eager, graph) = (new ScaledSteps(), new ScaledSteps());
        float[] factors = [1, 1, float.PositiveInfinity, 1, float.NaN, 1, 1, 1, 1];
        float[] scales = [8, 16, 8, 8, 4, 4, 8, 8, 16];
        for (var t = 0; t < factors.Length; t++)
        {
            var before = graph.Weight.ToArray<float>();
            var g = Tensor.From<float>([1, 2, 3, factors[t]], 4);
            BothModes.In(ExecutionMode.Eager, () => eager.Run(g));
            BothModes.Compiled(() => graph.Run(g));
            Assert.Equal(scales[t], eager.Scale.Scale.Item<float>());
            Assert.Equal(scales[t], graph.Scale.Scale.Item<float>());
            BothModes.Close(eager.Weight, graph.Weight, 1e-6);
            Assert.Equal(!float.IsFinite(factors[t]), before.SequenceEqual(graph.Weight.ToArray<float>()));
        }
    }

    [Fact]
    public void A_step_with_an_infinity_changes_no_bit_and_a_checkpoint_goes_on()
    {
        var model = new ScaledAdam();
        BothModes.Compiled(() => model.Run(Tensor.From<float>([1, 2, 3, 4], 4)));
        float[][] Bits() => [.. model.NamedState().Where(s => s.Name.Contains("eight", StringComparison.Ordinal) || s.Name.Contains("ptimizer", StringComparison.Ordinal))
            .Select(s => Cast(s.Tensor, Ir.DType.F32).ToArray<float>())];
        var before = Bits();
        Assert.True(before.Length >= 4, "weight, step, and both moments");
        BothModes.Compiled(() => model.Run(Tensor.From<float>([1, float.NaN, 3, 4], 4)));
        Assert.Equal(before, Bits());
        Assert.Equal(1, model.Scale.Skipped.Item<long>());
        Assert.Equal(8, model.Scale.Scale.Item<float>());

        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");
        Safetensors.Save(path, model.NamedState());
        var resumed = new ScaledAdam();
        Safetensors.Open(path).LoadInto(resumed.NamedState());
        File.Delete(path);
        for (var t = 0; t < 4; t++)
        {
            BothModes.Compiled(() => model.Run(Tensor.From<float>([t, 2, 3, 4], 4)));
            BothModes.Compiled(() => resumed.Run(Tensor.From<float>([t, 2, 3, 4], 4)));
        }

        Assert.Equal(Bits(), [.. resumed.NamedState().Where(s => s.Name.Contains("eight", StringComparison.Ordinal) || s.Name.Contains("ptimizer", StringComparison.Ordinal))
            .Select(s => Cast(s.Tensor, Ir.DType.F32).ToArray<float>())]);
        Assert.Equal(72, resumed.Scale.Scale.Item<float>());
        Assert.Equal(1, resumed.Scale.Skipped.Item<long>());
    }

    [Fact]
    public void A_static_scale_stays_and_undoes_itself()
    {
        var scale = new StaticLossScale(1024);
        var (scaled, plain) = (new Averaged(), new Averaged());
        var gradient = new Generator(3).Normal([4]);
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            BothModes.In(mode, () =>
            {
                scale.Step(scaled.Optimizer, [gradient * 1024f]);
                scale.Step(scaled.Optimizer, [gradient * float.PositiveInfinity]);
                plain.Optimizer.Step([gradient]);
                return scaled.Weight;
            });
            BothModes.Close(plain.Weight, scaled.Weight, 1e-7);
        }

        Assert.Equal(1024, scale.Scale.Item<float>());
        Assert.Equal(2, scale.Skipped.Item<long>());
        Assert.Throws<ArgumentOutOfRangeException>(() => new StaticLossScale(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DynamicLossScale { Backoff = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DynamicLossScale { Growth = 0.5f });
    }

    [Fact]
    public void Lbfgs_finds_the_bottom_of_a_curved_valley()
    {
        var valley = new Valley();
        using (Execution.Use(ExecutionMode.Graph))
        {
            var reached = new Lbfgs(valley.Parameters).Minimize(valley.Slope, 200, 1e-5);
            Assert.True(reached < 1e-7, $"{reached}");
        }

        Assert.All(valley.Point.ToArray<float>(), v => Assert.Equal(1, v, 2e-3));
    }

    [Fact]
    public void Lbfgs_goes_on_from_its_state()
    {
        var (whole, parts, resumed) = (new Valley(), new Valley(), new Valley());
        var (first, again) = (new Lbfgs(whole.Parameters, 3), new Lbfgs(parts.Parameters, 3));
        first.Minimize(whole.Slope, 6);
        again.Minimize(parts.Slope, 6);
        var other = new Lbfgs(resumed.Parameters, 3);
        resumed.Point.Assign(parts.Point);
        BothModes.SameState(again, other);
        Assert.NotEqual(0, again.NamedState().Single(s => s.Name.EndsWith("written", StringComparison.Ordinal)).Tensor.Item<long>());
        Assert.Equal(first.Minimize(whole.Slope, 5), other.Minimize(resumed.Slope, 5));
        Assert.Equal(whole.Point.ToArray<float>(), resumed.Point.ToArray<float>());
    }

    [Fact]
    public void Lbfgs_solves_least_squares()
    {
        var (x, truth) = (new Generator(1).Normal([30, 4]), new Generator(2).Normal([4, 1]));
        var fit = new LeastSquares(x, MatMul(x, truth));
        using (Execution.Use(ExecutionMode.Graph))
        {
            new Lbfgs(fit.Parameters).Minimize(fit.Slope);
        }

        BothModes.Close(truth, fit.Weight, 1e-4);
    }
}

/// <summary>A parameter, its optimizer and its average.</summary>
public sealed partial class Averaged : Module
{
    public Averaged()
    {
        Optimizer = new Sgd([Weight], new ConstantSchedule(0.1));
        Average = new WeightAverage([Weight], 0.8f);
    }

    public Parameter Weight { get; } = Initialize.Uniform(new Generator(1), -1, 1, 4);

    public Optimizer Optimizer { get; }

    public WeightAverage Average { get; }

    [StaticGraph]
    public Tensor Run([Shape(4)] Tensor gradient)
    {
        Optimizer.Step([gradient]);
        Average.Update();
        return Weight;
    }
}

/// <summary>A parameter whose gradients come in three parts.</summary>
public sealed partial class Accumulated : Module
{
    private readonly GradientAccumulation _accumulation;

    public Accumulated() => _accumulation = new GradientAccumulation(new Sgd([Weight], new ConstantSchedule(0.1)), [Weight], 3);

    public Parameter Weight { get; } = Initialize.Uniform(new Generator(1), -1, 1, 4);

    [StaticGraph]
    public Tensor Run([Shape(4)] Tensor gradient)
    {
        _accumulation.Step([gradient]);
        return Weight;
    }
}

/// <summary>A parameter trained under a loss scale.</summary>
public sealed partial class ScaledSteps : Module
{
    private readonly Sgd _optimizer;

    public ScaledSteps() => _optimizer = new Sgd([Weight], new ConstantSchedule(0.1), 0.9f);

    public Parameter Weight { get; } = Initialize.Uniform(new Generator(1), -1, 1, 4);

    public LossScale Scale { get; } = new DynamicLossScale(8, window: 2);

    [StaticGraph]
    public Tensor Run([Shape(4)] Tensor factor)
    {
        var (_, gradients) = ValueAndGrad(() => Scale.Up(Sum(Weight * factor)), [Weight]);
        Scale.Step(_optimizer, gradients);
        return Weight;
    }
}

/// <summary>A parameter trained by Adam under a loss scale.</summary>
public sealed partial class ScaledAdam : Module
{
    private readonly AdamW _optimizer;

    public ScaledAdam() => _optimizer = new AdamW([Weight], new ConstantSchedule(0.1));

    public Parameter Weight { get; } = Initialize.Uniform(new Generator(1), -1, 1, 4);

    public LossScale Scale { get; } = new DynamicLossScale(16, window: 2) { Growth = 3 };

    [StaticGraph]
    public Tensor Run([Shape(4)] Tensor factor)
    {
        var (_, gradients) = ValueAndGrad(() => Scale.Up(Sum(Weight * factor)), [Weight]);
        Scale.Step(_optimizer, gradients);
        return Weight;
    }
}

/// <summary>Rosenbrock's function of four numbers: 0 at (1, 1, 1, 1), at the end of a curved valley.</summary>
public sealed partial class Valley : Module
{
    public Parameter Point { get; } = new(Tensor.From<float>([-1.2f, 1, -1.2f, 1], 4));

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Slope() =>
        ValueAndGrad(() => Sum((Square(Point[1..] - Square(Point[..3])) * 100f) + Square(1f - Point[..3])), Parameters);
}

/// <summary>A linear fit.</summary>
public sealed partial class LeastSquares(Tensor x, Tensor y) : Module
{
    private readonly Tensor _x = x;
    private readonly Tensor _y = y;

    public Parameter Weight { get; } = Initialize.Constant(0, 4, 1);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Slope() => ValueAndGrad(() => Mean(Square(MatMul(_x, Weight) - _y)), Parameters);
}
