using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns the bits of f16 into f32 and back: by F16C's instructions, or in integers on machines without them.</summary>
internal static class HalfFloat
{
    private const int SignBit = 0x8000;
    private const int Infinity = 0x7c00;
    private const int MantissaShift = 13;

    /// <summary>i16 to f32; exact.</summary>
    public static LlvmValue Widen(KernelBuilder k, LlvmValue bits)
    {
        var b = k.B;
        LlvmType f32 = k.Context.F32.Like(bits.Type), i32 = k.Context.I32.Like(bits.Type);
        if (k.HasF16C)
        {
            return b.FPExt(b.BitCast(bits, k.Context.F16.Like(bits.Type)), f32);
        }

        var wide = b.ZExt(bits, i32);
        var magnitude = b.And(wide, i32.Int(SignBit - 1));

        // The exponent's bias differs by 112, also for what is below the least normal number.
        var scaled = b.FMul(b.BitCast(b.Shl(magnitude, i32.Int(MantissaShift)), f32), f32.Real(Math.Pow(2, 112)));
        var special = b.ICmp(LlvmIntPredicate.Uge, magnitude, i32.Int(Infinity));
        var value = b.Or(b.BitCast(scaled, i32), b.Select(special, i32.Int(0x7f800000), i32.Zero));
        return b.BitCast(b.Or(value, b.Shl(b.And(wide, i32.Int(SignBit)), i32.Int(16))), f32);
    }

    /// <summary>f32 to i16: to nearest, ties to even.</summary>
    public static LlvmValue Narrow(KernelBuilder k, LlvmValue value)
    {
        var b = k.B;
        LlvmType i32 = k.Context.I32.Like(value.Type), i16 = k.Context.I16.Like(value.Type);
        if (k.HasF16C)
        {
            return b.BitCast(b.FPTrunc(value, k.Context.F16.Like(value.Type)), i16);
        }

        var bits = b.BitCast(value, i32);
        var magnitude = b.And(bits, i32.Int(int.MaxValue));

        // Bits that go away round what stays; a carry into the exponent is right, and beyond the largest number it is infinity.
        var odd = b.And(b.LShr(bits, i32.Int(MantissaShift)), i32.Int(1));
        var normal = b.LShr(b.Add(magnitude, b.Add(odd, i32.Int((1 << (MantissaShift - 1)) - 1 - (112 << 23)))), i32.Int(MantissaShift));

        // At 0.5 the last bit of an f32 is as much as that of an f16 below the least normal number: the sum rounds.
        var sum = b.FAdd(b.BitCast(magnitude, value.Type), value.Type.Real(0.5));
        var subnormal = b.Sub(b.BitCast(sum, i32), i32.Int(0x3f000000));
        var result = b.Select(b.ICmp(LlvmIntPredicate.Slt, magnitude, i32.Int((127 - 14) << 23)), subnormal, normal);
        result = b.Select(b.ICmp(LlvmIntPredicate.Sge, magnitude, i32.Int((127 + 16) << 23)), i32.Int(Infinity), result);
        var nan = b.Or(i32.Int(Infinity | 0x200), b.LShr(b.And(magnitude, i32.Int(0x7fffff)), i32.Int(MantissaShift)));
        result = b.Select(b.ICmp(LlvmIntPredicate.Sgt, magnitude, i32.Int(0x7f800000)), nan, result);
        return b.Trunc(b.Or(result, b.And(b.LShr(bits, i32.Int(16)), i32.Int(SignBit))), i16);
    }
}
