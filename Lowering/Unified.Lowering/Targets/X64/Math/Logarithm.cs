using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns x into ln x: f32 after Moshier's Cephes library, f64 after FreeBSD's e_log.c. Below 1.5 ulp.</summary>
internal static class Logarithm
{
    public static LlvmValue Emit(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;
        var (f, n) = Split(k, x);
        var y = Arithmetic.IsDouble(x) ? Double(k, f, n) : Single(k, f, n);
        y = b.Select(k.Is(LlvmRealPredicate.Oeq, x, double.PositiveInfinity), x, y);
        y = b.Select(k.Is(LlvmRealPredicate.Oeq, x, 0), x.Type.Real(double.NegativeInfinity), y);
        return b.Select(k.Is(LlvmRealPredicate.Uge, x, 0), b.Select(k.IsNaN(x), x, y), x.Type.Real(double.NaN));
    }

    /// <summary>f and n with x = (1 + f) · 2^n and 1 + f between √½ and √2, for a positive finite x.</summary>
    public static (LlvmValue Fraction, LlvmValue Exponent) Split(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;
        var (mantissa, _) = Arithmetic.Format(x.Type);
        var isDouble = Arithmetic.IsDouble(x);
        var tiny = k.Is(LlvmRealPredicate.Olt, x, isDouble ? double.BitIncrement(0) * Math.Pow(2, 52) : Math.Pow(2, -126));
        var normal = b.Select(tiny, b.FMul(x, x.Type.Real(Math.Pow(2, mantissa))), x);
        var bits = k.Bits(normal);
        var i = bits.Type;
        var rootHalf = i.Int(isDouble ? BitConverter.DoubleToInt64Bits(Math.Sqrt(0.5)) : BitConverter.SingleToInt32Bits(MathF.Sqrt(0.5f)));
        var exponent = b.AShr(b.Sub(bits, rootHalf), i.Int(mantissa));
        var f = b.FSub(b.BitCast(b.Sub(bits, b.Shl(exponent, i.Int(mantissa))), x.Type), x.Type.Real(1));
        var n = b.SIToFP(exponent, x.Type);
        return (f, b.FAdd(n, b.Select(tiny, x.Type.Real(-mantissa), x.Type.Zero)));
    }

    private static LlvmValue Single(KernelBuilder k, LlvmValue f, LlvmValue n)
    {
        var b = k.B;
        var z = b.FMul(f, f);
        var y = k.Polynomial(
            f, 7.0376836292E-2, -1.1514610310E-1, 1.1676998740E-1, -1.2420140846E-1, 1.4249322787E-1,
            -1.6668057665E-1, 2.0000714765E-1, -2.4999993993E-1, 3.3333331174E-1);
        y = b.FMul(b.FMul(y, f), z);
        y = k.MultiplyAdd(n, -2.12194440e-4, y);
        y = k.MultiplyAdd(z, -0.5, y);
        return k.MultiplyAdd(n, 0.693359375, b.FAdd(f, y));
    }

    private static LlvmValue Double(KernelBuilder k, LlvmValue f, LlvmValue n)
    {
        var b = k.B;
        var s = b.FDiv(f, b.FAdd(f, f.Type.Real(2)));
        var z = b.FMul(s, s);
        var r = b.FMul(z, k.Polynomial(
            z, 1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
            2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01));
        var half = b.FMul(b.FMul(f, f), f.Type.Real(0.5));
        var low = k.MultiplyAdd(n, 1.90821492927058770002e-10, b.FMul(s, b.FAdd(half, r)));
        return b.FSub(b.FMul(n, f.Type.Real(6.93147180369123816490e-01)), b.FSub(b.FSub(half, low), f));
    }
}
