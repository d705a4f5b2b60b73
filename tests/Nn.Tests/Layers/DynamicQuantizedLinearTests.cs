using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A layer that multiplies whole numbers is close to the one it was made of, and the same in both modes.</summary>
[Collection("graphs")]
public class DynamicQuantizedLinearTests
{
    [Theory]
    [InlineData(70, 33, true, 1)]
    [InlineData(64, 40, false, 3)]
    [InlineData(131, 300, true, 50)]
    public void Both_modes_give_the_sums_of_whole_numbers(int inputs, int outputs, bool bias, int rows)
    {
        var layer = new DynamicQuantizedLinear(new Linear(inputs, outputs, bias, generator: new Generator(1)));
        var probe = new LayerProbe(layer);
        var x = new Generator(2).Normal([rows, inputs]);
        var eager = BothModes.In(ExecutionMode.Eager, () => probe.Forward(x)).ToArray<float>();
        var graph = BothModes.Compiled(() => probe.Forward(x)).ToArray<float>();
        float[] scale = layer.Scale.ToArray<float>(), input = x.ToArray<float>(), added = bias ? layer.Bias!.ToArray<float>() : new float[outputs];
        var weight = layer.Weight.ToArray<sbyte>();
        for (var row = 0; row < rows; row++)
        {
            var values = input.AsSpan(row * inputs, inputs).ToArray();
            var low = Math.Min(0, values.Min());
            var step = (Math.Max(0, values.Max()) - low) / 255f;
            var zero = (int)MathF.Round(-low / step);
            int[] whole = [.. values.Select(v => Math.Clamp((int)MathF.Round(v / step) + zero, 0, 255))];
            for (var o = 0; o < outputs; o++)
            {
                var sum = Enumerable.Range(0, inputs).Sum(k => (whole[k] - zero) * weight[(o * inputs) + k]);
                var expected = (sum * (double)step * scale[o]) + added[o];
                Assert.Equal(expected, eager[(row * outputs) + o], 1e-5);
                Assert.Equal(expected, graph[(row * outputs) + o], 1e-5);
            }
        }
    }

    [Fact]
    public void Rounding_takes_little()
    {
        var linear = new Linear(256, 64, generator: new Generator(5));
        var layer = new DynamicQuantizedLinear(linear);
        var x = new Generator(6).Normal([20, 256]);
        float[] exact = linear.Forward(x).ToArray<float>(), rounded = layer.Forward(x).ToArray<float>();
        var lost = Math.Sqrt(exact.Zip(rounded, (e, r) => (double)(e - r) * (e - r)).Sum() / exact.Sum(e => (double)e * e));
        Assert.InRange(lost, layer.Error / 2, 0.015);
    }

    [Fact]
    public void Rows_of_zeros_and_of_one_sign()
    {
        var linear = new Linear(4, 1, bias: false, generator: new Generator(1));
        linear.Weight.Assign(Tensor.From<float>([1, 2, -1, 0.5f], 1, 4));
        var layer = new DynamicQuantizedLinear(linear);
        var y = layer.Forward(Tensor.From<float>([0, 0, 0, 0, 1, 1, 1, 1, -1, -1, -1, -1], 3, 4)).ToArray<float>();
        Assert.Equal(0, y[0]);
        Assert.Equal(2.5, y[1], 0.02);
        Assert.Equal(-2.5, y[2], 0.02);
    }
}
