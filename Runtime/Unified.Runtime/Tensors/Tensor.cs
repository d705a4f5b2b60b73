using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>
/// An n-dimensional array of one element type. Its values never change under a holder: views share memory until one side is
/// assigned. Memory is freed by <see cref="Dispose"/> or when nothing refers to it any more.
/// </summary>
[StackTraceHidden]
[DebuggerDisplay("{DebuggerText,nq}")]
[DebuggerTypeProxy(typeof(TensorDebugView))]
public unsafe partial class Tensor : ITensorHandle, IDisposable
{
    private readonly int[] _dims;
    private TensorStorage? _storage;
    private long[] _strides;
    private long _offset;
    private TensorType? _type;

    /// <summary>A dense tensor in memory of its own, not initialised.</summary>
    internal Tensor(DType dtype, int[] dims)
    {
        (DType, _dims, _strides) = (dtype, dims, Strided.DenseStrides(dims));
        Size = Strided.Size(dims);
        IsDense = true;
        _storage = new TensorStorage(Math.Max(1, Size * dtype.Bytes()));
        TensorScope.Register(this);
    }

    /// <summary>A dense tensor in memory of someone else, who is kept alive.</summary>
    internal Tensor(DType dtype, int[] dims, byte* data, object owner)
    {
        (DType, _dims, _strides) = (dtype, dims, Strided.DenseStrides(dims));
        Size = Strided.Size(dims);
        IsDense = true;
        _storage = new TensorStorage(data, Size * dtype.Bytes(), owner);
    }

    /// <summary>A view: shares <paramref name="source"/>'s memory. Offset and strides count elements.</summary>
    internal Tensor(Tensor source, int[] dims, long[] strides, long offset)
    {
        (DType, _dims, _strides, _offset) = (source.DType, dims, strides, offset);
        Size = Strided.Size(dims);
        IsDense = Strided.IsDense(dims, strides);
        _storage = source.Storage.Retain();
        TensorScope.Register(this);
    }

    /// <summary>One example of many: it has the shape of one, and no memory of its own.</summary>
    internal Tensor(Mapping mapping)
    {
        (DType, _dims, Mapping) = (mapping.All.DType, mapping.All.Dims[1..], mapping);
        _strides = Strided.DenseStrides(_dims);
        Size = Strided.Size(_dims);
        IsDense = true;
        TensorScope.Register(this);
    }

    /// <summary>An independent copy of the values.</summary>
    private protected Tensor(Tensor value)
        : this(value.DType, value._dims)
    {
        Strided.CopyToDense(value, Data);
        GC.KeepAlive(value);
    }

    public DType DType { get; }

    /// <summary>The sizes of the axes.</summary>
    [Intrinsic("shape")]
    public TensorShape Shape => new(_dims);

    /// <summary>The number of axes; 0 for a scalar.</summary>
    [Intrinsic("rank")]
    public int Rank => _dims.Length;

    /// <summary>The number of elements.</summary>
    public long Size { get; }

    public TensorType Type => _type ??= new TensorType(DType, new Shape([.. _dims.Select(SmallDims.Of)]));

    /// <summary>Row-major without gaps.</summary>
    public bool IsDense { get; private set; }

    public bool IsDisposed => _storage is null && (Mapping is null || Mapping.All.IsDisposed);

    /// <summary>Null except for one example of many, see <see cref="Ops.Vmap(Func{Tensor, Tensor}, Tensor, int, int)"/>.</summary>
    internal Mapping? Mapping { get; private set; }

    internal int[] Dims => _dims;

    internal long[] Strides => _strides;

    internal long Offset => _offset;

    internal TensorStorage Storage => _storage ?? throw (Mapping is not null ? new InvalidOperationException(MapScope.NoSingleValue)
        : new ObjectDisposedException(nameof(Tensor), $"the tensor {DType.Text()}{Shape} was disposed"));

    /// <summary>The first element. The caller keeps the tensor alive while it uses the pointer.</summary>
    internal byte* Data => Storage.Pointer + (_offset * DType.Bytes());

    /// <summary>
    /// The memory to overwrite all of this tensor's elements in, dense, with the present values in it. Views made before keep what they saw.
    /// </summary>
    internal byte* WritableData()
    {
        if (Storage.IsShared || !IsDense)
        {
            var storage = new TensorStorage(Math.Max(1, Size * DType.Bytes()));
            Strided.CopyToDense(this, storage.Pointer);
            _storage!.Release();
            (_storage, _strides, _offset, IsDense) = (storage, Strided.DenseStrides(_dims), 0, true);
        }

        _storage!.OwnBlock(keeps: true);
        _storage.Changed();
        return Data;
    }

    /// <summary>
    /// Overwrites the values, for everyone who holds this tensor. Dtype and shape must be the same; views made before keep what they saw. Within
    /// a function that is differentiated, gradients flow from this tensor to the value.
    /// </summary>
    /// <exception cref="ShapeException">Dtype or shape differ.</exception>
    [Intrinsic("assign")]
    public void Assign(Tensor value)
    {
        if (MixedPrecision.Active is { } policy && policy.CastsToStore(value.DType, DType))
        {
            using var cast = Eager.Run(OpTable.Get(OpCode.Cast), [value], Attributes.Empty.With("dtype", DType));
            Assign(cast);
            return;
        }

        if (value.DType != DType || !value._dims.AsSpan().SequenceEqual(_dims))
        {
            throw new ShapeException($"assign: the tensor is {Type}, the value is {value.Type}; cast or reshape the value");
        }

        if (value.Mapping is not null && Mapping is null)
        {
            throw new InvalidOperationException($"assign: the value {value.Type} differs between the examples of a Vmap, the tensor does not; return the value from the function");
        }

        Overwrite(value, takesOver: true);
        if (Tape.IsRecording)
        {
            Tape.Overwritten(this, value.Slot);
        }
        else
        {
            ForgetHistory();
        }
    }

    /// <summary>Frees the memory unless views or the gradient tape still use it. Later use of this tensor is an error.</summary>
    [Intrinsic("dispose")]
    public void Dispose()
    {
        var storage = Interlocked.Exchange(ref _storage, null);
        storage?.Release();
        Mapping?.All.Dispose();
        Slot = null;
        TensorScope.Forget(this);
    }

    /// <summary>Another handle on the same values, with the same history.</summary>
    internal Tensor Alias() => Mapping is { } mapping ? new(mapping with { All = mapping.All.Alias() }) { Slot = Slot, _type = _type }
        : new(this, _dims, _strides, _offset) { Slot = Slot, _type = _type };

    /// <summary>Overwrites the values by a copy of those of a tensor of the same type.</summary>
    internal void CopyFrom(Tensor value)
    {
        Overwrite(value, takesOver: false);
        ForgetHistory();
    }

    private void Overwrite(Tensor value, bool takesOver)
    {
        if (ReferenceEquals(value, this))
        {
            return;
        }

        if (Mapping is not null || value.Mapping is not null)
        {
            Interlocked.Exchange(ref _storage, null)?.Release();
            Mapping = MapScope.Cover(value, [this]).Alias().Mapping;
            return;
        }

        var storage = Storage;
        if (takesOver && CanTakeOver(value))
        {
            var twin = value.Storage.Twin();
            storage.Release();
            (_storage, _strides, _offset, IsDense) = (twin, Strided.DenseStrides(_dims), 0, true);
        }
        else if (storage.IsShared || !IsDense)
        {
            // Whoever shares the memory keeps the old values.
            var fresh = new TensorStorage(Math.Max(1, Size * DType.Bytes()));
            Strided.CopyToDense(value, fresh.Pointer);
            storage.Release();
            (_storage, _strides, _offset, IsDense) = (fresh, Strided.DenseStrides(_dims), 0, true);
        }
        else
        {
            storage.OwnBlock(keeps: false);
            storage.Changed();
            Strided.CopyToDense(value, Data);
        }

        GC.KeepAlive(value);
    }

    // The value is most often a result that nobody needs any more: its block is taken, and copied if it is written to after all.
    private bool CanTakeOver(Tensor value)
    {
        const int LeastBytes = 16 << 10;
        var bytes = Size * DType.Bytes();
        return bytes >= LeastBytes && value.IsDense && value.Storage.Bytes == bytes && !value.Storage.IsExternal && !value.Storage.IsExposed
            && !Storage.IsExternal && !Storage.IsExposed;
    }
}
