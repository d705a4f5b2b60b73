using System.Numerics.Tensors;
using Unified.Ir;

namespace Unified;

/// <summary>f16 and bf16 are computed in f32 and rounded once at the end.</summary>
internal static unsafe class HalfPrecision
{
    /// <summary>A kernel that also serves f16 and bf16: operands of the first half dtype found are cast to f32, the result back.</summary>
    public static EagerKernel Lift(EagerKernel kernel) => (operands, attributes) =>
    {
        var half = DType.F32;
        foreach (var operand in operands)
        {
            half = operand.DType is DType.F16 or DType.BF16 ? operand.DType : half;
        }

        if (half == DType.F32)
        {
            return kernel(operands, attributes);
        }

        var wide = new Tensor[operands.Length];
        try
        {
            for (var i = 0; i < wide.Length; i++)
            {
                wide[i] = operands[i].DType == half ? CastKernels.Convert(operands[i], DType.F32) : operands[i].Alias();
            }

            using var result = kernel(wide, attributes);
            return result is null ? null : result.DType == DType.F32 ? CastKernels.Convert(result, half) : result.Alias();
        }
        finally
        {
            foreach (var tensor in wide)
            {
                tensor?.Dispose();
            }
        }
    };

    public static void ToSingle(DType from, byte* source, float* target, int n)
    {
        if (from == DType.F16)
        {
            TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(source, n), new Span<float>(target, n));
            return;
        }

        var bits = (ushort*)source;
        for (var i = 0; i < n; i++)
        {
            target[i] = BitConverter.UInt32BitsToSingle((uint)bits[i] << 16);
        }
    }

    public static void FromSingle(DType to, float* source, byte* target, int n)
    {
        if (to == DType.F16)
        {
            TensorPrimitives.ConvertToHalf(new ReadOnlySpan<float>(source, n), new Span<Half>(target, n));
            return;
        }

        var values = (BFloat16*)target;
        for (var i = 0; i < n; i++)
        {
            values[i] = (BFloat16)source[i];
        }
    }
}
