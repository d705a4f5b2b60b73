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
        DType.Bool => value != 0 ? 1 : 0,
        _ when dtype.IsInteger() && Math.Truncate(value) == value && InRange(dtype, value) => value,
        _ => null,
    };

    private static bool InRange(DType dtype, double value) => dtype switch
    {
        DType.U8 => value is >= 0 and <= 255,
        DType.I64 => Math.Abs(value) <= 1L << 53,
        _ => Math.Abs(value) < Math.Pow(2, (8 * dtype.Bytes()) - 1),
    };
}
