using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Mixed precision: both modes cast the same values at the same places, and a graph is compiled for the policy of its call.</summary>
[Collection("graphs")]
public class PrecisionTests
{
    public static TheoryData<DType, PrecisionLevel> Policies { get; } = new(
        from low in (DType[])[DType.BF16, DType.F16]
        from level in (PrecisionLevel[])[PrecisionLevel.O1, PrecisionLevel.O2, PrecisionLevel.O3]
        select (low, level));

    // A unit of the last place of the dtype, for values of the size of the largest.
    private static double Unit(DType low) => low == DType.BF16 ? 1.0 / 128 : 1.0 / 1024;

    [Theory]
    [MemberData(nameof(Policies))]
    public void Results_have_the_dtype_that_the_policy_says(DType low, PrecisionLevel level)
    {
        var model = new PrecisionProbe();
        var (x, y, wide) = (new Generator(1).Normal([3, 4]), new Generator(2).Normal([4, 4]), Ops.Cast(new Generator(3).Normal([3, 4]), DType.F64));
        var full = level == PrecisionLevel.O3 ? low : DType.F32;
        DType[] expected = [low, level == PrecisionLevel.O1 ? DType.F32 : low, low, full, full, full, DType.F64, DType.I64];
        using (MixedPrecision.Use(low, level))
        {
            foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
            {
                var r = BothModes.In(mode, () => model.Run(x, y, wide));
                Assert.Equal(expected, [r.Product.DType, r.Sum.DType, r.Activation.DType, r.Soft.DType, r.Total.DType, r.Power.DType, r.Wide.DType, r.Count.DType]);
            }

            Same(() => model.Run(x, y, wide).Product, 0);
            Same(() => model.Run(x, y, wide).Sum, 0);
            Same(() => model.Run(x, y, wide).Activation, Unit(low));
            Same(() => model.Run(x, y, wide).Soft, full == low ? Unit(low) : 1e-6);
            Same(() => model.Run(x, y, wide).Total, full == low ? Unit(low) : 1e-6);
            Same(() => model.Run(x, y, wide).Power, full == low ? Unit(low) : 1e-6);
        }

        var plain = BothModes.In(ExecutionMode.Graph, () => model.Run(x, y, wide));
        Assert.Equal(DType.F32, plain.Product.DType);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_decoder_and_its_gradients_agree(DType low, PrecisionLevel level)
    {
        Generator.Default.Seed(7);
        var model = new SmallDecoder();
        var tokens = Tensor.From<int>([1, 4, 9, 2, 10, 0, 3, 3, 7, 5], 2, 5);
        var targets = Tensor.From<int>([4, 9, 2, 10, 0, 3, 3, 7, 5, 1], 2, 5);
        Gradients(model, low, level, () => model.Gradients(tokens, targets));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_convnet_with_batch_norm_and_its_gradients_agree(DType low, PrecisionLevel level)
    {
        Generator.Default.Seed(7);
        var model = new SmallConvnet();
        var images = new Generator(3).Normal([6, 1, 8, 8]);
        var labels = Tensor.From<int>([0, 1, 2, 3, 0, 1], 6);
        Gradients(model, low, level, () => model.Gradients(images, labels));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void An_mlp_and_its_gradients_agree(DType low, PrecisionLevel level)
    {
        Generator.Default.Seed(7);
        var model = new SmallMlp();
        var (x, targets) = (new Generator(3).Normal([5, 12]), new Generator(4).Normal([5, 3]));
        Gradients(model, low, level, () => model.Gradients(x, targets));
    }

    [Fact]
    public void A_graph_is_compiled_for_each_policy_once()
    {
        var model = new PrecisionProbe();
        var (x, y) = (new Generator(1).Normal([3, 4]), new Generator(2).Normal([4, 4]));
        var wide = Ops.Cast(x, DType.F64);
        var before = GraphRuntime.Statistics.Compilations;
        using (Execution.Use(ExecutionMode.Graph))
        {
            for (var turn = 0; turn < 3; turn++)
            {
                Assert.Equal(DType.F32, model.Run(x, y, wide).Product.DType);
                using (MixedPrecision.Use(DType.BF16))
                {
                    Assert.Equal(DType.BF16, model.Run(x, y, wide).Product.DType);
                    using (MixedPrecision.Use(DType.F16, PrecisionLevel.O2))
                    {
                        Assert.Equal(DType.F16, model.Run(x, y, wide).Product.DType);
                    }

                    using (MixedPrecision.Off())
                    {
                        Assert.Equal(DType.F32, model.Run(x, y, wide).Product.DType);
                    }
                }
            }
        }

        Assert.Equal(3, GraphRuntime.Statistics.Compilations - before);
        Assert.True(MixedPrecision.Policy.IsNone);
    }

    [Fact]
    public void Blocks_of_a_graph_have_policies_of_their_own()
    {
        var model = new PrecisionProbe();
        var (x, y) = (new Generator(1).Normal([3, 4]), new Generator(2).Normal([4, 4]));
        using (MixedPrecision.Use(DType.BF16))
        {
            foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
            {
                var (off, own, outer) = BothModes.In(mode, () => model.Blocks(x, y, DType.F16));
                Assert.Equal([DType.F32, DType.F16, DType.BF16], [off.DType, own.DType, outer.DType]);
            }

            Same(() => model.Blocks(x, y, DType.F16).Off, 2e-6);
            Same(() => model.Blocks(x, y, DType.F16).Own, Unit(DType.F16));
        }

        Same(() => model.Declared(x, y, early: false), 1e-6);
        Same(() => model.Declared(x, y, early: true), 0);
        Assert.Equal(DType.BF16, BothModes.Compiled(() => model.Declared(x, y, early: true)).DType);
        Same(() => model.Conditional(x, y), 0);
        Same(() => model.Conditional(-x, y), 2e-6);
        Assert.True(MixedPrecision.Policy.IsNone);
    }

    [Theory]
    [InlineData(PrecisionLevel.O1)]
    [InlineData(PrecisionLevel.O2)]
    [InlineData(PrecisionLevel.O3)]
    public void Derivatives_of_every_kind_agree(PrecisionLevel level)
    {
        var model = new PrecisionDerivatives();
        var (x, along) = (new Generator(1).Normal([3, 4]), new Generator(2).Normal([3, 4]));
        using (MixedPrecision.Use(DType.BF16, level))
        {
            var eager = BothModes.In(ExecutionMode.Eager, () => model.Run(x, along));
            var before = GraphRuntime.Statistics.Calls;
            var graph = BothModes.In(ExecutionMode.Graph, () => model.Run(x, along));
            Assert.True(GraphRuntime.Statistics.Calls > before, "no compiled graph ran");
            foreach (var (e, g) in ((Tensor, Tensor)[])[
                (eager.Forwards, graph.Forwards), (eager.Backwards, graph.Backwards), (eager.Second, graph.Second), (eager.Again, graph.Again), (eager.Own, graph.Own),
                (eager.Mapped, graph.Mapped), (eager.Hooked, graph.Hooked)])
            {
                BothModes.Close(e, g, 4 * Unit(DType.BF16));
            }
        }
    }

    [Fact]
    public void A_policy_names_the_dtype_that_it_cannot_compute_in()
    {
        foreach (var wrong in (DType[])[DType.I32, DType.F64, DType.F32, DType.Bool])
        {
            var stated = Assert.Throws<ArgumentException>(() => MixedPrecision.Use(wrong));
            Assert.Contains($"not in {wrong.Text()}", stated.Message, StringComparison.Ordinal);
            foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
            {
                var thrown = Assert.Throws<ArgumentException>(() => BothModes.In(mode, () => PrecisionProbe.Refused(Tensor.Ones([2, 4]), wrong)));
                Assert.Equal(stated.Message, thrown.Message);
                Assert.Contains(nameof(PrecisionProbe.Refused), thrown.StackTrace, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Training_in_bf16_follows_training_in_f32()
    {
        var tokens = Tensor.From<int>([1, 4, 9, 2, 10, 0, 3, 3, 7, 5], 2, 5);
        var targets = Tensor.From<int>([4, 9, 2, 10, 0, 3, 3, 7, 5, 1], 2, 5);
        Generator.Default.Seed(7);
        var start = new SmallDecoder();
        var losses = ((PrecisionLevel, ExecutionMode)[])[(PrecisionLevel.O0, ExecutionMode.Graph), (PrecisionLevel.O1, ExecutionMode.Graph), (PrecisionLevel.O2, ExecutionMode.Graph), (PrecisionLevel.O1, ExecutionMode.Eager)];
        var reached = losses.Select(run =>
        {
            var model = new SmallDecoder();
            BothModes.SameState(start, model);
            var optimizer = new AdamW(model.Parameters, new ConstantSchedule(1e-2));
            using (MixedPrecision.Use(DType.BF16, run.Item1))
            {
                return Enumerable.Range(0, 30).Select(_ => BothModes.In(run.Item2, () => model.Step(tokens, targets, optimizer)).Item<float>()).ToArray();
            }
        }).ToList();
        Assert.True(reached[0][^1] < 0.7 * reached[0][0], $"f32 went from {reached[0][0]} to {reached[0][^1]}");
        Assert.All(reached, r => Assert.True(Math.Abs(r[^1] - reached[0][^1]) < 0.02 * reached[0][0], $"{r[^1]} beside {reached[0][^1]}"));
        Assert.NotEqual(reached[0][^1], reached[1][^1]);
    }

    private static void Same(Func<Tensor> run, double tolerance) => BothModes.Close(BothModes.In(ExecutionMode.Eager, run), BothModes.Compiled(run), tolerance);

    private static void Gradients(Module model, DType low, PrecisionLevel level, Func<(Tensor Loss, IReadOnlyList<Tensor> Gradients)> run)
    {
        var exact = BothModes.In(ExecutionMode.Graph, run);
        using var precision = MixedPrecision.Use(low, level);
        var eager = BothModes.In(ExecutionMode.Eager, run);
        var before = GraphRuntime.Statistics.Calls;
        var graph = BothModes.In(ExecutionMode.Graph, run);
        Assert.True(GraphRuntime.Statistics.Calls > before, "no compiled graph ran");
        BothModes.Close(eager.Loss, graph.Loss, 2 * Unit(low));
        var all = Math.Sqrt(exact.Gradients.Sum(g => Math.Pow(Norm(g.ToArray<float>()), 2)));
        for (var i = 0; i < exact.Gradients.Count; i++)
        {
            // Master weights: a gradient has its parameter's dtype.
            Assert.Equal(model.Parameters[i].DType, graph.Gradients[i].DType);
            var (e, g, f) = (eager.Gradients[i].ToArray<float>(), graph.Gradients[i].ToArray<float>(), exact.Gradients[i].ToArray<float>());

            // A bias before a norm has no gradient but rounding.
            var norm = Math.Max(Norm(f), 0.1 * all);
            Assert.True(Norm(e, g) <= (level == PrecisionLevel.O3 ? 16 : 8) * Unit(low) * norm, $"{i}, eager to graph: {Norm(e, g) / norm:G3}");
            Assert.True(Norm(f, g) <= (level == PrecisionLevel.O3 ? 80 : 24) * Unit(low) * norm, $"{i}, graph to f32: {Norm(f, g) / norm:G3}");
        }
    }

    private static double Norm(float[] x, float[]? less = null) => Math.Sqrt(x.Select((v, i) => Math.Pow(v - (less?[i] ?? 0.0), 2)).Sum());
}
