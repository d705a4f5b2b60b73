using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A layer with weights of 8 bits is close to the one it was made of, by as much as it says.</summary>
[Collection("graphs")]
public class QuantizedLinearTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Both_modes_agree_with_the_rounded_weights(bool bias)
    {
        var layer = new QuantizedLinear(new Linear(70, 33, bias, generator: new Generator(1)));
        var probe = new LayerProbe(layer);
        var x = new Generator(2).Normal([4, 3, 70]);
        var eager = BothModes.In(ExecutionMode.Eager, () => probe.Forward(x));
        BothModes.Close(eager, BothModes.Compiled(() => probe.Forward(x)), 1e-5);
        float[] weight = layer.Weight.Cast(Ir.DType.F32).ToArray<float>(), scale = layer.Scale.ToArray<float>(), input = x.ToArray<float>(), result = eager.ToArray<float>();
        for (var i = 0; i < result.Length; i++)
        {
            var (row, output) = (i / 33, i % 33);
            var sum = Enumerable.Range(0, 70).Sum(k => (double)input[(row * 70) + k] * weight[(output * 70) + k] * scale[output]) + (bias ? layer.Bias!.ToArray<float>()[output] : 0);
            Assert.Equal(sum, result[i], 1e-4);
        }
    }

    [Fact]
    public void Every_weight_is_within_half_a_step_and_the_error_is_what_was_lost()
    {
        var linear = new Linear(50, 20, generator: new Generator(3));
        var layer = new QuantizedLinear(linear);
        float[] exact = linear.Weight.ToArray<float>(), steps = layer.Weight.Cast(Ir.DType.F32).ToArray<float>(), scale = layer.Scale.ToArray<float>();
        double lost = 0, all = 0;
        for (var i = 0; i < exact.Length; i++)
        {
            var difference = Math.Abs(exact[i] - (steps[i] * scale[i / 50]));
            Assert.True(difference <= scale[i / 50] * 0.50001, $"weight {i} lost {difference} of a step of {scale[i / 50]}");
            (lost, all) = (lost + (difference * difference), all + ((double)exact[i] * exact[i]));
        }

        Assert.Equal(Math.Sqrt(lost / all), layer.Error, 1e-5);
        Assert.InRange(layer.Error, 1e-4, 0.01);
    }

    [Fact]
    public void Rows_of_zeros_stay_zero()
    {
        var linear = new Linear(4, 2, bias: false, generator: new Generator(1));
        linear.Weight.Assign(Tensor.Zeros([2, 4]));
        var layer = new QuantizedLinear(linear);
        Assert.Equal([0f, 0f], layer.Forward(Tensor.Ones([1, 4])).ToArray<float>());
        Assert.Equal(0f, layer.Error);
    }
}
