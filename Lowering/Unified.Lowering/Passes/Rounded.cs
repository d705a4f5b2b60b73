using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Numbers as a dtype holds them.</summary>
internal static class Rounded
{
    /// <summary>The nearest value of the dtype, or null where the conversion has no plain answer.</summary>
    public static double? To(DType dtype, double value) => dtype switch
    {
        DType.F64 => value,
        DType.F32 => (float)value,
        DType.F16 => (double)(Half)value,
        DType.BF16 => IsBFloat(value) ? value : null,
        DType.Bool => value != 0 ? 1 : 0,

        // An integer has no negative zero.
        _ when dtype.IsInteger() && Math.Truncate(value) == value && InRange(dtype, value) => value + 0.0,
        _ => null,
    };

    /// <summary>Every value of <paramref name="from"/> is one of <paramref name="to"/>.</summary>
    public static bool Holds(DType to, DType from) => to == from || (from, to) switch
    {
        (DType.Bool, _) => true,
        (DType.U8, DType.I8) => false,
        (_, DType.Bool) => false,
        _ when from.IsInteger() && to.IsInteger() => to != DType.U8 && to.Bytes() > from.Bytes(),
        _ when from.IsInteger() => 8 * from.Bytes() <= Mantissa(to),
        _ when to.IsInteger() => false,
        _ => Mantissa(to) >= Mantissa(from) && to.Bytes() > from.Bytes(),
    };

    private static int Mantissa(DType dtype) => dtype switch { DType.BF16 => 8, DType.F16 => 11, DType.F32 => 24, _ => 53 };

    private static bool IsBFloat(double value) => (float)value == value && (BitConverter.SingleToInt32Bits((float)value) & 0xFFFF) == 0;

    // 2^53 itself may be the rounding of its neighbour.
    private static bool InRange(DType dtype, double value) => dtype switch
    {
        DType.U8 => value is >= 0 and <= 255,
        DType.I64 => Math.Abs(value) < 1L << 53,
        _ => Math.Abs(value) < Math.Pow(2, (8 * dtype.Bytes()) - 1),
    };
}
