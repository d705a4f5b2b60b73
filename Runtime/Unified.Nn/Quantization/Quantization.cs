using static Unified.Ops;

namespace Unified.Nn;

/// <summary>Scales for whole numbers of 8 bits, and training that knows of their rounding.</summary>
public static partial class Quantization
{
    /// <summary>The scale by which the largest magnitude of x is 127, for i8 without a zero point; 1 where all of x is 0. One number, or one for each element of an axis.</summary>
    [StaticGraph]
    public static Tensor SymmetricScale(Tensor x)
    {
        var largest = MaxAbs(x);
        return Select(largest > 0.0, largest / 127.0, 1.0);
    }

    /// <summary>As <see cref="SymmetricScale(Tensor)"/>, one for each row of x [rows, ...]: a weight's outputs.</summary>
    [StaticGraph]
    public static Tensor SymmetricScalePerRow(Tensor x)
    {
        var largest = MaxAbs(Flatten(x, 1), 1);
        return Select(largest > 0.0, largest / 127.0, 1.0);
    }

    /// <summary>Scale and zero point (u8) by which the least of x and 0 is 0 and the largest of x and 0 is 255.</summary>
    [StaticGraph]
    public static (Tensor Scale, Tensor ZeroPoint) AffineScale(Tensor x)
    {
        var (low, high) = (Minimum(Min(x), 0.0), Maximum(Max(x), 0.0));
        var scale = Select(high > low, (high - low) / 255.0, 1.0);
        return (scale, Cast(Clamp(Round(-low / scale), 0, 255), Ir.DType.U8));
    }

    /// <summary>
    /// x as it is after <see cref="Ops.Quantize"/> and <see cref="Ops.Dequantize"/> with whole numbers low … high. Gradients flow as if nothing was rounded: to x
    /// where it lies inside of the range (Bengio et al., arXiv:1308.3432), and to the scale (Esser et al., arXiv:1902.08153).
    /// </summary>
    /// <param name="x">Real numbers.</param>
    /// <param name="scale">Broadcasts with x.</param>
    /// <param name="zeroPoint">The whole number for 0; broadcasts with x; of x's dtype.</param>
    /// <param name="low">The least whole number.</param>
    /// <param name="high">The largest whole number.</param>
    [StaticGraph]
    public static Tensor Fake(Tensor x, Tensor scale, Tensor zeroPoint, int low = -128, int high = 127)
    {
        var exact = Clamp((x / scale) + zeroPoint, low, high);
        var rounded = exact + StopGradient(Round(exact) - exact);
        return (rounded - zeroPoint) * scale;
    }
}
