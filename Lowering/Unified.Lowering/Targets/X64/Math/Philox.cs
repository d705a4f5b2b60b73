using Unified.Ir;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns (key, block, element number) into uniform numbers: Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers:
/// as easy as 1, 2, 3" (SC 2011).
/// </summary>
internal static class Philox
{
    private const int Rounds = 10;
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>Element <paramref name="counter"/> of the stream as a number in [0, 1).</summary>
    public static LlvmValue Uniform(KernelBuilder k, DType type, LlvmValue seed, LlvmValue offset, LlvmValue counter)
    {
        var b = k.B;
        var i64 = counter.Type;
        var words = Block(k, seed, b.Add(offset, b.LShr(counter, i64.Int(2))));
        var word = words[3];
        for (var i = 2; i >= 0; i--)
        {
            word = b.Select(b.ICmp(LlvmIntPredicate.Eq, b.And(counter, i64.Int(3)), i64.Int(i)), words[i], word);
        }

        if (type == DType.F64)
        {
            return b.FMul(b.UIToFP(word, k.Context.F64.Like(i64)), k.Context.F64.Like(i64).Real(Math.Pow(2, -32)));
        }

        var f32 = k.Context.F32.Like(i64);
        return Numbers.Round(b, b.FMul(b.SIToFP(b.LShr(word, word.Type.Int(8)), f32), f32.Real(Math.Pow(2, -24))), type);
    }

    private static LlvmValue[] Block(KernelBuilder k, LlvmValue key, LlvmValue counter)
    {
        var b = k.B;
        var i64 = counter.Type;
        var i32 = k.Context.I32.Like(i64);
        LlvmValue Low(LlvmValue x) => b.Trunc(x, i32);
        LlvmValue High(LlvmValue x) => b.Trunc(b.LShr(x, i64.Int(32)), i32);
        LlvmValue Product(LlvmValue x, uint multiplier) => b.Mul(b.ZExt(x, i64), i64.Int(multiplier));
        LlvmValue[] c = [Low(counter), High(counter), i32.Zero, i32.Zero];
        LlvmValue k0 = Low(key), k1 = High(key);
        for (var round = 0; round < Rounds; round++)
        {
            LlvmValue p0 = Product(c[0], Multiplier0), p1 = Product(c[2], Multiplier1);
            c = [b.Xor(b.Xor(High(p1), c[1]), k0), Low(p1), b.Xor(b.Xor(High(p0), c[3]), k1), Low(p0)];
            (k0, k1) = (b.Add(k0, i32.Int(Weyl0)), b.Add(k1, i32.Int(Weyl1)));
        }

        return c;
    }
}
