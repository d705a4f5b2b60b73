using System.Runtime.InteropServices;
using Unified.Ir;

namespace Unified.Lowering.Tests.X64;

/// <summary>Elements of one type in native memory, with guard bytes behind them; read and written as doubles.</summary>
internal sealed unsafe class Block : IDisposable
{
    private const int Guard = 64;
    private const byte Canary = 0xA5;

    public Block(DType type, long count)
    {
        (Type, Count) = (type, count);
        Bytes = count * type.Bytes();
        Data = (byte*)NativeMemory.AlignedAlloc((nuint)(Bytes + Guard), 64);
        new Span<byte>(Data, checked((int)(Bytes + Guard))).Fill(Canary);
    }

    public DType Type { get; }

    public long Count { get; }

    public long Bytes { get; }

    public byte* Data { get; }

    public double this[long i]
    {
        get
        {
            Assert.InRange(i, 0, Count - 1);
            return Type switch
            {
                DType.Bool or DType.U8 => Data[i],
                DType.I8 => ((sbyte*)Data)[i],
                DType.I16 => ((short*)Data)[i],
                DType.I32 => ((int*)Data)[i],
                DType.I64 => ((long*)Data)[i],
                DType.F16 => (double)((Half*)Data)[i],
                DType.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)Data)[i] << 16),
                DType.F32 => ((float*)Data)[i],
                _ => ((double*)Data)[i],
            };
        }
        set
        {
            Assert.InRange(i, 0, Count - 1);
            switch (Type)
            {
                case DType.Bool: Data[i] = value != 0 ? (byte)1 : (byte)0; break;
                case DType.U8: Data[i] = (byte)value; break;
                case DType.I8: ((sbyte*)Data)[i] = (sbyte)value; break;
                case DType.I16: ((short*)Data)[i] = (short)value; break;
                case DType.I32: ((int*)Data)[i] = (int)value; break;
                case DType.I64: ((long*)Data)[i] = (long)value; break;
                case DType.F16: ((Half*)Data)[i] = (Half)value; break;
                case DType.BF16: ((ushort*)Data)[i] = (ushort)(BitConverter.SingleToUInt32Bits(Rounding.BFloat16(value)) >> 16); break;
                case DType.F32: ((float*)Data)[i] = (float)value; break;
                default: ((double*)Data)[i] = value; break;
            }
        }
    }

    public Block Fill(Func<long, double> value)
    {
        for (long i = 0; i < Count; i++)
        {
            this[i] = value(i);
        }

        return this;
    }

    public Block Copy()
    {
        var copy = new Block(Type, Count);
        Buffer.MemoryCopy(Data, copy.Data, Bytes, Bytes);
        return copy;
    }

    public double[] ToArray() => [.. Enumerable.Range(0, (int)Count).Select(i => this[i])];

    public void CheckGuard() => Assert.False(new ReadOnlySpan<byte>(Data + Bytes, Guard).ContainsAnyExcept(Canary), "the kernel wrote past the end of a buffer");

    public void Dispose() => NativeMemory.AlignedFree(Data);
}
