using Unified.Ir;

namespace Unified;

/// <summary>Elements of dense memory, widened on their way in and rounded, or wrapped, on their way out.</summary>
internal static unsafe class DenseElements
{
    /// <summary>How many elements there are of these sizes.</summary>
    public static long Count(ReadOnlySpan<long> sizes)
    {
        var count = 1L;
        foreach (var size in sizes)
        {
            count *= size;
        }

        return count;
    }

    public static void Read(DenseArray array, long start, Span<double> into)
    {
        switch (array.DType)
        {
            case DType.F64:
                new ReadOnlySpan<double>((double*)array.Data + start, into.Length).CopyTo(into);
                break;
            case DType.F32:
                Read((float*)array.Data + start, into, static x => x);
                break;
            case DType.F16:
                Read((Half*)array.Data + start, into, static x => (double)x);
                break;
            case DType.BF16:
                Read((BFloat16*)array.Data + start, into, static x => (float)x);
                break;
            default:
                throw new NotSupportedException($"{array.DType.Text()} as floats");
        }
    }

    public static void Write(DenseArray array, long start, ReadOnlySpan<double> from)
    {
        switch (array.DType)
        {
            case DType.F64:
                from.CopyTo(new Span<double>((double*)array.Data + start, from.Length));
                break;
            case DType.F32:
                Write((float*)array.Data + start, from, static x => (float)x);
                break;
            case DType.F16:
                Write((Half*)array.Data + start, from, static x => (Half)x);
                break;
            case DType.BF16:
                Write((BFloat16*)array.Data + start, from, static x => (BFloat16)x);
                break;
            default:
                throw new NotSupportedException($"{array.DType.Text()} of floats");
        }
    }

    public static void Read(DenseArray array, long start, Span<long> into)
    {
        switch (array.DType)
        {
            case DType.I64:
                new ReadOnlySpan<long>((long*)array.Data + start, into.Length).CopyTo(into);
                break;
            case DType.I32:
                Read((int*)array.Data + start, into, static x => x);
                break;
            case DType.I16:
                Read((short*)array.Data + start, into, static x => x);
                break;
            case DType.I8:
                Read((sbyte*)array.Data + start, into, static x => x);
                break;
            case DType.U8:
                Read(array.Data + start, into, static x => x);
                break;
            default:
                throw new NotSupportedException($"{array.DType.Text()} as integers");
        }
    }

    public static void Write(DenseArray array, long start, ReadOnlySpan<long> from)
    {
        switch (array.DType)
        {
            case DType.I64:
                from.CopyTo(new Span<long>((long*)array.Data + start, from.Length));
                break;
            case DType.I32:
                Write((int*)array.Data + start, from, static x => unchecked((int)x));
                break;
            case DType.I16:
                Write((short*)array.Data + start, from, static x => unchecked((short)x));
                break;
            case DType.I8:
                Write((sbyte*)array.Data + start, from, static x => unchecked((sbyte)x));
                break;
            case DType.U8:
                Write(array.Data + start, from, static x => unchecked((byte)x));
                break;
            default:
                throw new NotSupportedException($"{array.DType.Text()} of integers");
        }
    }

    private static void Read<T, TWide>(T* from, Span<TWide> into, Func<T, TWide> widen)
        where T : unmanaged
    {
        for (var i = 0; i < into.Length; i++)
        {
            into[i] = widen(from[i]);
        }
    }

    private static void Write<T, TWide>(T* into, ReadOnlySpan<TWide> from, Func<TWide, T> narrow)
        where T : unmanaged
    {
        for (var i = 0; i < from.Length; i++)
        {
            into[i] = narrow(from[i]);
        }
    }
}
