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

    private static void Check(Layer layer, Func<float, float> formula)
    {
        var x = Tensor.From<float>(s_values, s_values.Length);
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            Assert.Equal([.. s_values.Select(formula)], BothModes.In(mode, () => layer.Forward(x)).ToArray<float>());
        }
    }
}
