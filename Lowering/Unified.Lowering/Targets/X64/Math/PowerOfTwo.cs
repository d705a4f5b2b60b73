using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns x of f32 into 2^x: the whole part goes to the exponent, and 2 to what is left of it, in [0, 1], is a polynomial of degree 5 that is exact at 0 and else within
/// 8.3e-8 of it, by Remez's algorithm.
/// </summary>
internal static class PowerOfTwo
{
    // Operands of instructions: what is left above the next whole number below, without reports; the rounding mode that is set.
    private const int AboveFloor = 9, CurrentRounding = 4;

    public static LlvmValue Emit(KernelBuilder k, LlvmValue x)
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

        // Beyond these limits the result is 0 or infinity whatever x is. Adding 1.5·2^23 rounds to a whole number and leaves it in the low bits.
        x = k.Clamp(x, -152, 129);
        var magic = x.Type.Real(12582912);
        var shifted = b.FAdd(b.FSub(x, x.Type.Real(0.5)), magic);
        return k.Scale(Series(b.FSub(x, b.FSub(shifted, magic))), b.Sub(k.Bits(shifted), k.Bits(magic)));
    }
}
