namespace Unified;

/// <summary>
/// A block of memory that a tensor and its views share. It goes back to the pool with its last reference, or when none of its
/// tensors is reachable any more.
/// </summary>
internal sealed unsafe class TensorStorage
{
    private readonly object? _owner;
    private byte* _pointer;
    private int _references = 1;

    public TensorStorage(long bytes)
    {
        Bytes = bytes;
        _pointer = TensorPool.Rent(bytes);
    }

    /// <summary>Memory of someone else, who is kept alive.</summary>
    public TensorStorage(byte* pointer, long bytes, object owner)
    {
        _pointer = pointer;
        Bytes = bytes;
        _owner = owner;
        GC.SuppressFinalize(this);
    }

    ~TensorStorage() => Free();

    public long Bytes { get; }

    public byte* Pointer => _pointer;

    public bool IsShared => Volatile.Read(ref _references) > 1;

    public bool IsExternal => _owner is not null;

    public TensorStorage Retain()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Free();
            GC.SuppressFinalize(this);
        }
    }

    private void Free()
    {
        if (_pointer != null && _owner is null)
        {
            TensorPool.Return(_pointer, Bytes);
        }

        _pointer = null;
    }
}
