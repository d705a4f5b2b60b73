using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns x into 2^x: the whole part goes to the exponent. f32: 2 to what is left of it, in [0, 1], is a polynomial of degree 5 that is exact at 0 and else within
/// 8.3e-8 of it, by Remez's algorithm; below 3.2 ulp. f64: the series of <see cref="Exponential"/>; below 1.5 ulp.
/// </summary>
internal static class PowerOfTwo
{
    // Operands of instructions: what is left above the next whole number below, without reports; the rounding mode that is set.
    private const int AboveFloor = 9, CurrentRounding = 4;

    public static LlvmValue Emit(KernelBuilder k, LlvmValue x) => Arithmetic.IsDouble(x) ? Double(k, x) : Single(k, x);

    private static LlvmValue Single(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;
        LlvmValue Series(LlvmValue part) => k.Polynomial(part, 1.86713008e-3, 9.01703028e-3, 5.57999131e-2, 2.40164450e-1, 6.93151312e-1, 1);
        if (k.HasAvx512 && x.Type.IsVector)
        {
            // Nothing is left of an infinite x, and the exponent decides.
            LlvmValue zero = x.Type.Zero, all = k.Context.I16.AllOnes, rounding = k.Context.I32.Int(CurrentRounding);
            var part = b.CallIntrinsic(k.Cpu, "llvm.x86.avx512.mask.reduce.ps.512", [], x, k.Context.I32.Int(AboveFloor), zero, all, rounding);
            return b.CallIntrinsic(k.Cpu, "llvm.x86.avx512.mask.scalef.ps.512", [], Series(part), x, zero, all, rounding);
        }

        // Beyond these limits the result is 0 or infinity whatever x is. Adding 1.5·2^23 leaves a whole number in the low bits.
        x = k.Clamp(x, -152, 129);
        var magic = x.Type.Real(12582912);
        var floor = k.Floor(x);
        return k.Scale(Series(b.FSub(x, floor)), b.Sub(k.Bits(b.FAdd(floor, magic)), k.Bits(magic)));
    }

    private static LlvmValue Double(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;
        x = k.Clamp(x, -1076, 1025);

        // Adding 1.5·2^52 rounds to an integer and leaves it in the low bits; of NaN they are no exponent.
        var magic = x.Type.Real(6755399441055744.0);
        var shifted = b.FAdd(x, magic);
        var exponent = b.Sub(k.Bits(shifted), k.Bits(magic));
        var part = b.FSub(x, b.FSub(shifted, magic));
        return k.Scale(Exponential.Series(k, b.FMul(part, x.Type.Real(Math.Log(2)))), b.Select(k.IsNaN(x), exponent.Type.Zero, exponent));
    }
}
