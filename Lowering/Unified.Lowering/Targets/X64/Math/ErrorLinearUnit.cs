using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns x into GELU, x · Φ(x). f32: the larger of x and 0, less |x| · Φ(−|x|), of which sixteen segments of x · √½, a quarter each, have a polynomial of degree 5 that meets it at Chebyshev's points; within 2e-7 of
/// positive results and 4e-6 of negative ones, and of all of them within 4e-7. f64 by its definition.
/// </summary>
internal static class ErrorLinearUnit
{
    // Operands of instructions: the operand nearer to zero, without its sign; the rounding mode that is set.
    private const int LeastMagnitude = 10, CurrentRounding = 4;

    // By class of number, four bits each from the lowest on: NaN stays, as do 0, 1, infinity and what is positive; negative infinity becomes NaN, and what else is negative 0.
    private const int KeepPositive = 0x18131122;

    // x, of which the place in the last segment is just before its end: Φ is 0 there.
    private const double Last = 5.48;

    // Around 0, 1/4, … 15/4, the highest power first.
    private static readonly SixteenEntries[] s_segments =
    [
        new(
            -0.0552455299f, -0.039837677f, -0.00372449146f, 0.0264061429f, 0.0344150849f, 0.0235478468f, 0.00748837413f, -0.00324136391f,
            -0.00650493894f, -0.00532090664f, -0.00306497887f, -0.00138546026f, -0.000512853498f, -0.000158896029f, -4.17432457e-05f, -0.0111701619f),
        new(
            -0.000218139583f, -0.0630174279f, -0.0909554884f, -0.0750290453f, -0.0346453637f, 0.0028312488f, 0.0220734384f, 0.0239459202f,
            0.0172167793f, 0.00957552157f, 0.0043439283f, 0.00164849684f, 0.000530875579f, 0.000146389721f, 3.47770438e-05f, 5.57886187e-06f),
        new(
            0.18807894f, 0.154584289f, 0.0732322484f, -0.0133931376f, -0.0691835433f, -0.0837676451f, -0.0693763271f, -0.0450790562f,
            -0.0241117142f, -0.0108623235f, -0.00417500781f, -0.00138015009f, -0.000394523464f, -9.78931421e-05f, -2.11437346e-05f, 0.000213904699f),
        new(
            -4.85932162e-07f, 0.132498994f, 0.21969223f, 0.241097316f, 0.207554057f, 0.147827148f, 0.0891990438f, 0.0461787395f,
            0.0206670202f, 0.00803491101f, 0.00272266357f, 0.000806017255f, 0.000208828686f, 4.74139451e-05f, 9.44360545e-06f, 1.66988298e-06f),
        new(
            -0.564189553f, -0.530007064f, -0.439391285f, -0.321465522f, -0.207553744f, -0.118260562f, -0.0594651438f, -0.0263874978f,
            -0.0103334924f, -0.00357115944f, -0.00108914217f, -0.00029313867f, -6.96265488e-05f, -1.45945232e-05f, -2.69971679e-06f, -1.29147065e-06f),
        new(
            0.5f, 0.361836821f, 0.239750057f, 0.144422188f, 0.0786496028f, 0.0385499336f, 0.0169474259f, 0.0066641639f,
            0.0023388674f, 0.000731358479f, 0.000203476171f, 5.03110605e-05f, 1.10452929e-05f, 2.15140562e-06f, 3.71553881e-07f, 5.68402783e-08f),
    ];

    public static LlvmValue Emit(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;
        if (Arithmetic.IsDouble(x))
        {
            return b.FMul(x, k.MultiplyAdd(ErrorFunction.Emit(k, b.FMul(x, x.Type.Real(Math.Sqrt(0.5)))), 0.5, x.Type.Real(0.5)));
        }

        var (t, positive) = k.HasAvx512 && x.Type.IsVector ? Split(k, x) : Select(k, x);

        // Adding 1.5·2^21 rounds to quarters and leaves their number in the low bits.
        LlvmValue magic = x.Type.Real(3145728), rootHalf = x.Type.Real(Math.Sqrt(0.5)), shifted = k.MultiplyAdd(t, rootHalf, magic);
        var d = k.MultiplyAdd(t, rootHalf, b.FNeg(b.FSub(shifted, magic)));
        var segment = k.Bits(shifted);
        var p = s_segments[0].At(k, segment);
        foreach (var coefficients in s_segments.AsSpan()[1..])
        {
            p = k.MultiplyAdd(p, d, coefficients.At(k, segment));
        }

        return k.MultiplyAdd(b.FNeg(t), p, positive);
    }

    private static (LlvmValue Magnitude, LlvmValue Positive) Split(KernelBuilder k, LlvmValue x)
    {
        LlvmValue all = k.Context.I16.AllOnes, rounding = k.Context.I32.Int(CurrentRounding);
        return (
            k.B.CallIntrinsic(k.Cpu, "llvm.x86.avx512.mask.range.ps.512", [], x, x.Type.Real(Last), k.Context.I32.Int(LeastMagnitude), x.Type.Zero, all, rounding),
            k.B.CallIntrinsic(k.Cpu, "llvm.x86.avx512.mask.fixupimm.ps.512", [], x, x, k.BitsOf(x).Int(KeepPositive), k.Context.I32.Int(0), all, rounding));
    }

    private static (LlvmValue Magnitude, LlvmValue Positive) Select(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;
        var t = k.Abs(x);
        var positive = b.Select(k.Is(LlvmRealPredicate.Olt, x, 0), x.Type.Zero, x);
        return (b.Select(k.Is(LlvmRealPredicate.Ogt, t, Last), x.Type.Real(Last), t), b.Select(k.Is(LlvmRealPredicate.Oeq, x, double.NegativeInfinity), x.Type.Real(double.NaN), positive));
    }
}
