using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A layer with weights of 4 or 8 bits in groups is close to the one it was made of, by as much as it says.</summary>
[Collection("graphs")]
public class GroupQuantizedLinearTests
{
    [Theory]
    [InlineData(4, 64, 33, 32, true, 1)]
    [InlineData(4, 128, 300, 64, false, 2)]
    [InlineData(4, 40, 70, 8, true, 3)]
    [InlineData(4, 128, 130, 128, true, 5)]
    [InlineData(8, 64, 33, 16, true, 1)]
    [InlineData(8, 45, 200, 9, false, 4)]
    [InlineData(4, 256, 96, 32, false, 40)]
    public void Both_modes_agree_with_the_rounded_weights(int bits, int inputs, int outputs, int group, bool bias, int rows)
    {
        var layer = new GroupQuantizedLinear(new Linear(inputs, outputs, bias, generator: new Generator(1)), group, bits);
        var probe = new LayerProbe(layer);
        var x = new Generator(2).Normal([rows, 3, inputs]);
        var eager = BothModes.In(ExecutionMode.Eager, () => probe.Forward(x));
        var input = x.ToArray<float>();
        var weight = Weights(layer, inputs);
        var added = bias ? layer.Bias!.ToArray<float>() : new float[outputs];
        foreach (var result in new[] { eager, BothModes.Compiled(() => probe.Forward(x)) })
        {
            var values = result.ToArray<float>();
            for (var i = 0; i < values.Length; i++)
            {
                var (row, output) = (i / outputs, i % outputs);
                var (sum, size) = (0.0, 1.0);
                for (var k = 0; k < inputs; k++)
                {
                    var term = (double)input[(row * inputs) + k] * weight[(output * inputs) + k];
                    (sum, size) = (sum + term, size + Math.Abs(term));
                }

                Assert.True(Math.Abs(sum + added[output] - values[i]) <= 1e-6 * size, $"element {i} is {values[i]}, not {sum + added[output]}");
            }
        }
    }

    [Theory]
    [InlineData(4, 0.03, 0.11)]
    [InlineData(8, 0.001, 0.01)]
    public void The_error_is_what_was_lost(int bits, double least, double most)
    {
        var linear = new Linear(128, 20, deviation: 0.02f, generator: new Generator(3));
        var layer = new GroupQuantizedLinear(linear, 32, bits);
        var exact = linear.Weight.ToArray<float>();
        var rounded = Weights(layer, 128);
        var lost = Math.Sqrt(exact.Zip(rounded, (e, r) => (e - r) * (e - r)).Sum() / exact.Sum(e => (double)e * e));
        Assert.Equal(lost, layer.Error, 1e-5);
        Assert.InRange(layer.Error, least, most);
    }

    [Fact]
    public void The_scale_is_chosen_by_what_it_loses()
    {
        // By the extreme alone a step would be 1, and the others would be lost.
        var linear = new Linear(32, 1, bias: false, generator: new Generator(3));
        linear.Weight.Assign(Tensor.From<float>([1.2f, .. Enumerable.Range(0, 31).Select(i => (i % 3) - 1f)], 1, 32));
        var layer = new GroupQuantizedLinear(linear, 32);
        Assert.InRange(layer.Error, 0, 0.045);
        Assert.Equal(1.2, Weights(layer, 32)[0], 0.12);
    }

    [Fact]
    public void Groups_of_zeros_stay_zero()
    {
        var linear = new Linear(8, 2, bias: false, generator: new Generator(1));
        linear.Weight.Assign(Tensor.Zeros([2, 8]));
        var layer = new GroupQuantizedLinear(linear, 8);
        Assert.Equal([0f, 0f], layer.Forward(Tensor.Ones([1, 8])).ToArray<float>());
        Assert.Equal(0f, layer.Error);
    }

    [Fact]
    public void Groups_that_do_not_fit_are_errors()
    {
        var linear = new Linear(12, 2, generator: new Generator(1));
        Assert.Equal("12 inputs do not fall into groups of 5, a multiple of 8 (Parameter 'groupSize')", Assert.Throws<ArgumentException>(() => new GroupQuantizedLinear(linear, 5)).Message);
        Assert.Throws<ArgumentException>(() => new GroupQuantizedLinear(linear, 6));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GroupQuantizedLinear(linear, 4, bits: 5));
    }

    private static double[] Weights(GroupQuantizedLinear layer, int inputs)
    {
        var scale = layer.Scale.ToArray<float>();
        double[] numbers = layer.Bits == 8 ? [.. layer.Weight.ToArray<sbyte>().Select(n => (double)n)]
            : [.. layer.Weight.ToArray<byte>().SelectMany(b => new double[] { (b & 15) - 8, (b >> 4) - 8 })];
        return [.. numbers.Select((n, i) => n * scale[(i / inputs * (inputs / layer.GroupSize)) + (i % inputs / layer.GroupSize)])];
    }
}
