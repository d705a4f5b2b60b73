using System.Collections;

namespace Unified;

/// <summary>The sizes of a tensor's axes, outermost first.</summary>
public readonly struct TensorShape : IReadOnlyList<int>, IEquatable<TensorShape>
{
    private readonly int[]? _dims;

    public TensorShape(params ReadOnlySpan<int> dims) => _dims = dims.ToArray();

    internal TensorShape(int[] dims) => _dims = dims;

    /// <summary>The number of axes.</summary>
    public int Count => Dims.Length;

    private int[] Dims => _dims ?? [];

    /// <summary>The size of an axis; <c>shape[^1]</c> is the innermost.</summary>
    public int this[int axis] => (uint)axis < (uint)Dims.Length
        ? Dims[axis]
        : throw new ArgumentOutOfRangeException(nameof(axis), $"axis {axis} is out of range for shape {this} of rank {Count}");

    public static implicit operator ReadOnlySpan<int>(TensorShape shape) => shape.Dims;

    public static implicit operator int[](TensorShape shape) => shape.ToArray();

    public static bool operator ==(TensorShape left, TensorShape right) => left.Equals(right);

    public static bool operator !=(TensorShape left, TensorShape right) => !left.Equals(right);

    public int[] ToArray() => [.. Dims];

    public ReadOnlySpan<int> AsSpan() => Dims;

    public bool Equals(TensorShape other) => Dims.AsSpan().SequenceEqual(other.Dims);

    public override bool Equals(object? obj) => obj is TensorShape other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var dim in Dims)
        {
            hash.Add(dim);
        }

        return hash.ToHashCode();
    }

    /// <summary><c>[2,3]</c>.</summary>
    public override string ToString() => "[" + string.Join(",", Dims) + "]";

    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)Dims).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
