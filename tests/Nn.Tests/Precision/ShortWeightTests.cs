using Unified.Ir;
using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>A bf16 parameter that steps take down by less than its last place.</summary>
public sealed partial class ShortWeight : Module
{
    public ShortWeight(bool roundsStochastically, float rate = 1e-4f)
    {
        using (Initialize.In(DType.BF16))
        {
            Weight = Initialize.Constant(1, 4096);
        }

        Generator.Default.Seed(11);
        Optimizer = new Sgd([Weight], new ConstantSchedule(rate)) { RoundsStochastically = roundsStochastically };
    }

    public Parameter Weight { get; }

    public Optimizer Optimizer { get; }

    [StaticGraph]
    public Tensor Run([Shape(4096)] Tensor gradient)
    {
        Optimizer.Step([gradient]);
        return Weight;
    }
}

/// <summary>Weights of 16 bits: rounding by chance, and training without f32 weights.</summary>
[Collection("graphs")]
public class ShortWeightTests
{
    [Theory]
    [InlineData(DType.BF16)]
    [InlineData(DType.F16)]
    public void Rounding_by_chance_is_right_in_the_mean_and_keeps_what_is_exact(DType dtype)
    {
        var state = new Generator(5).State;
        foreach (var value in (float[])[1.001f, -1.001f, 0.3333f, 1234.567f, -7.77e-3f, 1.9999f, 3.1e-6f])
        {
            using var x = Tensor.Filled([100_000], value);
            var rounded = Cast(StochasticCast(x, RandomUniform(state, [100_000]), dtype), DType.F32).ToArray<float>();
            var ends = rounded.Distinct().Order().ToArray();
            Assert.Equal(2, ends.Length);
            Assert.True(ends[0] < value && value < ends[1], $"{value} became {ends[0]} and {ends[1]}");

            // Neighbours: nothing lies between.
            using var middle = Cast(Cast(Tensor.Scalar((ends[0] + ends[1]) / 2), dtype), DType.F32);
            Assert.Contains(middle.Item<float>(), ends);
            Assert.Equal(value, rounded.Average(), (ends[1] - ends[0]) * 0.01);
        }

        foreach (var exact in (float[])[0, -0f, 1, -2.5f, 0.0078125f, 65280, float.PositiveInfinity, float.NegativeInfinity])
        {
            using var x = Tensor.Filled([1000], exact);
            Assert.All(Cast(StochasticCast(x, RandomUniform(state, [1000]), dtype), DType.F32).ToArray<float>(), v => Assert.Equal(exact, v));
        }

        Assert.All(Cast(StochasticCast(Tensor.Filled([9], float.NaN), RandomUniform(state, [9]), dtype), DType.F32).ToArray<float>(), v => Assert.True(float.IsNaN(v)));
    }

    [Fact]
    public void Both_modes_draw_the_same_and_small_steps_add_up()
    {
        var (eager, graph, nearest) = (new ShortWeight(true), new ShortWeight(true), new ShortWeight(false));
        using var gradient = Tensor.Ones([4096], DType.BF16);
        for (var t = 0; t < 20; t++)
        {
            BothModes.In(ExecutionMode.Eager, () => eager.Run(gradient));
            BothModes.Compiled(() => graph.Run(gradient));
            BothModes.Compiled(() => nearest.Run(gradient));
            BothModes.Close(eager.Weight, graph.Weight, 0);
        }

        // 20 steps of 1e-4; half a place below 1 is 2e-3.
        Assert.Equal(1 - 2e-3, Mean(Cast(graph.Weight, DType.F32)).Item<float>(), 3e-4);
        Assert.All(Cast(nearest.Weight, DType.F32).ToArray<float>(), v => Assert.Equal(1, v));
        Assert.Contains(graph.Optimizer.NamedState(), s => ReferenceEquals(s.Tensor, graph.Optimizer.RoundingState));
    }

    [Fact]
    public void Rounding_goes_on_from_a_checkpoint_with_the_same_bits()
    {
        var (whole, half, resumed) = (new ShortWeight(true), new ShortWeight(true), new ShortWeight(true));
        using var gradient = Tensor.Ones([4096], DType.BF16);
        for (var t = 0; t < 6; t++)
        {
            BothModes.Compiled(() => whole.Run(gradient));
            if (t < 3)
            {
                BothModes.Compiled(() => half.Run(gradient));
            }
        }

        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");
        Safetensors.Save(path, half.NamedState());
        Safetensors.Open(path).LoadInto(resumed.NamedState());
        File.Delete(path);
        for (var t = 3; t < 6; t++)
        {
            BothModes.Compiled(() => resumed.Run(gradient));
        }

        BothModes.Close(whole.Weight, resumed.Weight, 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_decoder_without_f32_weights_learns(bool roundsStochastically)
    {
        Generator.Default.Seed(7);
        SmallDecoder model;
        using (Initialize.In(DType.BF16))
        {
            model = new SmallDecoder();
        }

        Assert.All(model.Parameters, p => Assert.Equal(DType.BF16, p.DType));
        var tokens = Tensor.From<int>([1, 4, 9, 2, 10, 0, 3, 3, 7, 5], 2, 5);
        var targets = Tensor.From<int>([4, 9, 2, 10, 0, 3, 3, 7, 5, 1], 2, 5);
        var optimizer = new AdamW(model.Parameters, new ConstantSchedule(1e-2)) { RoundsStochastically = roundsStochastically };
        using (MixedPrecision.Use(DType.BF16, PrecisionLevel.O3))
        {
            var losses = Enumerable.Range(0, 30).Select(_ => Cast(BothModes.Compiled(() => model.Step(tokens, targets, optimizer)), DType.F32).Item<float>()).ToArray();
            Assert.True(losses[^1] < 0.7 * losses[0], $"{losses[0]} to {losses[^1]}");
            Assert.Equal(DType.BF16, BothModes.Compiled(() => model.Gradients(tokens, targets).Gradients[0]).DType);
        }

        Assert.Throws<ArgumentException>(() => Initialize.In(DType.I32));
    }
}
