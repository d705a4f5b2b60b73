using Unified.Ir;

namespace Unified.Conformance.Tests;

/// <summary>Values at which functions are hard.</summary>
internal static class Specials
{
    private static readonly double[] Common = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, 1, -1, 100, -100];

    public static double Of(DType dtype, int draw)
    {
        var largest = Largest(dtype);
        double[] all = [.. Common, largest, -largest, Smallest(dtype), -Smallest(dtype)];
        return all[draw % all.Length];
    }

    /// <summary>The largest finite value.</summary>
    public static double Largest(DType dtype) => dtype switch
    {
        DType.F16 => 65504,
        DType.BF16 => BitConverter.UInt32BitsToSingle(0x7f7f0000),
        DType.F32 => float.MaxValue,
        _ => double.MaxValue,
    };

    /// <summary>The smallest normal value: what is below may be flushed to zero.</summary>
    public static double Smallest(DType dtype) => dtype switch
    {
        DType.F16 => Math.Pow(2, -14),
        DType.F64 => Math.Pow(2, -1022),
        _ => Math.Pow(2, -126),
    };
}
