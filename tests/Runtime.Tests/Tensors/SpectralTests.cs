using Unified.Ir;

namespace Unified.Tests;

/// <summary>A transform and its inverse give back what was transformed; Rfft and Fft are compared with ONNX Runtime elsewhere.</summary>
public class SpectralTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(64)]
    public void Inverses_undo_transforms(int size)
    {
        var x = Check.Random(DType.F64, [3, size], -1, 1, 4);
        Same(x, Ops.Irfft(Ops.Rfft(x), size));
        var z = Check.Random(DType.F64, [2, size, 2], -1, 1, 5);
        Same(z, Ops.Fft(Ops.Fft(z), inverse: true));
    }

    [Fact]
    public void A_wave_has_one_frequency()
    {
        var wave = Tensor.From<double>([.. Enumerable.Range(0, 8).Select(i => Math.Sin(2 * Math.PI * 3 * i / 8))], 8);
        double[] expected = [0, 0, 0, 0, 0, 0, 0, -4, 0, 0];
        Same(Tensor.From<double>(expected, 5, 2), Ops.Rfft(wave));
    }

    private static void Same(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Type, actual.Type);
        Assert.All(expected.ToArray<double>().Zip(actual.ToArray<double>()), p => Assert.Equal(p.First, p.Second, 1e-12));
    }
}
