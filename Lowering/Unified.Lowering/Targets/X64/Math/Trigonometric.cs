using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns x into sin x or cos x. The reduction to a quarter turn works in f64: by π/2 in parts, and for huge x by a table of 2/π
/// (<see cref="TwoOverPi"/>), which costs only where some lane needs it. Then the polynomials of Moshier's Cephes library (f32) and
/// FreeBSD's k_sin.c and k_cos.c (f64). Below 1.5 ulp for every finite x.
/// </summary>
internal static class Trigonometric
{
    private const double PiHalf = 1.5707963267948966;
    private const double PiHalfLow = 6.123233995736766e-17;
    private const double PiHalfLowest = -1.4973849048591833e-33;

    public static LlvmValue Sin(KernelBuilder k, LlvmValue x) => Emit(k, x, quarters: 0);

    public static LlvmValue Cos(KernelBuilder k, LlvmValue x) => Emit(k, x, quarters: 1);

    private static LlvmValue Emit(KernelBuilder k, LlvmValue x, int quarters)
    {
        var b = k.B;
        var isDouble = Arithmetic.IsDouble(x);
        var wide = isDouble ? x : b.FPExt(x, k.Context.F64.Like(x.Type));
        var (n, high, low) = Reduce(k, wide, isDouble);
        var (sine, cosine) = isDouble ? Double(k, high, low) : Single(k, b.FPTrunc(high, x.Type));
        var i = n.Type;
        var turn = b.Add(n, i.Int(quarters));
        LlvmValue Bit(int bit) => b.ICmp(LlvmIntPredicate.Ne, b.And(turn, i.Int(bit)), i.Zero);
        var result = b.Select(Bit(1), cosine, sine);
        result = b.Select(Bit(2), b.FNeg(result), result);

        return b.Select(k.Is(LlvmRealPredicate.Olt, k.Abs(x), double.PositiveInfinity), result, x.Type.Real(double.NaN));
    }

    /// <summary>n and r with x = n·π/2 + r and |r| ≤ π/4; only n mod 4 counts.</summary>
    private static (LlvmValue N, LlvmValue High, LlvmValue Low) Reduce(KernelBuilder k, LlvmValue x, bool accurate)
    {
        var b = k.B;
        var limit = accurate ? Math.Pow(2, 30) : Math.Pow(2, 28);
        var magic = x.Type.Real(6755399441055744.0);
        var shifted = k.MultiplyAdd(x, x.Type.Real(2 / Math.PI), magic);
        var n = b.FSub(shifted, magic);
        var turns = b.And(k.Bits(shifted), k.BitsOf(x).Int(3));
        var first = k.Fused(n, -PiHalf, x);
        var high = k.Fused(n, -PiHalfLow, first);
        var error = k.Fused(n, -PiHalfLow, b.FSub(first, high));
        var low = k.MultiplyAdd(n, -PiHalfLowest, error);
        var huge = b.And(k.Is(LlvmRealPredicate.Oge, k.Abs(x), limit), k.Is(LlvmRealPredicate.Olt, k.Abs(x), double.PositiveInfinity));
        var merged = k.If(
            k.Any(huge),
            () =>
            {
                var (n2, high2, low2) = ReduceHuge(k, x, huge, accurate);
                return [b.Select(huge, n2, turns), b.Select(huge, high2, high), b.Select(huge, low2, low)];
            },
            () => [turns, high, low]);
        return (merged[0], merged[1], merged[2]);
    }

    private static (LlvmValue N, LlvmValue High, LlvmValue Low) ReduceHuge(KernelBuilder k, LlvmValue x, LlvmValue huge, bool accurate)
    {
        var b = k.B;

        // The 24 bits of an f32 and parts of 29 bits multiply without error; f64 needs the error terms.
        var (first, last, mantissa, bits) = accurate ? (-22, 971, 52, 53) : (5, 104, 23, 29);
        const int Parts = 3;
        var safe = b.Select(huge, x, x.Type.Real(Math.Pow(2, 31)));
        var i = k.BitsOf(x);
        var row = b.Sub(b.And(b.LShr(k.Bits(safe), i.Int(52)), i.Int(0x7ff)), i.Int(1023 + mantissa + first));
        var m = b.BitCast(b.Or(b.And(k.Bits(safe), i.Int(unchecked((long)0x800fffffffffffff))), i.Int((1023L + mantissa) << 52)), x.Type);
        var table = TwoOverPi.Table(k, TwoOverPi.Factors(first, last, Parts, bits));
        LlvmValue Product(int part, out LlvmValue error)
        {
            var factor = TwoOverPi.Part(k, table, row, Parts, part);
            var product = b.FMul(m, factor);
            error = k.Fused(m, factor, b.FNeg(product));
            return product;
        }

        var p0 = Product(0, out var e0);
        var p1 = Product(1, out var e1);
        var p2 = Product(2, out _);
        p0 = k.MultiplyAdd(k.NearestEven(b.FMul(p0, x.Type.Real(0.25))), -4.0, p0);
        p1 = k.MultiplyAdd(k.NearestEven(b.FMul(p1, x.Type.Real(0.25))), -4.0, p1);
        var (s, t) = TwoSum(b, p0, e0);
        var (u, v) = TwoSum(b, s, p1);
        var rest = b.FAdd(b.FAdd(t, v), b.FAdd(e1, p2));
        var n = k.NearestEven(b.FAdd(u, rest));
        var (fraction, tail) = TwoSum(b, b.FSub(u, n), rest);
        var high = b.FMul(fraction, x.Type.Real(PiHalf));
        var low = b.FAdd(
            k.Fused(fraction, x.Type.Real(PiHalf), b.FNeg(high)),
            k.MultiplyAdd(fraction, x.Type.Real(PiHalfLow), b.FMul(tail, x.Type.Real(PiHalf))));
        var magic = x.Type.Real(6755399441055744.0);
        return (b.And(k.Bits(b.FAdd(n, magic)), i.Int(3)), high, low);
    }

    private static (LlvmValue Sum, LlvmValue Error) TwoSum(LlvmBuilder b, LlvmValue x, LlvmValue y)
    {
        var sum = b.FAdd(x, y);
        var part = b.FSub(sum, x);
        return (sum, b.FAdd(b.FSub(x, b.FSub(sum, part)), b.FSub(y, part)));
    }

    private static (LlvmValue Sine, LlvmValue Cosine) Single(KernelBuilder k, LlvmValue r)
    {
        var b = k.B;
        var z = b.FMul(r, r);
        var sine = k.MultiplyAdd(b.FMul(k.Polynomial(z, -1.9515295891E-4, 8.3321608736E-3, -1.6666654611E-1), z), r, r);
        var cosine = k.Polynomial(z, 2.443315711809948E-005, -1.388731625493765E-003, 4.166664568298827E-002);
        return (sine, b.FAdd(k.MultiplyAdd(z, -0.5, b.FMul(b.FMul(cosine, z), z)), r.Type.Real(1)));
    }

    private static (LlvmValue Sine, LlvmValue Cosine) Double(KernelBuilder k, LlvmValue r, LlvmValue low)
    {
        var b = k.B;
        var one = r.Type.Real(1);
        var z = b.FMul(r, r);
        var v = b.FMul(z, r);
        var s = k.Polynomial(
            z, 1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06, -1.98412698298579493134e-04, 8.33333333332248946124e-03);

        // r − ((z·(low/2 − v·s) − low) − v·S1)
        var inner = b.FSub(b.FMul(low, r.Type.Real(0.5)), b.FMul(v, s));
        var bracket = k.MultiplyAdd(v, 1.66666666666666324348e-01, b.FSub(b.FMul(z, inner), low));
        var sine = b.FSub(r, bracket);
        var c = b.FMul(z, k.Polynomial(
            z, -1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07, 2.48015872894767294178e-05,
            -1.38888888888741095749e-03, 4.16666666666666019037e-02));
        var half = b.FMul(z, r.Type.Real(0.5));
        var w = b.FSub(one, half);
        var cosine = b.FAdd(w, b.FAdd(b.FSub(b.FSub(one, w), half), b.FSub(b.FMul(z, c), b.FMul(r, low))));
        return (sine, cosine);
    }
}
