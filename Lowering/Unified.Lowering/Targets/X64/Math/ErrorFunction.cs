using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns x into erf x. f32: two minimax polynomials, x·P(x²) near 0 and 1 − e^(−|x|·Q(|x|)) elsewhere (after N. Juffa); below 2 ulp.
/// f64: the rational approximations of FreeBSD's s_erf.c; below 2 ulp.
/// </summary>
internal static class ErrorFunction
{
    public static LlvmValue Emit(KernelBuilder k, LlvmValue x) => Arithmetic.IsDouble(x) ? Double(k, x) : Single(k, x);

    private static LlvmValue Single(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;

        // From 4 on the result is 1; the limit keeps the powers below finite.
        var t = b.Select(k.Is(LlvmRealPredicate.Ogt, k.Abs(x), 8), x.Type.Real(8), k.Abs(x));
        var s = b.FMul(t, t);
        var r = k.Polynomial(t, -1.72853470e-5, 3.83197126e-4);
        r = k.MultiplyAdd(r, s, k.Polynomial(t, -3.88396438e-3, 2.42546219e-2));
        r = k.MultiplyAdd(r, t, -1.06777877e-1);
        r = k.MultiplyAdd(r, t, -6.34846687e-1);
        r = k.MultiplyAdd(r, t, -1.28717512e-1);
        r = k.MultiplyAdd(r, t, b.FNeg(t));
        var far = k.CopySign(b.FSub(x.Type.Real(1), Exponential.Emit(k, r)), x);
        var p = k.Polynomial(s, -5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1);
        return b.Select(k.Is(LlvmRealPredicate.Ogt, t, 0.927734375), far, k.MultiplyAdd(p, x, x));
    }

    private static LlvmValue Double(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;
        var a = k.Abs(x);
        var z = b.FMul(x, x);
        var small = k.MultiplyAdd(x, Rational(k, z,
            [-2.37630166566501626084e-05, -5.77027029648944159157e-03, -2.84817495755985104766e-02, -3.25042107247001499370e-01, 1.28379167095512558561e-01],
            [-3.96022827877536812320e-06, 1.32494738004321644526e-04, 5.08130628187576562776e-03, 6.50222499887672944485e-02, 3.97917223959155352819e-01, 1]), x);
        var s = b.FSub(a, x.Type.Real(1));
        var middle = b.FAdd(x.Type.Real(8.45062911510467529297e-01), Rational(k, s,
            [-2.16637559486879084300e-03, 3.54783043256182359371e-02, -1.10894694282396677476e-01, 3.18346619901161753674e-01,
                -3.72207876035701323847e-01, 4.14856118683748331666e-01, -2.36211856075265944077e-03],
            [1.19844998467991074170e-02, 1.36370839120290507362e-02, 1.26171219808761642112e-01, 7.18286544141962662868e-02,
                5.40397917702171048937e-01, 1.06420880400844228286e-01, 1]));

        // Above 6 the result is 1 to the last bit.
        var limited = b.Select(k.Is(LlvmRealPredicate.Ogt, a, 6), x.Type.Real(6), a);
        var square = b.FMul(limited, limited);
        var inverse = b.FDiv(x.Type.Real(1), square);
        var outer = b.Select(
            k.Is(LlvmRealPredicate.Olt, a, 1 / 0.35),
            Rational(k, inverse,
                [-9.81432934416914548592e+00, -8.12874355063065934246e+01, -1.84605092906711035994e+02, -1.62396669462573470355e+02,
                    -6.23753324503260060396e+01, -1.05586262253232909814e+01, -6.93858572707181764372e-01, -9.86494403484714822705e-03],
                [-6.04244152148580987438e-02, 6.57024977031928170135e+00, 1.08635005541779435134e+02, 4.29008140027567833386e+02,
                    6.45387271733267880336e+02, 4.34565877475229228821e+02, 1.37657754143519042600e+02, 1.96512716674392571292e+01, 1]),
            Rational(k, inverse,
                [-4.83519191608651397019e+02, -1.02509513161107724954e+03, -6.37566443368389627722e+02, -1.60636384855821916062e+02,
                    -1.77579549177547519889e+01, -7.99283237680523006574e-01, -9.86494292470009928597e-03],
                [-2.24409524465858183362e+01, 4.74528541206955367215e+02, 2.55305040643316442583e+03, 3.19985821950859553908e+03,
                    1.53672958608443695994e+03, 3.25792512996573918826e+02, 3.03380607434824582924e+01, 1]));
        var tail = Exponential.Emit(k, b.FAdd(b.FNeg(square), b.FAdd(outer, x.Type.Real(-0.5625))));
        var far = b.FSub(x.Type.Real(1), b.FDiv(tail, limited));
        var result = b.Select(k.Is(LlvmRealPredicate.Olt, a, 1.25), middle, far);
        result = b.Select(k.Is(LlvmRealPredicate.Ult, a, 0.84375), small, k.CopySign(result, x));
        return b.Select(k.IsNaN(x), x, result);
    }

    private static LlvmValue Rational(KernelBuilder k, LlvmValue x, ReadOnlySpan<double> above, ReadOnlySpan<double> below) =>
        k.B.FDiv(k.Polynomial(x, above), k.Polynomial(x, below));
}
