using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns x into e^x. f32: 2^(n/16) from a table times the series of what Cody and Waite's reduction by ln 2 / 16 leaves; below 1.1 ulp.
/// f64: the approximations of Moshier's Cephes library; below 1.5 ulp.
/// </summary>
internal static class Exponential
{
    private const double Log2E = 1.4426950408889634;

    // Operands of instructions: the operand nearer to zero, with the sign of the first; the rounding mode that is set.
    private const int LeastMagnitude = 2, CurrentRounding = 4;

    private static readonly SixteenEntries s_roots = new([.. Enumerable.Range(0, 16).Select(i => (float)Math.Pow(2, i / 16.0))]);

    public static LlvmValue Emit(KernelBuilder k, LlvmValue x) => Arithmetic.IsDouble(x) ? Double(k, x) : Single(k, x);

    private static LlvmValue Single(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;
        var scales = k.HasAvx512 && x.Type.IsVector;

        // Beyond these limits the result is 0 or infinity whatever x is.
        x = scales ? x : k.Clamp(x, -104, 89);

        // Adding 1.5·2^19 rounds to sixteenths and leaves their number in the low bits.
        var magic = x.Type.Real(786432);
        var shifted = k.MultiplyAdd(x, x.Type.Real(Log2E), magic);
        var n = b.FSub(shifted, magic);
        var r = k.MultiplyAdd(n, -0.693359375, x);
        r = k.MultiplyAdd(n, 2.12194440e-4, r);
        if (scales)
        {
            // What is left of a huge x may be anything: kept small, it is positive with the polynomial, and the exponent decides. Of an infinite x it is NaN, which becomes 1.
            r = b.CallIntrinsic(k.Cpu, "llvm.x86.avx512.mask.range.ps.512", [], r, x.Type.Real(1), k.Context.I32.Int(LeastMagnitude), x.Type.Zero, k.Context.I16.AllOnes, k.Context.I32.Int(CurrentRounding));
        }

        var bits = k.Bits(shifted);
        var root = s_roots.At(k, bits);
        var y = k.MultiplyAdd(b.FMul(root, r), k.Polynomial(r, 1.6666667e-1, 0.5, 1), root);
        if (scales)
        {
            return b.CallIntrinsic(
                k.Cpu, "llvm.x86.avx512.mask.scalef.ps.512", [], y, n, x.Type.Zero, k.Context.I16.AllOnes, k.Context.I32.Int(CurrentRounding));
        }

        // All but NaN is in range; y is NaN then, whatever the exponent.
        return k.Scale(y, b.AShr(b.Sub(bits, k.Bits(magic)), bits.Type.Int(4)));
    }

    private static LlvmValue Double(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;
        x = k.Clamp(x, -746, 710);

        // Adding 1.5·2^52 rounds to an integer and leaves it in the low bits.
        var magic = x.Type.Real(6755399441055744.0);
        var shifted = k.MultiplyAdd(x, x.Type.Real(Log2E), magic);
        var n = b.FSub(shifted, magic);
        var exponent = b.Sub(k.Bits(shifted), k.Bits(magic));
        var r = k.MultiplyAdd(n, -6.93145751953125E-1, x);
        r = k.MultiplyAdd(n, -1.42860682030941723212E-6, r);
        var y = Series(k, r);

        // What NaN left in the low bits is no exponent.
        exponent = b.Select(k.IsNaN(x), exponent.Type.Zero, exponent);
        return k.Scale(y, exponent);
    }

    /// <summary>e^r of f64, for r of at most half of ln 2.</summary>
    public static LlvmValue Series(KernelBuilder k, LlvmValue r)
    {
        var b = k.B;
        var z = b.FMul(r, r);
        var p = b.FMul(r, k.Polynomial(z, 1.26177193074810590878E-4, 3.02994407707441961300E-2, 9.99999999999999999910E-1));
        var q = k.Polynomial(z, 3.00198505138664455042E-6, 2.52448340349684104192E-3, 2.27265548208155028766E-1, 2.0);
        return k.MultiplyAdd(b.FDiv(p, b.FSub(q, p)), 2.0, r.Type.Real(1));
    }
}
