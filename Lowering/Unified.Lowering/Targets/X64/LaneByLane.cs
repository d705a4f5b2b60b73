using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns loads and stores under a mask into loops over the lanes that are set, through room on the stack: for machines and types that have no instruction
/// for it. LLVM would write each lane's branch out, which is several times the code.
/// </summary>
internal static class LaneByLane
{
    /// <param name="k">Where code goes.</param>
    /// <param name="element">The type of the elements.</param>
    /// <param name="pointer">Lane 0 in memory.</param>
    /// <param name="mask">The lanes to load; the others are 0.</param>
    /// <param name="room">Aligned memory for sixteen elements.</param>
    public static LlvmValue Load(KernelBuilder k, LlvmType element, LlvmValue pointer, LlvmValue mask, LlvmValue room)
    {
        var type = element.Vector(KernelBuilder.Lanes);
        k.B.Store(type.Zero, room, KernelBuilder.Line);
        Each(k, mask, lane => k.B.Store(k.B.Load(element, k.B.Gep(element, pointer, lane)), k.B.Gep(element, room, lane)));
        return k.B.Load(type, room, KernelBuilder.Line);
    }

    public static void Store(KernelBuilder k, LlvmValue value, LlvmValue pointer, LlvmValue mask, LlvmValue room)
    {
        var element = value.Type.Scalar;
        k.B.Store(value, room, KernelBuilder.Line);
        Each(k, mask, lane => k.B.Store(k.B.Load(element, k.B.Gep(element, room, lane)), k.B.Gep(element, pointer, lane)));
    }

    private static void Each(KernelBuilder k, LlvmValue mask, Action<LlvmValue> body)
    {
        var (b, i64) = (k.B, k.Context.I64);
        var bits = b.ZExt(b.BitCast(mask, k.Context.Int(KernelBuilder.Lanes)), i64);
        k.If(b.ICmp(LlvmIntPredicate.Ne, bits, i64.Zero), () => k.Repeat([bits], left =>
        {
            body(b.CallIntrinsic("llvm.cttz", [i64], left[0], k.Context.I1.AllOnes));
            var rest = b.And(left[0], b.Sub(left[0], i64.Int(1)));
            return ([rest], b.ICmp(LlvmIntPredicate.Ne, rest, i64.Zero));
        }));
    }
}
