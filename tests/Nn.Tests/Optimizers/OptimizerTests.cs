using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Every optimizer is its formula, in both modes, goes on bit for bit from a checkpoint, and costs no allocation.</summary>
[Collection("graphs")]
public sealed class OptimizerTests : IDisposable
{
    private const int Steps = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("unified-test-").FullName;

    public static TheoryData<string> Names => [.. References.All.Keys];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_modes_are_the_formula(string name)
    {
        var (make, rule) = References.All[name];
        var (eager, graph) = (new TrainedPair(make), new TrainedPair(make));
        double[][] expected = [Values(eager.Weight), Values(eager.Bias)];
        double[][][] kept = [.. expected.Select(p => new[] { new double[p.Length], new double[p.Length], new double[p.Length] })];
        for (var t = 1; t <= Steps; t++)
        {
            var (g, h) = Gradients(t);
            BothModes.In(ExecutionMode.Eager, () => eager.Run(g, h));
            BothModes.Compiled(() => graph.Run(g, h));
            rule(t, expected[0], Values(g), kept[0]);
            rule(t, expected[1], Values(h), kept[1]);
            foreach (var model in (TrainedPair[])[eager, graph])
            {
                Close(expected[0], model.Weight, t);
                Close(expected[1], model.Bias, t);
            }
        }

        Assert.Equal(Steps, graph.Optimizer.StepCount.Item<double>());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Training_goes_on_bit_for_bit_from_a_file(string name)
    {
        var path = Path.Combine(_folder, "state.safetensors");
        var make = References.All[name].Make;
        var (whole, first, second) = (new TrainedPair(make), new TrainedPair(make), new TrainedPair(make));
        using (Execution.Use(ExecutionMode.Graph))
        {
            for (var t = 1; t <= Steps; t++)
            {
                var (g, h) = Gradients(t);
                whole.Run(g, h);
                if (t == 4)
                {
                    Safetensors.Save(path, first.NamedState());
                    Safetensors.Open(path).LoadInto(second.NamedState());
                }

                (t < 4 ? first : second).Run(g, h);
            }
        }

        Assert.Equal(whole.Weight.ToArray<float>(), second.Weight.ToArray<float>());
        Assert.Equal(whole.Bias.ToArray<float>(), second.Bias.ToArray<float>());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_steady_step_allocates_nothing(string name)
    {
        var model = new TrainedPair(References.All[name].Make);
        var (g, h) = Gradients(1);
        using (Execution.Use(ExecutionMode.Graph))
        {
            for (var i = 0; i < 3; i++)
            {
                model.Silent(g, h);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++)
            {
                model.Silent(g, h);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void Groups_have_rates_and_decays_of_their_own()
    {
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            var model = new TrainedPair(p => new Sgd(p, new ConstantSchedule(0.1)) { WeightDecay = 0.5f, Groups = [new([p[1]]) { RateScale = 3, WeightDecay = 0.25f }] });
            var (w, b) = (Values(model.Weight), Values(model.Bias));
            var (g, h) = Gradients(1);
            BothModes.In(mode, () => model.Run(g, h));
            Close([.. w.Zip(Values(g), (p, d) => p - (0.1 * (d + (0.5 * p))))], model.Weight, 1);
            Close([.. b.Zip(Values(h), (p, d) => p - (0.3 * (d + (0.25 * p))))], model.Bias, 1);
        }
    }

    [Fact]
    public void Decay_leaves_vectors_alone_unless_told_otherwise()
    {
        var model = new TrainedPair(p => new AdamW(p, new ConstantSchedule(0.1)) { WeightDecay = 0.5f });
        var (w, b) = (Values(model.Weight), Values(model.Bias));
        BothModes.Compiled(() => model.Run(Tensor.Zeros([3, 4]), Tensor.Zeros([5])));
        Close([.. w.Select(p => p * 0.95)], model.Weight, 1);
        Close(b, model.Bias, 1);
    }

    [Fact]
    public void A_group_of_names_is_found_and_strangers_are_refused()
    {
        var mlp = new Mlp(3, 4, 2);
        Assert.Equal([4, 2], ParameterGroup.Named(mlp, n => n.EndsWith("bias", StringComparison.Ordinal)).Parameters.Select(p => p.Shape[0]));
        Assert.Throws<ArgumentException>(() => ParameterGroup.Named(mlp, n => n == "nothing"));
        var stranger = Initialize.Constant(0, 3);
        Assert.Contains("does not train", Assert.Throws<ArgumentException>(() => new Adam(mlp.Parameters, References.Constant) { Groups = [new([stranger])] }).Message, StringComparison.Ordinal);
        var group = new ParameterGroup([mlp.Parameters[0]]);
        Assert.Contains("two groups", Assert.Throws<ArgumentException>(() => new Adam(mlp.Parameters, References.Constant) { Groups = [group, group] }).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.5f, 0)]
    [InlineData(0, 0.3f)]
    [InlineData(1.5f, 0.2f)]
    public void Gradients_are_clipped(float norm, float value)
    {
        var (eager, graph) = (New(), New());
        var (w, (g, h)) = (Values(eager.Weight), Gradients(1));
        var size = Math.Sqrt(Values(g).Concat(Values(h)).Sum(v => v * v));
        var scale = norm > 0 ? Math.Min(1, norm / size) : 1;
        BothModes.In(ExecutionMode.Eager, () => eager.Run(g, h));
        BothModes.Compiled(() => graph.Run(g, h));
        double Clip(double v) => value > 0 ? Math.Clamp(v, -value, value) : v;
        double[] expected = [.. w.Zip(Values(g), (p, d) => p - Clip(d * scale))];
        Close(expected, eager.Weight, 1);
        Close(expected, graph.Weight, 1);
        TrainedPair New() => new(p => new Sgd(p, new ConstantSchedule(1)) { ClipNorm = norm, ClipValue = value });
    }

    [Fact]
    public void The_mean_of_all_parameters_can_take_their_place()
    {
        var model = new TrainedPair(p => new Asgd(p, References.Constant) { AverageFrom = 3 });
        var seen = new List<double[]>();
        for (var t = 1; t <= 6; t++)
        {
            var (g, h) = Gradients(t);
            BothModes.Compiled(() => model.Run(g, h));
            seen.Add(Values(model.Weight));
        }

        ((Asgd)model.Optimizer).UseAverage();
        Close([.. Enumerable.Range(0, 12).Select(i => seen.Skip(2).Average(p => p[i]))], model.Weight, 6);
    }

    private static double[] Values(Tensor x) => Array.ConvertAll(x.ToArray<float>(), v => (double)v);

    private static void Close(double[] expected, Tensor actual, int step)
    {
        var values = actual.ToArray<float>();
        for (var i = 0; i < values.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - values[i]) < 1e-5 * step, $"step {step}, element {i}: {expected[i]:G7} expected, {values[i]:G7} found");
        }
    }

    // Away from 0, where signs are chance; some signs change from step to step.
    private static (Tensor Weight, Tensor Bias) Gradients(int step)
    {
        var random = new Random(step);
        float Next(int i) => (float)((0.2 + random.NextDouble()) * (i % 3 == 0 && step % 2 == 0 ? -1 : 1) * (i % 2 == 0 ? 1 : -1));
        return (Tensor.From<float>([.. Enumerable.Range(0, 12).Select(Next)], 3, 4), Tensor.From<float>([.. Enumerable.Range(0, 5).Select(Next)], 5));
    }
}

/// <summary>Two parameters with an optimizer that is given their gradients.</summary>
public sealed partial class TrainedPair : Module
{
    public TrainedPair(Func<IReadOnlyList<Parameter>, Optimizer> make)
    {
        Weight = Initialize.Uniform(new Generator(1), 0.5f, 1.5f, 3, 4);
        Bias = Initialize.Uniform(new Generator(2), -1, -0.5f, 5);
        Optimizer = make([Weight, Bias]);
    }

    public Parameter Weight { get; }

    public Parameter Bias { get; }

    public Optimizer Optimizer { get; }

    [StaticGraph]
    public Tensor Run([Shape(3, 4)] Tensor weight, [Shape(5)] Tensor bias)
    {
        Silent(weight, bias);
        return Weight;
    }

    [StaticGraph]
    public void Silent([Shape(3, 4)] Tensor weight, [Shape(5)] Tensor bias) => Optimizer.Step([weight, bias]);
}
