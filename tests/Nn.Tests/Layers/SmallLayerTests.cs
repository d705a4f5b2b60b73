using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Layers that the laws of all layers do not reach, against their formulas, in both modes.</summary>
[Collection("graphs")]
public class SmallLayerTests
{
    private static readonly float[] s_values = [-2, -0.6f, -0.5f, 0, 0.5f, 0.6f, 1, 1.5f];

    [Fact]
    public void Bilinear_is_its_sum()
    {
        const int Rows = 3, First = 4, Second = 5, Outputs = 2;
        var layer = new Bilinear(First, Second, Outputs, generator: new Generator(1));
        Tensor x = new Generator(2).Normal([Rows, First]), z = new Generator(3).Normal([Rows, Second]);
        float[] a = x.ToArray<float>(), c = z.ToArray<float>(), w = layer.Weight.ToArray<float>(), b = layer.Bias!.ToArray<float>();
        foreach (var y in (float[][])[BothModes.In(ExecutionMode.Eager, () => layer.Forward(x, z)).ToArray<float>(), BothModes.Compiled(() => layer.Forward(x, z)).ToArray<float>()])
        {
            for (var n = 0; n < Rows; n++)
            {
                for (var k = 0; k < Outputs; k++)
                {
                    double sum = b[k];
                    for (var i = 0; i < First; i++)
                    {
                        for (var j = 0; j < Second; j++)
                        {
                            sum += a[(n * First) + i] * w[(((k * First) + i) * Second) + j] * c[(n * Second) + j];
                        }
                    }

                    Assert.Equal(sum, y[(n * Outputs) + k], 1e-5);
                }
            }
        }
    }

    [Fact]
    public void Thresholds_are_exclusive()
    {
        Check(new HardShrink(0.5), v => Math.Abs(v) > 0.5f ? v : 0);
        Check(new ThresholdedRelu(1), v => v > 1 ? v : 0);
        Check(new Identity(), v => v);
    }

    [Fact]
    public void An_identity_need_not_be_square() => Assert.Equal([1, 0, 0, 0, 1, 0], Initialize.Identity(2, 3).ToArray<float>());

    [Fact]
    public void Channels_become_squares_and_back()
    {
        Tensor x = Tensor.From<float>([.. Enumerable.Range(0, 8 * 6).Select(i => (float)i)], 1, 8, 2, 3);
        var (shuffle, back) = (new LayerProbe(new PixelShuffle(2)), new LayerProbe(new PixelUnshuffle(2)));
        foreach (var y in (Tensor[])[BothModes.In(ExecutionMode.Eager, () => shuffle.Forward(x)), BothModes.Compiled(() => shuffle.Forward(x))])
        {
            Assert.Equal([1, 2, 4, 6], y.Shape.ToArray());
            for (var c = 0; c < 2; c++)
            {
                for (var row = 0; row < 4; row++)
                {
                    for (var column = 0; column < 6; column++)
                    {
                        var from = (c * 4) + (row % 2 * 2) + (column % 2);
                        Assert.Equal((from * 6) + (row / 2 * 3) + (column / 2), y[0, c, row, column].Item<float>());
                    }
                }
            }

            Assert.Equal(x.ToArray<float>(), BothModes.Compiled(() => back.Forward(y)).ToArray<float>());
        }
    }

    [Fact]
    public void Whole_channels_are_dropped()
    {
        var probe = new LayerProbe(new ChannelDropout(0.5f, new Generator(4)));
        var x = Tensor.Ones([4, 16, 3, 2]);
        probe.Train();
        foreach (var y in (Tensor[])[BothModes.In(ExecutionMode.Eager, () => probe.Forward(x)), BothModes.Compiled(() => probe.Forward(x))])
        {
            var channels = y.ToArray<float>().Chunk(6).ToList();
            Assert.All(channels, c => Assert.Single(c.Distinct()));
            Assert.Equal([0f, 2f], channels.Select(c => c[0]).Distinct().Order());
        }

        probe.Evaluate();
        Assert.Equal(x.ToArray<float>(), probe.Forward(x).ToArray<float>());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(2)]
    public void Local_response_is_divided_by_its_neighbours(int size)
    {
        var x = new Generator(7).Normal([2, 6, 3]);
        var values = x.ToArray<float>();
        var probe = new LayerProbe(new LocalResponseNorm(size, 0.5, 0.75, 2));
        foreach (var y in (Tensor[])[BothModes.In(ExecutionMode.Eager, () => probe.Forward(x)), BothModes.Compiled(() => probe.Forward(x))])
        {
            var results = y.ToArray<float>();
            for (var i = 0; i < results.Length; i++)
            {
                var channel = i / 3 % 6;
                var sum = Enumerable.Range(channel - (size / 2), size).Where(c => c is >= 0 and < 6).Sum(c => Math.Pow(values[i + ((c - channel) * 3)], 2));
                Assert.Equal(values[i] / Math.Pow(2 + (0.5 / size * sum), 0.75), results[i], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(BagMode.Sum)]
    [InlineData(BagMode.Mean)]
    [InlineData(BagMode.Max)]
    public void A_bag_is_one_row(BagMode mode)
    {
        var layer = new EmbeddingBag(7, 3, mode, new Generator(8));
        var indices = Tensor.From<int>([1, 6, 6, 0, 2, 5], 2, 3);
        var table = layer.Weight.ToArray<float>();
        foreach (var y in (Tensor[])[BothModes.In(ExecutionMode.Eager, () => layer.Forward(indices)), BothModes.Compiled(() => layer.Forward(indices))])
        {
            var results = y.ToArray<float>();
            for (var i = 0; i < 6; i++)
            {
                var picked = indices.ToArray<int>().AsSpan(i / 3 * 3, 3).ToArray().Select(r => (double)table[(r * 3) + (i % 3)]).ToList();
                Assert.Equal(mode switch { BagMode.Sum => picked.Sum(), BagMode.Mean => picked.Average(), _ => picked.Max() }, results[i], 1e-6);
            }
        }
    }

    [Fact]
    public void Upsampling_is_interpolation()
    {
        var x = new Generator(9).Normal([1, 2, 3, 4]);
        var probe = new LayerProbe(new Upsample(2));
        var expected = Ops.Interpolate(x, [6, 8], "linear");
        BothModes.Close(expected, BothModes.Compiled(() => probe.Forward(x)), 1e-6);
    }

    private static void Check(Layer layer, Func<float, float> formula)
    {
        var x = Tensor.From<float>(s_values, s_values.Length);
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            Assert.Equal([.. s_values.Select(formula)], BothModes.In(mode, () => layer.Forward(x)).ToArray<float>());
        }
    }
}
