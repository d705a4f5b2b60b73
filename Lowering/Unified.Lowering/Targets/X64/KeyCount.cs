using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns a length in memory into the number of keys that count, checked.</summary>
internal static class KeyCount
{
    /// <param name="buffer">Where the lengths are.</param>
    /// <param name="address">Of the length.</param>
    /// <returns>The length as i64; <paramref name="keys"/> where it is not from <paramref name="least"/> to that, which sets the status word.</returns>
    public static LlvmValue Emit(KernelBuilder k, int buffer, LlvmValue address, LlvmValue least, LlvmValue keys)
    {
        var b = k.B;
        var length = b.IntCast(b.Load(k.ElementOf(buffer), address), k.Context.I64, signed: true);
        var good = b.And(b.ICmp(LlvmIntPredicate.Sge, length, least), b.ICmp(LlvmIntPredicate.Sle, length, keys));
        k.If(b.Not(good), () => b.Store(k.I64(1), k.Status));
        return b.Select(good, length, keys);
    }
}
