using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns the low four bits of each lane into that entry of a table of sixteen f32, which lies in registers where the machine can pick lanes by number.</summary>
internal sealed class SixteenEntries
{
    private const int Count = 16, Half = Count / 2;

    private readonly float[] _entries;

    /// <param name="entries">Sixteen numbers.</param>
    public SixteenEntries(params ReadOnlySpan<float> entries)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(entries.Length, Count);
        _entries = entries.ToArray();
    }

    /// <param name="k">Where code goes.</param>
    /// <param name="index">An i32, or sixteen of them; only the low four bits count.</param>
    public LlvmValue At(KernelBuilder k, LlvmValue index)
    {
        var b = k.B;
        if (index.Type.IsVector && k.HasAvx512)
        {
            return b.CallIntrinsic(k.Cpu, "llvm.x86.avx512.permvar.sf.512", [], Constants(k, 0, Count), index);
        }

        if (index.Type.IsVector && k.Cpu.Has("avx2"))
        {
            LlvmValue low = Pick(k, index, 0), high = Pick(k, index, Half);
            return b.Shuffle(low, high, [.. Enumerable.Range(0, Count)]);
        }

        var table = k.Table(this, k.Context.F32, _entries.Select(e => k.Context.F32.Real(e)));
        var place = b.GepUnchecked(k.Context.F32, table, b.ZExt(b.And(index, index.Type.Int(Count - 1)), k.Context.I64.Like(index.Type)));
        return index.Type.IsVector ? k.Gather(k.Context.F32, place, null) : b.Load(k.Context.F32, place);
    }

    // Registers of eight lanes: bit 3 says which half of the table counts.
    private LlvmValue Pick(KernelBuilder k, LlvmValue index, int first)
    {
        var b = k.B;
        var part = b.Permute(index, [.. Enumerable.Range(first, Half)]);
        LlvmValue Of(int entry) => b.CallIntrinsic(k.Cpu, "llvm.x86.avx2.permps", [], Constants(k, entry, Half), part);
        var isHigh = b.ICmp(LlvmIntPredicate.Slt, b.Shl(part, part.Type.Int(28)), part.Type.Zero);
        return b.Select(isHigh, Of(Half), Of(0));
    }

    private LlvmValue Constants(KernelBuilder k, int first, int count) =>
        LlvmValue.ConstantVector([.. _entries.AsSpan(first, count).ToArray().Select(e => k.Context.F32.Real(e))]);
}
