using Unified.Ir;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a value of one type into another: float to integer truncates toward zero and saturates, NaN gives 0; integers wrap; to bool is ≠ 0;
/// to a narrower float rounds to nearest, ties to even.
/// </summary>
internal static class Casts
{
    public static LlvmValue Emit(KernelBuilder k, LlvmValue x, DType from, DType to)
    {
        var b = k.B;
        if (from == to)
        {
            return x;
        }

        var type = Numbers.Value(k.Context, to).Like(x.Type);
        if (to == DType.Bool)
        {
            return from.IsFloat() ? b.FCmp(LlvmRealPredicate.Une, x, x.Type.Zero) : b.ICmp(LlvmIntPredicate.Ne, x, x.Type.Zero);
        }

        if (to.IsFloat())
        {
            return from.IsFloat() ? BetweenFloats(k, x, type, from, to) : FromInteger(k, x, type, from, to);
        }

        if (from.IsFloat())
        {
            return b.CallIntrinsic(Numbers.IsUnsigned(to) ? "llvm.fptoui.sat" : "llvm.fptosi.sat", [type, x.Type], x);
        }

        return Numbers.IsUnsigned(from) && to.Bytes() > from.Bytes() || from == DType.Bool
            ? b.ZExt(x, type)
            : b.IntCast(x, type, signed: true);
    }

    private static LlvmValue BetweenFloats(KernelBuilder k, LlvmValue x, LlvmType type, DType from, DType to)
    {
        var b = k.B;
        if (from == DType.F64)
        {
            return to == DType.F32 ? b.FPTrunc(x, type) : Numbers.Round(k, Numbers.NarrowToOdd(b, x), to);
        }

        return to == DType.F64 ? b.FPExt(x, type) : Numbers.Round(k, x, to);
    }

    private static LlvmValue FromInteger(KernelBuilder k, LlvmValue x, LlvmType type, DType from, DType to)
    {
        var b = k.B;
        // Numbers that f32 does not hold would be rounded twice on the way to 16 bits.
        if (to.Bytes() == 2 && from.Bytes() >= 4)
        {
            return Numbers.Round(k, Numbers.NarrowToOdd(b, b.SIToFP(x, b.Context.F64.Like(x.Type))), to);
        }

        return Numbers.Round(k, Numbers.IsUnsigned(from) ? b.UIToFP(x, type) : b.SIToFP(x, type), to);
    }
}
