using System.Collections.Immutable;
using System.Numerics;
using System.Numerics.Tensors;
using Unified.Ir;

namespace Unified;

/// <summary>Conversions. Floats to integers truncate and saturate; integers to narrower integers wrap; to bool is "not zero".</summary>
internal static unsafe class CastKernels
{
    private static readonly UnaryLoop[,] Loops = Table();

    public static ImmutableArray<KernelRow> Rows { get; } =
    [
        new(OpCode.Cast, static (operands, attributes) => Convert(operands[0], attributes.DType("dtype"))),
    ];

    /// <summary>A new handle; the same memory when the dtype is already the one wanted.</summary>
    public static Tensor Convert(Tensor x, DType dtype)
    {
        if (x.DType == dtype)
        {
            return x.Alias();
        }

        var dense = Strided.Dense(x, out var isCopy);
        var result = new Tensor(dtype, x.Dims);
        var loop = Loops[(int)x.DType, (int)dtype];
        if (SharedWork.Pays(x.Size))
        {
            ElementwiseLoops.Share(loop, dense.Data, x.DType.Bytes(), result.Data, dtype.Bytes(), x.Size);
        }
        else
        {
            loop(dense.Data, result.Data, (int)x.Size);
        }

        if (isCopy)
        {
            dense.Dispose();
        }

        return result;
    }

    private static UnaryLoop[,] Table()
    {
        var table = new UnaryLoop[DTypes.All.Length, DTypes.All.Length];
        FromNumber<byte>(table, DType.Bool);
        FromNumber<byte>(table, DType.U8);
        FromNumber<sbyte>(table, DType.I8);
        FromNumber<short>(table, DType.I16);
        FromNumber<int>(table, DType.I32);
        FromNumber<long>(table, DType.I64);
        FromNumber<float>(table, DType.F32);
        FromNumber<double>(table, DType.F64);
        foreach (var half in (DType[])[DType.F16, DType.BF16])
        {
            foreach (var to in DTypes.All)
            {
                table[(int)half, (int)to] = FromHalf(half, to, table[(int)DType.F32, (int)to]);
            }
        }

        return table;
    }

    private static void FromNumber<T>(UnaryLoop[,] table, DType from)
        where T : unmanaged, INumber<T>
    {
        var row = (int)from;
        table[row, (int)DType.Bool] = ToBool<T>;
        table[row, (int)DType.U8] = To<T, byte>;
        table[row, (int)DType.I8] = To<T, sbyte>;
        table[row, (int)DType.I16] = To<T, short>;
        table[row, (int)DType.I32] = To<T, int>;
        table[row, (int)DType.I64] = To<T, long>;
        table[row, (int)DType.F32] = To<T, float>;
        table[row, (int)DType.F64] = To<T, double>;
        table[row, (int)DType.F16] = (x, r, n) =>
        {
            for (var i = 0; i < n; i++)
            {
                ((Half*)r)[i] = Half.CreateSaturating(((T*)x)[i]);
            }
        };
        table[row, (int)DType.BF16] = (x, r, n) =>
        {
            for (var i = 0; i < n; i++)
            {
                ((BFloat16*)r)[i] = (BFloat16)double.CreateSaturating(((T*)x)[i]);
            }
        };
    }

    private static UnaryLoop FromHalf(DType from, DType to, UnaryLoop onward) => (x, r, n) =>
    {
        const int Chunk = 1024;
        var wide = stackalloc float[Chunk];
        for (var done = 0; done < n; done += Chunk)
        {
            var count = Math.Min(Chunk, n - done);
            HalfPrecision.ToSingle(from, x + (done * 2), wide, count);
            onward((byte*)wide, r + (done * to.Bytes()), count);
        }
    };

    private static void ToBool<T>(byte* x, byte* result, int n)
        where T : unmanaged, INumber<T>
    {
        for (var i = 0; i < n; i++)
        {
            result[i] = ((T*)x)[i] != T.Zero ? (byte)1 : (byte)0;
        }
    }

    private static void To<T, TResult>(byte* x, byte* result, int n)
        where T : unmanaged, INumber<T>
        where TResult : unmanaged, INumber<TResult>
    {
        var source = new ReadOnlySpan<T>(x, n);
        var target = new Span<TResult>(result, n);
        if (typeof(T) == typeof(float) || typeof(T) == typeof(double))
        {
            TensorPrimitives.ConvertSaturating(source, target);
        }
        else
        {
            TensorPrimitives.ConvertTruncating(source, target);
        }
    }
}
