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
    private BlockUse? _use;
    private List<Derived>? _derived;

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

    private TensorStorage(byte* pointer, long bytes, BlockUse use)
    {
        _pointer = pointer;
        Bytes = bytes;
        _use = use;
    }

    ~TensorStorage() => Free();

    public long Bytes { get; }

    public byte* Pointer => _pointer;

    public bool IsShared => Volatile.Read(ref _references) > 1;

    public bool IsExternal => _owner is not null;

    /// <summary>Somebody outside may write to it at any time.</summary>
    public bool IsExposed { get; private set; }

    /// <summary>A mutable span is given away: nothing that was derived from the contents stays true.</summary>
    public void Expose()
    {
        OwnBlock(keeps: true);
        IsExposed = true;
        Changed();
    }

    /// <summary>How often the contents have changed.</summary>
    public long Writes { get; private set; }

    /// <summary>The contents are about to change.</summary>
    public void Changed()
    {
        Writes++;
        if (Interlocked.Exchange(ref _derived, null) is { } derived)
        {
            lock (derived)
            {
                derived.ForEach(d => d.Block.Release());
                derived.Clear();
            }
        }
    }

    /// <summary>
    /// The same contents for holders who are not to see what is written here, nor these what is written there. Nothing is copied before one of the two is written to.
    /// </summary>
    public TensorStorage Twin()
    {
        var use = _use ?? Interlocked.CompareExchange(ref _use, new BlockUse(), null) ?? _use;
        Interlocked.Increment(ref use.Count);
        return new TensorStorage(_pointer, Bytes, use);
    }

    /// <summary>To be called before the contents are written to: a block that a twin has as well is left to it.</summary>
    /// <param name="keeps">The contents are needed.</param>
    public void OwnBlock(bool keeps)
    {
        if (_use is not { } use || Volatile.Read(ref use.Count) == 1)
        {
            return;
        }

        var shared = _pointer;
        var own = TensorPool.Rent(Bytes);
        if (keeps)
        {
            Strided.Copy(shared, own, Bytes);
        }

        _pointer = own;
        _use = null;
        Leave(shared, use);
    }

    /// <summary>What was made of the contents as <paramref name="recipe"/> says, retained for the caller; null when it must be made.</summary>
    public TensorStorage? FindDerived(DerivedRecipe recipe)
    {
        if (_derived is not { } derived)
        {
            return null;
        }

        lock (derived)
        {
            foreach (var (known, block) in derived)
            {
                if (known.Equals(recipe))
                {
                    return block.Retain();
                }
            }
        }

        return null;
    }

    /// <summary>Keeps what was made of the contents until they change. Without effect for memory that others may write to.</summary>
    public void KeepDerived(DerivedRecipe recipe, TensorStorage block)
    {
        if (IsExposed || IsExternal)
        {
            return;
        }

        var derived = _derived ?? Interlocked.CompareExchange(ref _derived, [], null) ?? _derived;
        lock (derived)
        {
            derived.Add(new Derived(recipe, block.Retain()));
        }
    }

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
        Changed();
        if (_pointer != null && _owner is null)
        {
            Leave(_pointer, _use);
        }

        _pointer = null;
    }

    // Counted down last: who is alone with a block may write to it.
    private void Leave(byte* block, BlockUse? use)
    {
        if (use is null || Interlocked.Decrement(ref use.Count) == 0)
        {
            TensorPool.Return(block, Bytes);
        }
    }

    /// <summary>How many storages have a block.</summary>
    private sealed class BlockUse
    {
        public int Count = 1;
    }

    private readonly record struct Derived(DerivedRecipe Recipe, TensorStorage Block);
}

/// <summary>How something is made of a tensor's memory.</summary>
/// <param name="Kernel">The code that makes it.</param>
/// <param name="Offset">Bytes from the start of the memory.</param>
/// <param name="Parameters">What the code is told.</param>
internal sealed record DerivedRecipe(nint Kernel, long Offset, long[] Parameters)
{
    public bool Equals(DerivedRecipe? other) =>
        ReferenceEquals(this, other) || (other is not null && Kernel == other.Kernel && Offset == other.Offset && Parameters.AsSpan().SequenceEqual(other.Parameters));

    public override int GetHashCode() => HashCode.Combine(Kernel, Offset, Parameters.Length);
}
