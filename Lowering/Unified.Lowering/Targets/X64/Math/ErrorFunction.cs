using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns x into erf x. f32: sixteen segments of a quarter, each with a polynomial of degree 5 that meets erf at Chebyshev's points; below 1.5 ulp.
/// f64: the rational approximations of FreeBSD's s_erf.c; below 2 ulp.
/// </summary>
internal static class ErrorFunction
{
    // Around 0, 1/4, … 15/4, the highest power first. The first segment holds erf x − x, the last one reaches 1 at its end.
    private static readonly SixteenEntries[] s_segments =
    [
        new(
            0.111140989f, 0.0796753541f, 0.00744898291f, -0.0528122857f, -0.0688301697f, -0.0470956936f, -0.0149767483f, 0.00648272783f,
            0.0130098779f, 0.0106418133f, 0.00612995774f, 0.00277092052f, 0.001025707f, 0.000317792059f, 8.34864914e-05f, 1.87549485e-05f),
        new(
            0.000244532188f, 0.126034856f, 0.181910977f, 0.150058091f, 0.0692907274f, -0.0056624976f, -0.0441468768f, -0.0478918403f,
            -0.0344335586f, -0.0191510432f, -0.00868785661f, -0.00329699367f, -0.00106175116f, -0.000292779441f, -6.95540875e-05f, -1.42975459e-05f),
        new(
            -0.376138478f, -0.309168577f, -0.146464497f, 0.0267862752f, 0.138367087f, 0.16753529f, 0.138752654f, 0.0901581123f,
            0.0482234284f, 0.0217246469f, 0.00835001562f, 0.00276030018f, 0.000789046928f, 0.000195786284f, 4.22874691e-05f, 7.96736185e-06f),
        new(
            1.97261272e-07f, -0.264997989f, -0.43938446f, -0.482194632f, -0.415108115f, -0.295654297f, -0.178398088f, -0.092357479f,
            -0.0413340405f, -0.016069822f, -0.00544532714f, -0.00161203451f, -0.000417657371f, -9.48278903e-05f, -1.88872109e-05f, -3.30268949e-06f),
        new(
            0.128379166f, 1.06001413f, 0.87878257f, 0.642931044f, 0.415107489f, 0.236521125f, 0.118930288f, 0.0527749956f,
            0.0206669848f, 0.00714231888f, 0.00217828434f, 0.00058627734f, 0.000139253098f, 2.91890465e-05f, 5.39943358e-06f, 1.06143421e-06f),
        new(
            0f, 0.276326388f, 0.520499885f, 0.711155653f, 0.842700779f, 0.92290014f, 0.966105163f, 0.986671686f,
            0.995322287f, 0.998537302f, 0.99959302f, 0.999899387f, 0.999977887f, 0.999995708f, 0.999999285f, 0.999999881f),
    ];

    public static LlvmValue Emit(KernelBuilder k, LlvmValue x) => Arithmetic.IsDouble(x) ? Double(k, x) : Single(k, x);

    private static LlvmValue Single(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;

        // Just below the end of the last segment, where the result is 1. NaN stays.
        const double Last = 3.8749998;
        var t = k.Abs(x);
        t = b.Select(k.Is(LlvmRealPredicate.Ogt, t, Last), x.Type.Real(Last), t);

        // Adding 1.5·2^21 rounds to quarters and leaves their number in the low bits.
        var magic = x.Type.Real(3145728);
        var shifted = b.FAdd(t, magic);
        var d = b.FSub(t, b.FSub(shifted, magic));
        var segment = k.Bits(shifted);
        var p = s_segments[0].At(k, segment);
        foreach (var coefficients in s_segments.AsSpan()[1..^1])
        {
            p = k.MultiplyAdd(p, d, coefficients.At(k, segment));
        }

        // In the first segment d is x itself, and the rest a small part of it.
        var start = s_segments[^1].At(k, segment);
        start = b.Select(b.FCmp(LlvmRealPredicate.Ogt, start, d), start, d);
        return k.CopySign(k.MultiplyAdd(p, d, start), x);
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
