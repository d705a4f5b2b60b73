using Unified.Ir;

namespace Unified;

/// <summary>Views and data movement. Views share memory where strides allow.</summary>
public static partial class Ops
{
    /// <summary>The same elements in row-major order under another shape; one size may be -1.</summary>
    [Op(OpCode.Reshape)]
    public static Tensor Reshape(Tensor x, params ReadOnlySpan<int> shape) =>
        Eager.Apply(OpCode.Reshape, Attributes.Empty.With("shape", shape.ToArray()), x);

    /// <summary>Axis i of the result is axis <c>permutation[i]</c> of <paramref name="x"/>.</summary>
    [Op(OpCode.Transpose)]
    public static Tensor Transpose(Tensor x, params ReadOnlySpan<int> permutation) =>
        Eager.Apply(OpCode.Transpose, Attributes.Empty.With("permutation", permutation.ToArray()), x);

    [Op(OpCode.BroadcastTo)]
    public static Tensor BroadcastTo(Tensor x, params ReadOnlySpan<int> shape) =>
        Eager.Apply(OpCode.BroadcastTo, Attributes.Empty.With("shape", shape.ToArray()), x);

    /// <summary>Element i of each axis is element <c>starts + i·steps</c> of <paramref name="x"/>'s. Without steps, all are 1.</summary>
    [Op(OpCode.Slice)]
    public static Tensor Slice(Tensor x, ReadOnlySpan<int> starts, ReadOnlySpan<int> sizes, ReadOnlySpan<int> steps = default)
    {
        var attributes = Attributes.Empty.With("starts", starts.ToArray()).With("sizes", sizes.ToArray());
        return Eager.Apply(OpCode.Slice, attributes.With("steps", steps.IsEmpty ? [.. Enumerable.Repeat(1, starts.Length)] : steps.ToArray()), x);
    }

    /// <summary>One after the other along an axis; the other sizes and the dtypes are equal.</summary>
    [Op(OpCode.Concat)]
    public static Tensor Concat(IReadOnlyList<Tensor> xs, int axis = 0) =>
        Eager.Apply(OpCode.Concat, Attributes.Empty.With("axis", (long)axis), [.. xs]);

    /// <summary>Adds <paramref name="low"/> elements before and <paramref name="high"/> after each axis.</summary>
    [Op(OpCode.Pad)]
    public static Tensor Pad(Tensor x, ReadOnlySpan<int> low, ReadOnlySpan<int> high, double value = 0) =>
        Eager.Apply(OpCode.Pad, Attributes.Empty.With("low", low.ToArray()).With("high", high.ToArray()).With("value", value), x);

    /// <summary>
    /// Picks along an axis: shape <c>x[:axis] + indices.shape + x[axis+1:]</c>. Indices are i32 or i64; negative ones count from the end.
    /// </summary>
    /// <exception cref="IndexOutOfRangeException">An index is out of range.</exception>
    [Op(OpCode.Gather)]
    public static Tensor Gather(Tensor x, Tensor indices, int axis = 0) =>
        Eager.Apply(OpCode.Gather, Attributes.Empty.With("axis", (long)axis), x, indices);

    /// <summary>Zeros of <paramref name="size"/> rows, plus each of <paramref name="updates"/>' rows at its index; rows are added in order.</summary>
    /// <exception cref="IndexOutOfRangeException">An index is out of range.</exception>
    [Op(OpCode.ScatterAdd)]
    public static Tensor ScatterAdd(Tensor indices, Tensor updates, int axis, int size) =>
        Eager.Apply(OpCode.ScatterAdd, Attributes.Empty.With("axis", (long)axis).With("size", (long)size), indices, updates);
}
