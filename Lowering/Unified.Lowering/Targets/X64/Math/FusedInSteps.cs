using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a, b, c into a · b + c on machines without an instruction for it, exact wherever the result is a number of the type, and elsewhere within a hair
/// of half an ulp. f32 goes through f64, which holds every product; f64 carries the product's error along (T. J. Dekker, "A floating-point technique
/// for extending the available precision", 1971).
/// </summary>
internal static class FusedInSteps
{
    /// <summary>Bits of the lower half of a double's mantissa.</summary>
    private const int HalfBits = 27;

    public static LlvmValue Emit(KernelBuilder k, LlvmValue a, LlvmValue b, LlvmValue c) => Arithmetic.IsDouble(a) ? Double(k, a, b, c) : Single(k.B, a, b, c);

    private static LlvmValue Single(LlvmBuilder b, LlvmValue x, LlvmValue y, LlvmValue z)
    {
        var wide = b.Context.F64.Like(x.Type);
        return b.FPTrunc(b.FAdd(b.FMul(b.FPExt(x, wide), b.FPExt(y, wide)), b.FPExt(z, wide)), x.Type);
    }

    private static LlvmValue Double(KernelBuilder k, LlvmValue x, LlvmValue y, LlvmValue z)
    {
        var b = k.B;

        // Where the product is near the largest number, or beyond it, all is less by a power of two until the end.
        var isLarge = b.Not(k.Is(LlvmRealPredicate.Olt, k.Abs(b.FMul(x, y)), Math.Pow(2, 1000)));
        var less = b.Select(isLarge, x.Type.Real(Math.Pow(2, -60)), x.Type.Real(1));
        (x, z) = (b.FMul(x, less), b.FMul(z, less));
        var product = b.FMul(x, y);
        var ((xHigh, xLow), (yHigh, yLow)) = (Halves(k, x), Halves(k, y));
        var error = b.FAdd(b.FSub(b.FMul(xHigh, yHigh), product), b.FMul(xHigh, yLow));
        error = b.FAdd(b.FAdd(error, b.FMul(xLow, yHigh)), b.FMul(xLow, yLow));

        var sum = b.FAdd(product, z);
        var part = b.FSub(sum, product);
        var rest = b.FAdd(b.FSub(product, b.FSub(sum, part)), b.FSub(z, part));
        var fused = b.FAdd(sum, b.FAdd(rest, error));

        // Infinities, NaN, and halves beyond the range: the plain sum says what comes out.
        fused = b.Select(k.Is(LlvmRealPredicate.Olt, k.Abs(fused), double.PositiveInfinity), fused, sum);
        return b.FMul(fused, b.Select(isLarge, x.Type.Real(Math.Pow(2, 60)), x.Type.Real(1)));
    }

    // Both have so few bits that products of them are exact.
    private static (LlvmValue High, LlvmValue Low) Halves(KernelBuilder k, LlvmValue x)
    {
        var i = k.BitsOf(x);
        var high = k.B.BitCast(k.B.And(k.B.Add(k.Bits(x), i.Int(1L << (HalfBits - 1))), i.Int(-1L << HalfBits)), x.Type);
        return (high, k.B.FSub(x, high));
    }
}
