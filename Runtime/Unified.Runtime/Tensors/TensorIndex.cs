namespace Unified;

/// <summary>One item of <c>x[…]</c>: an int or <c>^int</c> drops the axis, a range keeps it, an integer tensor gathers along it.</summary>
public readonly struct TensorIndex
{
    private TensorIndex(Index start, Range? range, Tensor? tensor) => (Start, Range, Tensor) = (start, range, tensor);

    internal Index Start { get; }

    internal Range? Range { get; }

    internal Tensor? Tensor { get; }

    /// <summary><c>..</c></summary>
    internal bool IsAll => Range is { } range && range.Equals(System.Range.All);

    public static implicit operator TensorIndex(int index) =>
        index >= 0 ? new(index, null, null) : throw new ArgumentOutOfRangeException(nameof(index), $"index {index} is negative; write ^{-(long)index} to count from the end");

    public static implicit operator TensorIndex(Index index) => new(index, null, null);

    public static implicit operator TensorIndex(Range range) => new(default, range, null);

    public static implicit operator TensorIndex(Tensor indices) => new(default, null, indices);
}
