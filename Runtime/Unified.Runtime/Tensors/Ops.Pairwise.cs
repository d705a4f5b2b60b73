using Unified.Ir;

namespace Unified;

/// <summary>Elementwise functions of two and three operands; all broadcast.</summary>
public static partial class Ops
{
    /// <summary>The angle of the point (y, x) given as (x: rise, y: run), in (-π, π].</summary>
    [Op(OpCode.Atan2)]
    public static Tensor Atan2(Tensor x, Tensor y) => Eager.Apply(OpCode.Atan2, x, y);

    /// <inheritdoc cref="Atan2(Tensor, Tensor)"/>
    [Op(OpCode.Atan2)]
    public static Tensor Atan2(Tensor x, double y) => Eager.Apply(OpCode.Atan2, x, y);

    /// <summary>√(x²+y²), without overflow.</summary>
    [Op(OpCode.Hypot)]
    public static Tensor Hypot(Tensor x, Tensor y) => Eager.Apply(OpCode.Hypot, x, y);

    /// <inheritdoc cref="Hypot(Tensor, Tensor)"/>
    [Op(OpCode.Hypot)]
    public static Tensor Hypot(Tensor x, double y) => Eager.Apply(OpCode.Hypot, x, y);

    /// <summary>log(exp(x)+exp(y)), without overflow.</summary>
    [Op(OpCode.LogAddExp)]
    public static Tensor LogAddExp(Tensor x, Tensor y) => Eager.Apply(OpCode.LogAddExp, x, y);

    /// <inheritdoc cref="LogAddExp(Tensor, Tensor)"/>
    [Op(OpCode.LogAddExp)]
    public static Tensor LogAddExp(Tensor x, double y) => Eager.Apply(OpCode.LogAddExp, x, y);

    /// <summary>The quotient rounded towards negative infinity.</summary>
    [Op(OpCode.FloorDivide)]
    public static Tensor FloorDivide(Tensor x, Tensor y) => Eager.Apply(OpCode.FloorDivide, x, y);

    /// <inheritdoc cref="FloorDivide(Tensor, Tensor)"/>
    [Op(OpCode.FloorDivide)]
    public static Tensor FloorDivide(Tensor x, double y) => Eager.Apply(OpCode.FloorDivide, x, y);

    /// <summary>The remainder with the sign of the divisor.</summary>
    [Op(OpCode.FloorMod)]
    public static Tensor FloorMod(Tensor x, Tensor y) => Eager.Apply(OpCode.FloorMod, x, y);

    /// <inheritdoc cref="FloorMod(Tensor, Tensor)"/>
    [Op(OpCode.FloorMod)]
    public static Tensor FloorMod(Tensor x, double y) => Eager.Apply(OpCode.FloorMod, x, y);

    /// <summary>(x-y)².</summary>
    [Op(OpCode.SquaredDifference)]
    public static Tensor SquaredDifference(Tensor x, Tensor y) => Eager.Apply(OpCode.SquaredDifference, x, y);

    /// <inheritdoc cref="SquaredDifference(Tensor, Tensor)"/>
    [Op(OpCode.SquaredDifference)]
    public static Tensor SquaredDifference(Tensor x, double y) => Eager.Apply(OpCode.SquaredDifference, x, y);

    /// <summary>The magnitude of x with the sign of y; a zero y counts as positive.</summary>
    [Op(OpCode.CopySign)]
    public static Tensor CopySign(Tensor x, Tensor y) => Eager.Apply(OpCode.CopySign, x, y);

    /// <inheritdoc cref="CopySign(Tensor, Tensor)"/>
    [Op(OpCode.CopySign)]
    public static Tensor CopySign(Tensor x, double y) => Eager.Apply(OpCode.CopySign, x, y);

    /// <summary>The larger; a NaN counts as absent.</summary>
    [Op(OpCode.Fmax)]
    public static Tensor Fmax(Tensor x, Tensor y) => Eager.Apply(OpCode.Fmax, x, y);

    /// <inheritdoc cref="Fmax(Tensor, Tensor)"/>
    [Op(OpCode.Fmax)]
    public static Tensor Fmax(Tensor x, double y) => Eager.Apply(OpCode.Fmax, x, y);

    /// <summary>The smaller; a NaN counts as absent.</summary>
    [Op(OpCode.Fmin)]
    public static Tensor Fmin(Tensor x, Tensor y) => Eager.Apply(OpCode.Fmin, x, y);

    /// <inheritdoc cref="Fmin(Tensor, Tensor)"/>
    [Op(OpCode.Fmin)]
    public static Tensor Fmin(Tensor x, double y) => Eager.Apply(OpCode.Fmin, x, y);

    /// <summary>0 for negative x, 1 for positive, y at 0.</summary>
    [Op(OpCode.Heaviside)]
    public static Tensor Heaviside(Tensor x, Tensor y) => Eager.Apply(OpCode.Heaviside, x, y);

    /// <inheritdoc cref="Heaviside(Tensor, Tensor)"/>
    [Op(OpCode.Heaviside)]
    public static Tensor Heaviside(Tensor x, double y) => Eager.Apply(OpCode.Heaviside, x, y);

    /// <summary>x·log y; 0 where x is 0.</summary>
    [Op(OpCode.Xlogy)]
    public static Tensor Xlogy(Tensor x, Tensor y) => Eager.Apply(OpCode.Xlogy, x, y);

    /// <inheritdoc cref="Xlogy(Tensor, Tensor)"/>
    [Op(OpCode.Xlogy)]
    public static Tensor Xlogy(Tensor x, double y) => Eager.Apply(OpCode.Xlogy, x, y);

    /// <summary>x·log(1+y); 0 where x is 0.</summary>
    [Op(OpCode.Xlog1py)]
    public static Tensor Xlog1py(Tensor x, Tensor y) => Eager.Apply(OpCode.Xlog1py, x, y);

    /// <inheritdoc cref="Xlog1py(Tensor, Tensor)"/>
    [Op(OpCode.Xlog1py)]
    public static Tensor Xlog1py(Tensor x, double y) => Eager.Apply(OpCode.Xlog1py, x, y);

    /// <summary>x·2^y.</summary>
    [Op(OpCode.Ldexp)]
    public static Tensor Ldexp(Tensor x, Tensor y) => Eager.Apply(OpCode.Ldexp, x, y);

    /// <inheritdoc cref="Ldexp(Tensor, Tensor)"/>
    [Op(OpCode.Ldexp)]
    public static Tensor Ldexp(Tensor x, double y) => Eager.Apply(OpCode.Ldexp, x, y);

    /// <summary>|x-y| ≤ absolute + relative·|y|, or both the same infinity; gives bool.</summary>
    [Op(OpCode.IsClose)]
    public static Tensor IsClose(Tensor x, Tensor y, double relative = 1e-5, double absolute = 1e-8) =>
        Eager.Apply(OpCode.IsClose, Attributes.Empty.With("relative", relative).With("absolute", absolute), x, y);

    /// <summary>x + z·(y-x).</summary>
    [Op(OpCode.Lerp)]
    public static Tensor Lerp(Tensor x, Tensor y, Tensor z) =>
        Eager.Apply(OpCode.Lerp, Attributes.Empty, x, y, z);

    /// <summary>x·y + z.</summary>
    [Op(OpCode.MultiplyAdd)]
    public static Tensor MultiplyAdd(Tensor x, Tensor y, Tensor z) =>
        Eager.Apply(OpCode.MultiplyAdd, Attributes.Empty, x, y, z);

    /// <summary>x + scale·y·z.</summary>
    [Op(OpCode.AddMul)]
    public static Tensor AddMul(Tensor x, Tensor y, Tensor z, double scale = 1) =>
        Eager.Apply(OpCode.AddMul, Attributes.Empty.With("scale", scale), x, y, z);

    /// <summary>x + scale·y/z.</summary>
    [Op(OpCode.AddDiv)]
    public static Tensor AddDiv(Tensor x, Tensor y, Tensor z, double scale = 1) =>
        Eager.Apply(OpCode.AddDiv, Attributes.Empty.With("scale", scale), x, y, z);

    /// <summary>The value where the bool mask holds, else x.</summary>
    [Op(OpCode.MaskedFill)]
    public static Tensor MaskedFill(Tensor x, Tensor mask, double value) =>
        Eager.Apply(OpCode.MaskedFill, Attributes.Empty.With("value", value), x, mask);

    /// <summary>
    /// Rounds to f16 or bf16 up or down by chance, so that the mean of many roundings is the number itself: small changes of short weights add up, where to
    /// nearest they would be lost. What the dtype holds stays as it is. Without a gradient.
    /// </summary>
    /// <param name="x">f32, or f64.</param>
    /// <param name="noise">Uniform in [0, 1), of the type of x: <see cref="RandomUniform"/>.</param>
    /// <param name="dtype">f16 or bf16.</param>
    [Op(OpCode.StochasticCast)]
    public static Tensor StochasticCast(Tensor x, Tensor noise, DType dtype) =>
        Eager.Apply(OpCode.StochasticCast, Attributes.Empty.With("dtype", dtype), x, noise);
}
