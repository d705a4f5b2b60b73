using Unified.Ir;

namespace Unified;

/// <summary>Whole numbers of 4 or 8 bits for real ones: real = scale · (whole - zeroPoint).</summary>
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

    /// <summary>
    /// x · Wᵀ for weights of 4 or 8 bits with a scale for each group of neighbours in a row: W[o, i] = scale[o, i / length] · number[o, i], where length is the
    /// row's length over the number of groups. A graph reads the weights as they are and widens them in registers. No gradient flows to the weights.
    /// </summary>
    /// <param name="x">Shape [.., rows, in], floating point; the kernel of graphs is for f32, other dtypes run by definition.</param>
    /// <param name="weight">Shape [out, in] of i8; or [out, in / 2] of u8, two numbers a byte, the lower half first, each from 0 to 15 and meant minus 8.</param>
    /// <param name="scale">Shape [out, groups], of x's dtype.</param>
    /// <returns>Shape [.., rows, out], of x's dtype.</returns>
    /// <exception cref="ShapeException">Other dtypes; shapes that do not fit; a row that does not fall into that many groups, of 8, 16, 24, … numbers where a byte holds two.</exception>
    [Op(OpCode.QuantizedMatMul)]
    public static Tensor QuantizedMatMul(Tensor x, Tensor weight, Tensor scale) => Eager.Apply(OpCode.QuantizedMatMul, Attributes.Empty, x, weight, scale);

    private static Tensor Scaled(OpCode code, Attributes attributes, Tensor x, Tensor scale, Tensor? zeroPoint) =>
        zeroPoint is null ? Eager.Apply(code, attributes, x, scale) : Eager.Apply(code, attributes, x, scale, zeroPoint);
}
