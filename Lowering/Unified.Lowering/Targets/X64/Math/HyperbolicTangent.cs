using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns x into tanh x: a short odd approximation near 0 (Moshier's Cephes library), 1 − 2 / (e^2|x| + 1) elsewhere. Below 2 ulp.</summary>
internal static class HyperbolicTangent
{
    private const double Near = 0.625;

    public static LlvmValue Emit(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;
        var magnitude = k.Abs(x);
        var one = x.Type.Real(1);
        var e = Exponential.Emit(k, b.FAdd(magnitude, magnitude));
        var far = b.FSub(one, b.FDiv(x.Type.Real(2), b.FAdd(e, one)));
        var z = b.FMul(x, x);
        var series = Arithmetic.IsDouble(x)
            ? b.FDiv(
                k.Polynomial(z, -9.64399179425052238628E-1, -9.92877231001918586564E1, -1.61468768441708447952E3),
                k.Polynomial(z, 1, 1.12811678491632931402E2, 2.23548839060100448583E3, 4.84406305325125486048E3))
            : k.Polynomial(z, -5.70498872745E-3, 2.06390887954E-2, -5.37397155531E-2, 1.33314422036E-1, -3.33332819422E-1);
        var near = k.MultiplyAdd(b.FMul(x, z), series, x);
        return b.Select(k.Is(LlvmRealPredicate.Olt, magnitude, Near), near, k.CopySign(far, x));
    }
}
