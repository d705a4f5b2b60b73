using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns x into e^x: Cody–Waite reduction by ln 2, then the approximations of Moshier's Cephes library. Below 1.5 ulp.</summary>
internal static class Exponential
{
    private const double Log2E = 1.4426950408889634;

    public static LlvmValue Emit(KernelBuilder k, LlvmValue x) => Arithmetic.IsDouble(x) ? Double(k, x) : Single(k, x);

    private static LlvmValue Single(KernelBuilder k, LlvmValue x)
    {
        var b = k.B;

        // Beyond these limits the result is 0 or infinity whatever x is.
        x = k.Clamp(x, -104, 89);
        var n = k.NearestEven(b.FMul(x, x.Type.Real(Log2E)));
        var r = k.MultiplyAdd(n, -0.693359375, x);
        r = k.MultiplyAdd(n, 2.12194440e-4, r);
        var p = k.Polynomial(r, 1.9875691500E-4, 1.3981999507E-3, 8.3334519073E-3, 4.1665795894E-2, 1.6666665459E-1, 5.0000001201E-1);
        var y = b.FAdd(k.MultiplyAdd(p, b.FMul(r, r), r), x.Type.Real(1));
        if (k.HasAvx512 && x.Type.Lanes == 16)
        {
            return b.CallIntrinsic(
                k.Cpu, "llvm.x86.avx512.mask.scalef.ps.512", [], y, n, x.Type.Zero, k.Context.I16.AllOnes, k.Context.I32.Int(4));
        }

        // All but NaN is in range; y is NaN then, whatever the exponent.
        return k.Scale(y, b.FPToSI(b.Select(k.IsNaN(n), n.Type.Zero, n), k.BitsOf(x)));
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
        var z = b.FMul(r, r);
        var p = b.FMul(r, k.Polynomial(z, 1.26177193074810590878E-4, 3.02994407707441961300E-2, 9.99999999999999999910E-1));
        var q = k.Polynomial(z, 3.00198505138664455042E-6, 2.52448340349684104192E-3, 2.27265548208155028766E-1, 2.0);
        var y = k.MultiplyAdd(b.FDiv(p, b.FSub(q, p)), 2.0, x.Type.Real(1));

        // What NaN left in the low bits is no exponent.
        exponent = b.Select(k.IsNaN(x), exponent.Type.Zero, exponent);
        return k.Scale(y, exponent);
    }
}
