using Unified.Ir;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns elements as they lie in memory into values that are computed with, and back. f16 and bf16 are computed with as f32 that
/// holds a value of the narrow type; bool is a byte in memory and an i1 in registers.
/// </summary>
internal static class Numbers
{
    /// <summary>The type computed with.</summary>
    public static LlvmType Value(LlvmContext context, DType type) => type switch
    {
        DType.Bool => context.I1,
        DType.F16 or DType.BF16 or DType.F32 => context.F32,
        DType.F64 => context.F64,
        _ => context.Int(8 * type.Bytes()),
    };

    /// <summary>The type in memory; the 16-bit floats are integers there.</summary>
    public static LlvmType Memory(LlvmContext context, DType type) => type switch
    {
        DType.F32 => context.F32,
        DType.F64 => context.F64,
        _ => context.Int(8 * type.Bytes()),
    };

    public static bool IsUnsigned(DType type) => type is DType.Bool or DType.U8;

    public static int Bytes(LlvmType element) => element.Kind switch
    {
        LlvmTypeKind.Float => 4,
        LlvmTypeKind.Double => 8,
        LlvmTypeKind.Half or LlvmTypeKind.BFloat => 2,
        _ => Math.Max(1, element.IntegerBits / 8),
    };

    public static LlvmValue Constant(LlvmType value, DType type, double number) => type switch
    {
        DType.Bool => value.Int(number != 0 ? 1 : 0),
        DType.F16 => value.Real((double)(Half)number),
        DType.BF16 => value.Real(RoundToBFloat16(number)),
        DType.F32 => value.Real((float)number),
        DType.F64 => value.Real(number),
        _ => value.Int((long)number),
    };

    public static LlvmValue FromMemory(KernelBuilder k, LlvmValue value, DType type)
    {
        var (b, c) = (k.B, k.Context);
        return type switch
        {
            DType.Bool => b.ICmp(LlvmIntPredicate.Ne, value, value.Type.Zero),
            DType.F16 => HalfFloat.Widen(k, value),
            DType.BF16 => b.BitCast(b.Shl(b.ZExt(value, c.I32.Like(value.Type)), c.I32.Like(value.Type).Int(16)), c.F32.Like(value.Type)),
            _ => value,
        };
    }

    public static LlvmValue ToMemory(KernelBuilder k, LlvmValue value, DType type) => type switch
    {
        DType.Bool => k.B.ZExt(value, k.Context.I8.Like(value.Type)),
        DType.F16 => HalfFloat.Narrow(k, value),
        DType.BF16 => BFloatBits(k.B, value),
        _ => value,
    };

    /// <summary>Rounds an f32 result to the nearest value of a 16-bit type, ties to even; other types are left as they are.</summary>
    public static LlvmValue Round(KernelBuilder k, LlvmValue value, DType type) =>
        type is DType.F16 or DType.BF16 ? FromMemory(k, ToMemory(k, value, type), type) : value;

    /// <summary>f64 to f32 so that rounding once more, to 16 bits, gives what rounding once would: truncated, with the last bit set if inexact.</summary>
    public static LlvmValue NarrowToOdd(LlvmBuilder b, LlvmValue value)
    {
        var c = b.Context;
        LlvmType f32 = c.F32.Like(value.Type), i32 = c.I32.Like(value.Type);
        var near = b.FPTrunc(value, f32);
        var back = b.FPExt(near, value.Type);
        var magnitude = b.CallIntrinsic("llvm.fabs", [value.Type], value);
        var away = b.FCmp(LlvmRealPredicate.Ogt, b.CallIntrinsic("llvm.fabs", [value.Type], back), magnitude);
        var inexact = b.FCmp(LlvmRealPredicate.One, back, value);
        var bits = b.BitCast(near, i32);
        bits = b.Sub(bits, b.ZExt(away, i32));
        return b.BitCast(b.Or(bits, b.ZExt(inexact, i32)), f32);
    }

    private static LlvmValue BFloatBits(LlvmBuilder b, LlvmValue value)
    {
        var c = b.Context;
        LlvmType i32 = c.I32.Like(value.Type);
        var bits = b.BitCast(value, i32);
        var even = b.And(b.LShr(bits, i32.Int(16)), i32.Int(1));
        var rounded = b.Add(bits, b.Add(even, i32.Int(0x7fff)));
        var quiet = b.Or(bits, i32.Int(0x400000));
        var safe = b.Select(b.FCmp(LlvmRealPredicate.Uno, value, value), quiet, rounded);
        return b.Trunc(b.LShr(safe, i32.Int(16)), c.I16.Like(value.Type));
    }

    private static double RoundToBFloat16(double number)
    {
        var single = (float)number;
        if (!float.IsFinite(single))
        {
            return single;
        }

        var bits = BitConverter.SingleToUInt32Bits(single);
        bits += 0x7fff + ((bits >> 16) & 1);
        return BitConverter.UInt32BitsToSingle(bits & 0xffff0000);
    }
}
