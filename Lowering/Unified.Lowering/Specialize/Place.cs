using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>The identity of a tensor across the graphs of one specialization. Equal keys, same storage.</summary>
internal abstract class PlaceKey
{
    /// <summary>The tensor lives in this graph or around it. One that is made in a branch or in each turn of a loop ends with that.</summary>
    public virtual bool IsKnownIn(Region region) => true;
}

/// <summary>An argument of the root function, or item <paramref name="item"/> of one.</summary>
internal sealed class ArgumentKey(int argument, int item) : PlaceKey
{
    public ArgumentBinding Binding { get; } = new(argument, item);
}

/// <summary>A value that a caller computed and passed on.</summary>
internal sealed class TemporaryKey : PlaceKey;

/// <summary>A tensor that was computed in <paramref name="home"/> and has been written to since.</summary>
internal sealed class LocalKey(Region home) : PlaceKey
{
    public override bool IsKnownIn(Region region) => region.IsWithin(home);
}

/// <summary>A field's tensor after a caller has set the field.</summary>
internal sealed class ReboundKey(TensorType type) : PlaceKey
{
    public TensorType Type { get; } = type;
}

/// <summary>A tensor met through a host object.</summary>
internal sealed class HandleKey(ITensorHandle handle) : PlaceKey, IEquatable<HandleKey>
{
    public ITensorHandle Handle { get; } = handle;

    public bool Equals(HandleKey? other) => other is not null && ReferenceEquals(Handle, other.Handle);

    public override bool Equals(object? obj) => Equals(obj as HandleKey);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(Handle);
}

/// <summary>A tensor with an identity within one graph: the input it came in by (-1: it is computed here) and the value it has now.</summary>
internal sealed class Place(PlaceKey key, int input, OpValue initial)
{
    public PlaceKey Key { get; } = key;

    public int Input { get; } = input;

    public OpValue Initial { get; } = initial;

    public OpValue Current { get; private set; } = initial;

    /// <summary>Counts the writes.</summary>
    public int Version { get; private set; }

    public bool IsWritten => !ReferenceEquals(Current, Initial);

    public void Write(OpValue value)
    {
        Current = value;
        Version++;
    }

    /// <summary>Takes back what a branch has written.</summary>
    public void Reset(OpValue value, int version) => (Current, Version) = (value, version);
}
