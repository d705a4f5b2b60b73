using Unified.Ir;

namespace Unified;

/// <summary>Whole numbers of 8 bits for real ones: real = scale · (whole - zeroPoint).</summary>
public static partial class Ops
{
    /// <summary>round(x / scale) + zeroPoint, ties to even, as i8 (-128 … 127) or u8 (0 … 255); what lies beyond is the nearest of these.</summary>
    /// <param name="x">Real numbers.</param>
    /// <param name="scale">One number, or a vector along the axis, of x's dtype.</param>
    /// <param name="zeroPoint">The whole number for 0, of the scale's shape and the result's dtype; null: 0.</param>
    /// <param name="axis">Where x has one element for each of a vector's.</param>
    /// <param name="dtype">i8 or u8.</param>
    [Op(OpCode.Quantize)]
    public static Tensor Quantize(Tensor x, Tensor scale, Tensor? zeroPoint = null, int axis = -1, DType dtype = DType.I8) =>
        Scaled(OpCode.Quantize, Attributes.Empty.With("axis", (long)axis).With("dtype", dtype), x, scale, zeroPoint);

    /// <summary>scale · (x - zeroPoint) for x of i8, u8 or i32, as the scale's dtype.</summary>
    /// <param name="x">Whole numbers.</param>
    /// <param name="scale">One number, or a vector along the axis.</param>
    /// <param name="zeroPoint">Of the scale's shape and x's dtype; null: 0.</param>
    /// <param name="axis">Where x has one element for each of a vector's.</param>
    [Op(OpCode.Dequantize)]
    public static Tensor Dequantize(Tensor x, Tensor scale, Tensor? zeroPoint = null, int axis = -1) =>
        Scaled(OpCode.Dequantize, Attributes.Empty.With("axis", (long)axis), x, scale, zeroPoint);

    private static Tensor Scaled(OpCode code, Attributes attributes, Tensor x, Tensor scale, Tensor? zeroPoint) =>
        zeroPoint is null ? Eager.Apply(code, attributes, x, scale) : Eager.Apply(code, attributes, x, scale, zeroPoint);
}
