using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Whole numbers of 8 bits and back, and training through their rounding.</summary>
public sealed partial class Rounded : Module
{
    [StaticGraph]
    public (Tensor Whole, Tensor Back) PerRow([Shape("N", "M")] Tensor x)
    {
        var scale = Quantization.SymmetricScalePerRow(x);
        var whole = Ops.Quantize(x, scale, axis: 0);
        return (whole, Ops.Dequantize(whole, scale, axis: 0));
    }

    [StaticGraph]
    public (Tensor Whole, Tensor Back, Tensor Fake) Affine([Shape("N", "M")] Tensor x)
    {
        var (scale, zero) = Quantization.AffineScale(x);
        var whole = Ops.Quantize(x, scale, zero, dtype: DType.U8);
        return (whole, Ops.Dequantize(whole, scale, zero), Quantization.Fake(x, scale, Ops.Cast(zero, DType.F32), 0, 255));
    }

    [StaticGraph]
    public (Tensor Loss, Tensor X, Tensor Scale) Slopes([Shape("N")] Tensor x, Tensor scale)
    {
        var (loss, slopes) = Ops.ValueAndGrad(() => Ops.Sum(Quantization.Fake(x, scale, Ops.Full([], 0), -4, 3)), [x, scale]);
        return (loss, slopes[0], slopes[1]);
    }
}

[Collection("graphs")]
public class QuantizationTests
{
    private static readonly Rounded s_rounded = new();

    public static TheoryData<ExecutionMode> Modes => [ExecutionMode.Eager, ExecutionMode.Graph];

    [Theory]
    [MemberData(nameof(Modes))]
    public void What_comes_back_is_half_a_step_away(ExecutionMode mode)
    {
        var x = new Generator(4).Normal([5, 64]) * Tensor.From<float>([1, 10, 0.01f, 1000, 0], 5, 1);
        var (whole, back) = BothModes.In(mode, () => s_rounded.PerRow(x));
        Assert.Equal(DType.I8, whole.DType);
        var (given, found, steps) = (x.ToArray<float>(), back.ToArray<float>(), whole.ToArray<sbyte>());
        for (var r = 0; r < 5; r++)
        {
            var largest = given.Skip(r * 64).Take(64).Max(Math.Abs);
            Assert.Equal(largest == 0 ? 0 : 127, steps.Skip(r * 64).Take(64).Max(s => Math.Abs((int)s)));
            Assert.All(Enumerable.Range(r * 64, 64), i => Assert.InRange(Math.Abs(given[i] - found[i]), 0, (largest / 254 * 1.0001f) + 1e-12f));
        }

        var (shifted, again, fake) = BothModes.In(mode, () => s_rounded.Affine(Ops.Abs(x[..2]) - 0.25f));
        Assert.Equal(DType.U8, shifted.DType);
        Assert.Equal(again.ToArray<float>(), fake.ToArray<float>());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Rounding_is_to_even_and_stays_in_range(ExecutionMode mode)
    {
        var x = Tensor.From<float>([0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 1000, -1000, 126.6f, float.PositiveInfinity]);
        BothModes.In(mode, () =>
        {
            Assert.Equal([0, 2, 2, 0, -2, 127, -128, 127, 127], Ops.Quantize(x, Tensor.Scalar(1f)).ToArray<sbyte>());
            Assert.Equal([3, 5, 5, 3, 1, 255, 0, 130, 255], Ops.Quantize(x, Tensor.Scalar(1f), Tensor.From<byte>([3]).Reshape([]), dtype: DType.U8).ToArray<byte>());
            return 0;
        });
        Assert.Equal([-6f, 0, 250], Ops.Dequantize(Tensor.From<byte>([0, 3, 128]), Tensor.Scalar(2f), Tensor.From<byte>([3]).Reshape([])).ToArray<float>());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Gradients_pass_the_rounding(ExecutionMode mode)
    {
        var x = Tensor.From<float>([0.3f, -0.7f, 10, -10, 1.1f]);
        var (loss, dx, scale) = BothModes.In(mode, () => s_rounded.Slopes(x, Tensor.Scalar(0.5f)));
        Assert.Equal(0.5f - 0.5f + 1.5f - 2 + 1, loss.Item<float>(), 1e-6f);
        Assert.Equal([1, 1, 0, 0, 1], dx.ToArray<float>());

        // Inside: what rounding added, in steps; outside: the bound.
        Assert.Equal((1 - 0.6f) + (-1 + 1.4f) + 3 - 4 + (2 - 2.2f), scale.Item<float>(), 1e-5f);
    }
}
