using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Unified.Ir;

namespace Unified;

public unsafe partial class Tensor
{
    /// <summary>
    /// The elements in place, row-major. The span is valid while this tensor is alive and not assigned; what is written
    /// through it is seen by views and not by the gradient tape. Weights whose span was taken are packed anew at each call of a
    /// compiled graph, as they may change at any time: <see cref="AsReadOnlySpan{T}"/> only reads.
    /// </summary>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not the element type.</exception>
    /// <exception cref="InvalidOperationException">The tensor is not dense, or has more than 2^31-1 elements.</exception>
    public Span<T> AsSpan<T>()
        where T : unmanaged
    {
        Storage.Expose();
        return Elements<T>();
    }

    /// <summary>The elements in place, row-major, to read. Lifetime and errors as for <see cref="AsSpan{T}"/>.</summary>
    public ReadOnlySpan<T> AsReadOnlySpan<T>()
        where T : unmanaged => Elements<T>();

    internal Span<T> Elements<T>()
        where T : unmanaged
    {
        CheckElement<T>();
        if (!IsDense)
        {
            throw new InvalidOperationException($"the tensor {DType.Text()}{Shape} is a view with gaps; call Contiguous() first, or use AsReadOnlyTensorSpan");
        }

        return Size <= int.MaxValue
            ? new Span<T>(Data, (int)Size)
            : throw new InvalidOperationException($"the tensor {DType.Text()}{Shape} is too large for one span");
    }

    /// <summary>The elements in place, any strides. Lifetime and writes as for <see cref="AsSpan{T}"/>.</summary>
    public TensorSpan<T> AsTensorSpan<T>()
        where T : unmanaged
    {
        CheckElement<T>();
        Layout(out var lengths, out var strides, out var extent);
        Storage.Expose();
        return new TensorSpan<T>((T*)Data, extent, lengths, strides);
    }

    /// <summary>The elements in place, any strides, to read. Lifetime as for <see cref="AsSpan{T}"/>.</summary>
    public ReadOnlyTensorSpan<T> AsReadOnlyTensorSpan<T>()
        where T : unmanaged
    {
        CheckElement<T>();
        Layout(out var lengths, out var strides, out var extent);
        return new ReadOnlyTensorSpan<T>((T*)Data, extent, lengths, strides);
    }

    /// <summary>Overwrites all elements, row-major. Views made before keep what they saw.</summary>
    public void CopyFrom<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        CheckElement<T>();
        if (values.Length != Size)
        {
            throw new ShapeException($"{values.Length} values do not fill shape {Shape} of {Size} elements");
        }

        values.CopyTo(new Span<T>(WritableData(), values.Length));
        GC.KeepAlive(this);
    }

    /// <summary>The elements' bytes, little-endian, of a dense tensor.</summary>
    /// <exception cref="InvalidOperationException">The tensor is a strided view.</exception>
    public ReadOnlySpan<byte> AsBytes()
    {
        return IsDense
            ? new ReadOnlySpan<byte>(Data, checked((int)(Size * DType.Bytes())))
            : throw new InvalidOperationException($"the tensor {DType.Text()}{Shape} is a view with gaps; call Contiguous() first");
    }

    /// <summary>Overwrites the values with as many bytes, little-endian.</summary>
    public void CopyFromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size * DType.Bytes())
        {
            throw new ArgumentException($"a tensor of type {Type} has {Size * DType.Bytes()} bytes, not {bytes.Length}", nameof(bytes));
        }

        bytes.CopyTo(new Span<byte>(WritableData(), bytes.Length));
    }

    /// <summary>A copy of the elements, row-major.</summary>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        CheckElement<T>();
        var result = new T[Size];
        fixed (T* target = result)
        {
            if (Size > 0)
            {
                Strided.CopyToDense(this, (byte*)target);
            }
        }

        return result;
    }

    /// <summary>The only element, of exactly this type. In a static graph it is known when the graph runs, and can be compared and computed with.</summary>
    [Intrinsic("item")]
    public T Item<T>()
        where T : unmanaged
    {
        CheckElement<T>();
        CheckSingle();
        var value = *(T*)Data;
        GC.KeepAlive(this);
        return value;
    }

    /// <summary>The only element as a double, whatever the element type.</summary>
    public double ToScalar()
    {
        CheckSingle();
        var value = ElementTypes.Read(DType, Data);
        GC.KeepAlive(this);
        return value;
    }

    /// <summary>This tensor when dense, else a dense copy. Gradients flow through.</summary>
    public Tensor Contiguous()
    {
        if (IsDense)
        {
            return this;
        }

        var copy = new Tensor(DType, _dims);
        Strided.CopyToDense(this, copy.Data);
        copy.Slot = Slot;
        return copy;
    }

    /// <summary>An independent copy without history.</summary>
    public Tensor Clone()
    {
        if (Mapping is { } mapping)
        {
            return new Tensor(mapping with { All = mapping.All.Clone() });
        }

        var copy = new Tensor(DType, _dims);
        Strided.CopyToDense(this, copy.Data);
        return copy;
    }

    /// <summary>The element at a place, as a double. For printing and tests.</summary>
    internal double ElementAt(ReadOnlySpan<int> index)
    {
        var offset = 0L;
        for (var axis = 0; axis < Rank; axis++)
        {
            offset += index[axis] * _strides[axis];
        }

        var value = ElementTypes.Read(DType, Data + (offset * DType.Bytes()));
        GC.KeepAlive(this);
        return value;
    }

    private void CheckSingle()
    {
        if (Size != 1)
        {
            throw new ShapeException($"a tensor of shape {Shape} has {Size} elements, not one");
        }
    }

    private void CheckElement<T>()
        where T : unmanaged
    {
        if (ElementTypes.Of<T>() != DType)
        {
            throw new ArgumentException($"the tensor holds {DType.Text()} ({ElementTypes.NameOf(DType)}), not {typeof(T).Name}");
        }
    }

    // A tensor span has at least one axis.
    private void Layout(out nint[] lengths, out nint[] strides, out nint extent)
    {
        lengths = Rank == 0 ? [1] : [.. _dims.Select(d => (nint)d)];
        strides = Rank == 0 ? [0] : new nint[Rank];
        extent = 1;
        for (var axis = 0; axis < Rank; axis++)
        {
            // Spans accept no stride on an axis of one element.
            strides[axis] = _dims[axis] <= 1 ? 0 : (nint)_strides[axis];
            extent += Math.Max(0, _dims[axis] - 1) * strides[axis];
        }

        if (Size == 0)
        {
            extent = 0;
        }
    }
}
