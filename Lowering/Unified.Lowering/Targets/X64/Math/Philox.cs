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
        var word = i64.IsVector ? Words(k, seed, offset, counter) : Each(k, seed, offset, counter);
        if (type == DType.F64)
        {
            return b.FMul(b.UIToFP(word, k.Context.F64.Like(i64)), k.Context.F64.Like(i64).Real(Math.Pow(2, -32)));
        }

        var f32 = k.Context.F32.Like(i64);
        return Numbers.Round(k, b.FMul(b.SIToFP(b.LShr(word, word.Type.Int(8)), f32), f32.Real(Math.Pow(2, -24))), type);
    }

    /// <summary>Lanes that are neighbours from a multiple of four on share blocks: four lanes one.</summary>
    private static LlvmValue Words(KernelBuilder k, LlvmValue seed, LlvmValue offset, LlvmValue counter)
    {
        var b = k.B;
        LlvmValue First(LlvmValue x) => b.ExtractElement(x, 0);
        LlvmValue Differs(LlvmValue x, LlvmValue y) => k.Any(b.ICmp(LlvmIntPredicate.Ne, x, y));
        LlvmValue Same(LlvmValue x) => b.Splat(First(x), KernelBuilder.Lanes);
        var start = First(counter);
        var mixed = b.Or(b.Or(Differs(counter, k.LaneIndices(start)), Differs(seed, Same(seed))), Differs(offset, Same(offset)));
        var odd = b.ICmp(LlvmIntPredicate.Ne, b.And(start, k.I64(3)), k.I64(0));
        return k.If(b.Or(mixed, odd), () => [Each(k, seed, offset, counter)], () => [Shared(k, First(seed), First(offset), start)])[0];
    }

    private static LlvmValue Shared(KernelBuilder k, LlvmValue seed, LlvmValue offset, LlvmValue start)
    {
        const int Blocks = KernelBuilder.Lanes / 4;
        var b = k.B;
        var first = b.Add(offset, b.LShr(start, k.I64(2)));
        var words = Block(k, b.Splat(seed, Blocks), b.Add(b.Splat(first, Blocks), b.Iota(k.Context.I64, Blocks)));
        int[] join = [.. Enumerable.Range(0, 2 * Blocks)];
        LlvmValue low = b.Shuffle(words[0], words[1], join), high = b.Shuffle(words[2], words[3], join);
        return b.Shuffle(low, high, [.. Enumerable.Range(0, KernelBuilder.Lanes).Select(lane => (lane % 4 * Blocks) + (lane / 4))]);
    }

    private static LlvmValue Each(KernelBuilder k, LlvmValue seed, LlvmValue offset, LlvmValue counter)
    {
        var b = k.B;
        var i64 = counter.Type;
        var words = Block(k, seed, b.Add(offset, b.LShr(counter, i64.Int(2))));
        var word = words[3];
        for (var i = 2; i >= 0; i--)
        {
            word = b.Select(b.ICmp(LlvmIntPredicate.Eq, b.And(counter, i64.Int(3)), i64.Int(i)), words[i], word);
        }

        return word;
    }

    /// <summary>The four words of a block, lane by lane. Inside, a word is the low half of an i64, and what is above it does not count.</summary>
    private static LlvmValue[] Block(KernelBuilder k, LlvmValue key, LlvmValue counter)
    {
        var b = k.B;
        var i64 = counter.Type;
        var i32 = k.Context.I32.Like(i64);
        LlvmValue High(LlvmValue x) => b.LShr(x, i64.Int(32));
        LlvmValue Product(LlvmValue x, uint multiplier) => b.Mul(b.And(x, i64.Int(uint.MaxValue)), i64.Int(multiplier));
        LlvmValue[] c = [counter, High(counter), i64.Zero, i64.Zero];
        LlvmValue k0 = key, k1 = High(key);
        for (var round = 0; round < Rounds; round++)
        {
            LlvmValue p0 = Product(c[0], Multiplier0), p1 = Product(c[2], Multiplier1);
            c = [b.Xor(b.Xor(High(p1), c[1]), k0), p1, b.Xor(b.Xor(High(p0), c[3]), k1), p0];
            (k0, k1) = (b.Add(k0, i64.Int(Weyl0)), b.Add(k1, i64.Int(Weyl1)));
        }

        return [.. c.Select(word => b.Trunc(word, i32))];
    }
}
