using Unified.Ir;

namespace Unified.Lowering.Tests.X64;

/// <summary>Numbers as the types of a kernel hold them, and distances in units of the last place.</summary>
internal static class Rounding
{
    public static double To(double value, DType type) => type switch
    {
        DType.Bool => value != 0 ? 1 : 0,
        DType.U8 => unchecked((byte)(long)value),
        DType.I8 => unchecked((sbyte)(long)value),
        DType.I16 => unchecked((short)(long)value),
        DType.I32 => unchecked((int)(long)value),
        DType.I64 => (long)value,
        DType.F16 => (double)(Half)value,
        DType.BF16 => BFloat16(value),
        DType.F32 => (float)value,
        _ => value,
    };

    public static float BFloat16(double value)
    {
        // Ties are decided on the double: of the two neighbours the nearer, or the one with an even last bit.
        var single = (float)value;
        if (!float.IsFinite(single))
        {
            return single;
        }

        var down = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(single) & 0xffff0000);
        if (Math.Abs(down) > Math.Abs(value))
        {
            down = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(down) - 0x10000);
        }

        var up = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(down) + 0x10000);
        double below = Math.Abs(value - down), above = Math.Abs((float.IsInfinity(up) ? Math.CopySign(Math.Pow(2, 128), up) : up) - value);
        var even = (BitConverter.SingleToUInt32Bits(down) & 0x10000) == 0;
        return below < above || (below == above && even) ? down : up;
    }

    /// <summary>|actual − expected| in units of the last place of an f32 near the expected value; 0 if both are NaN or the same infinity.</summary>
    public static double Ulps(double actual, double expected, DType type)
    {
        if (double.IsNaN(expected) || double.IsNaN(actual))
        {
            return double.IsNaN(expected) && double.IsNaN(actual) ? 0 : double.PositiveInfinity;
        }

        var rounded = To(expected, type);
        if (double.IsInfinity(rounded) || double.IsInfinity(actual))
        {
            return rounded == actual ? 0 : double.PositiveInfinity;
        }

        var (smallest, bits) = type == DType.F64 ? (-1074, 52) : (-149, 23);
        var exponent = expected == 0 ? smallest : Math.Max(smallest, Math.ILogB(expected) - bits);
        return Math.Abs(actual - expected) / Math.Pow(2, Math.Max(exponent, -1022)) * (exponent < -1022 ? Math.Pow(2, -1022 - exponent) : 1);
    }
}
