using System.Diagnostics;

namespace Unified;

/// <summary>
/// One item of <c>x[…]</c>: an int (a negative one counts from the end, as <c>^int</c> does) drops the axis, a range keeps it, an integer tensor
/// gathers along it, a bool tensor is a mask over as many axes as it has.
/// </summary>
[StackTraceHidden]
public readonly struct TensorIndex
{
    private TensorIndex(int at, bool fromEnd, Range? range = null, Tensor? tensor = null) => (At, FromEnd, Range, Tensor) = (at, fromEnd, range, tensor);

    internal int At { get; }

    internal bool FromEnd { get; }

    internal Range? Range { get; }

    internal Tensor? Tensor { get; }

    /// <summary><c>..</c></summary>
    internal bool IsAll => Range is { } range && range.Equals(System.Range.All);

    /// <summary>The position on an axis.</summary>
    /// <exception cref="IndexOutOfRangeException">It lies outside.</exception>
    internal int On(Tensor x, int axis)
    {
        var at = FromEnd || At < 0 ? x.Dims[axis] - Math.Abs(At) : At;
        return at >= 0 && at < x.Dims[axis] ? at
            : throw new IndexOutOfRangeException($"index {(FromEnd ? "^" : "")}{At} lies outside axis {axis} of shape {x.Shape}");
    }

    /// <summary>The first element of a range and the number of them.</summary>
    /// <exception cref="IndexOutOfRangeException">It lies outside.</exception>
    internal static (int Start, int Size) On(Range range, Tensor x, int axis)
    {
        var (start, end) = (range.Start.GetOffset(x.Dims[axis]), range.End.GetOffset(x.Dims[axis]));
        return start >= 0 && start <= end && end <= x.Dims[axis] ? (start, end - start)
            : throw new IndexOutOfRangeException($"range {range} lies outside axis {axis} of shape {x.Shape}");
    }

    public static implicit operator TensorIndex(int index) => new(index, false);

    public static implicit operator TensorIndex(Index index) => new(index.Value, index.IsFromEnd);

    public static implicit operator TensorIndex(Range range) => new(0, false, range);

    public static implicit operator TensorIndex(Tensor indices) => new(0, false, null, indices);
}
