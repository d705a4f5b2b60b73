using Unified.Ir;

namespace Unified;

public unsafe partial class Tensor
{
    [Intrinsic("zeros")]
    public static Tensor Zeros(ReadOnlySpan<int> shape, DType dtype = DType.F32) => Filled(shape, 0, dtype);

    [Intrinsic("ones")]
    public static Tensor Ones(ReadOnlySpan<int> shape, DType dtype = DType.F32) => Filled(shape, 1, dtype);

    [Op(OpCode.Full)]
    public static Tensor Filled(ReadOnlySpan<int> shape, double value, DType dtype = DType.F32)
    {
        var tensor = new Tensor(dtype, CheckShape(shape));
        Fill(tensor, value);
        return tensor;
    }

    /// <summary>A copy of the values, row-major; without a shape, one axis. The element type is that of <typeparamref name="T"/>.</summary>
    /// <exception cref="ShapeException">The shape has another number of elements.</exception>
    public static Tensor From<T>(ReadOnlySpan<T> values, params ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        var dims = shape.IsEmpty ? [values.Length] : CheckShape(shape);
        if (Strided.Size(dims) != values.Length)
        {
            throw new ShapeException($"{values.Length} values do not fill shape {new TensorShape(dims)} of {Strided.Size(dims)} elements");
        }

        var tensor = new Tensor(ElementTypes.Of<T>(), dims);
        values.CopyTo(new Span<T>(tensor.Data, values.Length));
        return tensor;
    }

    /// <summary>A rank-0 tensor.</summary>
    public static Tensor Scalar<T>(T value)
        where T : unmanaged
    {
        var tensor = new Tensor(ElementTypes.Of<T>(), []);
        *(T*)tensor.Data = value;
        return tensor;
    }

    /// <summary>0, 1, … <paramref name="count"/> - 1 on one axis.</summary>
    public static Tensor Arange(int count, DType dtype = DType.I64) => Ops.Iota([count], 0, dtype);

    /// <summary>Normally distributed with mean 0 and variance 1; advances the generator.</summary>
    public static Tensor Randn(Generator generator, ReadOnlySpan<int> shape, DType dtype = DType.F32) => generator.Normal(shape, dtype);

    /// <summary>A rank-0 tensor of the given dtype.</summary>
    internal static Tensor ScalarOf(DType dtype, double value)
    {
        var tensor = new Tensor(dtype, []);
        ElementTypes.Write(dtype, tensor.Data, value);
        return tensor;
    }

    internal static void Fill(Tensor tensor, double value)
    {
        var bytes = tensor.DType.Bytes();
        ulong bits = 0;
        ElementTypes.Write(tensor.DType, (byte*)&bits, value);
        if (SharedWork.Pays(tensor.Size))
        {
            Share(tensor.Data, tensor.Size, bytes, bits);
        }
        else
        {
            Fill(tensor.Data, bytes, bits, (int)tensor.Size);
        }

        GC.KeepAlive(tensor);
    }

    private static void Share(byte* data, long size, int bytes, ulong bits) =>
        SharedWork.Elements(size, (start, n) => Fill(data + (start * bytes), bytes, bits, n));

    private static void Fill(byte* data, int bytes, ulong bits, int n)
    {
        switch (bytes)
        {
            case 1:
                new Span<byte>(data, n).Fill((byte)bits);
                break;
            case 2:
                new Span<ushort>(data, n).Fill((ushort)bits);
                break;
            case 4:
                new Span<uint>(data, n).Fill((uint)bits);
                break;
            default:
                new Span<ulong>(data, n).Fill(bits);
                break;
        }
    }

    private static int[] CheckShape(ReadOnlySpan<int> shape)
    {
        foreach (var dim in shape)
        {
            if (dim < 0)
            {
                throw new ShapeException($"shape {new TensorShape(shape)} has the negative size {dim}");
            }
        }

        return shape.ToArray();
    }
}
