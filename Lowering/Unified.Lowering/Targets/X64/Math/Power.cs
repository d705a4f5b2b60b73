using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns x, y into x^y, as e^(y·ln |x|) with the special cases of C99's pow (annex F.9.4.4). f32 works in f64; f64 carries the
/// logarithm in two doubles. Below 1 ulp in f32, 2 ulp in f64. Integers by repeated squaring, with wrap-around.
/// </summary>
internal static class Power
{
    public static LlvmValue Emit(KernelBuilder k, LlvmValue x, LlvmValue y)
    {
        if (Arithmetic.IsDouble(x))
        {
            return Double(k, x, y, accurate: true);
        }

        var wide = k.Context.F64.Like(x.Type);
        return k.B.FPTrunc(Double(k, k.B.FPExt(x, wide), k.B.FPExt(y, wide), accurate: false), x.Type);
    }

    public static LlvmValue Integer(KernelBuilder k, LlvmValue x, LlvmValue y, bool unsigned)
    {
        var b = k.B;
        var type = x.Type;
        LlvmValue one = type.Int(1);
        var power = k.Repeat([one, x, y], v =>
        {
            var odd = b.ICmp(LlvmIntPredicate.Ne, b.And(v[2], one), type.Zero);
            var rest = b.LShr(v[2], one);
            return ([b.Select(odd, b.Mul(v[0], v[1]), v[0]), b.Mul(v[1], v[1]), rest], k.Any(b.ICmp(LlvmIntPredicate.Ne, rest, type.Zero)));
        })[0];
        if (unsigned)
        {
            return power;
        }

        // 1 / x^|y| is 0 unless x is 1 or −1; those two have the period 2, so that the bits of a negative y serve as they are.
        var unit = b.Or(b.ICmp(LlvmIntPredicate.Eq, x, one), b.ICmp(LlvmIntPredicate.Eq, x, type.AllOnes));
        return b.Select(b.And(b.ICmp(LlvmIntPredicate.Slt, y, type.Zero), b.Not(unit)), type.Zero, power);
    }

    private static LlvmValue Double(KernelBuilder k, LlvmValue x, LlvmValue y, bool accurate)
    {
        var b = k.B;
        var one = x.Type.Real(1);
        var magnitude = k.Abs(x);
        var result = accurate ? Accurate(k, magnitude, y) : Exponential.Emit(k, b.FMul(y, Logarithm.Emit(k, magnitude)));

        var whole = b.FCmp(LlvmRealPredicate.Oeq, k.Floor(y), y);
        var half = b.FMul(y, y.Type.Real(0.5));
        var odd = b.And(whole, b.FCmp(LlvmRealPredicate.One, k.Floor(half), half));
        var negative = b.ICmp(LlvmIntPredicate.Slt, k.Bits(x), k.BitsOf(x).Zero);
        result = b.Select(b.And(negative, odd), b.FNeg(result), result);

        // A negative number has no power that is not whole; an infinity on either side counts as whole.
        var finite = b.And(k.Is(LlvmRealPredicate.Olt, x, 0), k.Is(LlvmRealPredicate.Ogt, x, double.NegativeInfinity));
        result = b.Select(b.And(finite, b.Not(whole)), x.Type.Real(double.NaN), result);
        var unit = b.Or(
            k.Is(LlvmRealPredicate.Oeq, x, 1),
            b.And(k.Is(LlvmRealPredicate.Oeq, x, -1), k.Is(LlvmRealPredicate.Oeq, k.Abs(y), double.PositiveInfinity)));
        return b.Select(b.Or(unit, k.Is(LlvmRealPredicate.Oeq, y, 0)), one, result);
    }

    private static LlvmValue Accurate(KernelBuilder k, LlvmValue x, LlvmValue y)
    {
        var b = k.B;
        var (f, n) = Logarithm.Split(k, x);

        // s = f / (2 + f), high and low.
        var (d, dLow) = FastSum(b, f.Type.Real(2), f);
        var s = b.FDiv(f, d);
        var sLow = b.FDiv(b.FSub(k.Fused(b.FNeg(s), d, f), b.FMul(s, dLow)), d);

        // ln(1 + f) = 2s + 2/3·s³ + s⁵·P(s²).
        var (z, zLow) = Product(k, s, s);
        zLow = k.MultiplyAdd(b.FAdd(s, s), sLow, zLow);
        var (cube, cubeLow) = Product(k, z, s);
        cubeLow = b.FAdd(cubeLow, k.MultiplyAdd(z, sLow, b.FMul(zLow, s)));
        var (third, thirdLow) = Product(k, cube, f.Type.Real(2.0 / 3));
        thirdLow = b.FAdd(thirdLow, k.MultiplyAdd(cubeLow, 2.0 / 3, b.FMul(cube, f.Type.Real(3.700743415417189e-17))));
        var tail = b.FMul(b.FMul(cube, z), k.Polynomial(
            z, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5));
        var (sum, low) = FastSum(b, b.FAdd(s, s), third);
        low = b.FAdd(low, b.FAdd(b.FAdd(b.FAdd(sLow, sLow), thirdLow), tail));
        var (whole, wholeLow) = Product(k, n, f.Type.Real(Math.Log(2)));
        wholeLow = k.MultiplyAdd(n, 2.3190468138462996e-17, wholeLow);
        var (log, error) = Sum(b, whole, sum);
        error = b.FAdd(error, b.FAdd(wholeLow, low));

        // y·ln x, high and low; e^low is 1 + low.
        var (product, rest) = Product(k, y, log);
        rest = k.MultiplyAdd(y, error, rest);
        var (main, small) = FastSum(b, product, rest);
        var power = Exponential.Emit(k, main);
        var corrected = k.MultiplyAdd(power, small, power);

        // Outside the range of numbers the two-part arithmetic meets infinities; the plain product says which way it goes.
        var plain = b.FMul(y, Logarithm.Emit(k, x));
        var ordinary = b.And(Finite(k, x), k.Is(LlvmRealPredicate.Olt, k.Abs(plain), 1000));
        return b.Select(ordinary, b.Select(Finite(k, power), corrected, power), Exponential.Emit(k, plain));
    }

    private static LlvmValue Finite(KernelBuilder k, LlvmValue x) => k.Is(LlvmRealPredicate.Olt, k.Abs(x), double.PositiveInfinity);

    private static (LlvmValue High, LlvmValue Low) Product(KernelBuilder k, LlvmValue x, LlvmValue y)
    {
        var product = k.B.FMul(x, y);
        return (product, k.Fused(x, y, k.B.FNeg(product)));
    }

    /// <summary>For |x| ≥ |y|.</summary>
    private static (LlvmValue High, LlvmValue Low) FastSum(LlvmBuilder b, LlvmValue x, LlvmValue y)
    {
        var sum = b.FAdd(x, y);
        return (sum, b.FSub(y, b.FSub(sum, x)));
    }

    private static (LlvmValue High, LlvmValue Low) Sum(LlvmBuilder b, LlvmValue x, LlvmValue y)
    {
        var sum = b.FAdd(x, y);
        var part = b.FSub(sum, x);
        return (sum, b.FAdd(b.FSub(x, b.FSub(sum, part)), b.FSub(y, part)));
    }
}
