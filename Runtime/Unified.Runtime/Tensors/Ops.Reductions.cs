using Unified.Ir;

namespace Unified;

/// <summary>Reductions. No axes means all; negative axes count from the end; kept dims have size 1.</summary>
public static partial class Ops
{
    [Op(OpCode.Sum)]
    public static Tensor Sum(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => Reduce(OpCode.Sum, x, axes, keepDims);

    [Op(OpCode.Sum)]
    public static Tensor Sum(Tensor x, int axes, bool keepDims = false) => Reduce(OpCode.Sum, x, [axes], keepDims);

    [Op(OpCode.Mean)]
    public static Tensor Mean(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => Reduce(OpCode.Mean, x, axes, keepDims);

    [Op(OpCode.Mean)]
    public static Tensor Mean(Tensor x, int axes, bool keepDims = false) => Reduce(OpCode.Mean, x, [axes], keepDims);

    /// <summary>The largest element; NaN if one is.</summary>
    [Op(OpCode.ReduceMax)]
    public static Tensor Max(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => Reduce(OpCode.ReduceMax, x, axes, keepDims);

    /// <summary>The largest element; NaN if one is.</summary>
    [Op(OpCode.ReduceMax)]
    public static Tensor Max(Tensor x, int axes, bool keepDims = false) => Reduce(OpCode.ReduceMax, x, [axes], keepDims);

    /// <summary>The smallest element; NaN if one is.</summary>
    [Op(OpCode.ReduceMin)]
    public static Tensor Min(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) => Reduce(OpCode.ReduceMin, x, axes, keepDims);

    /// <summary>The smallest element; NaN if one is.</summary>
    [Op(OpCode.ReduceMin)]
    public static Tensor Min(Tensor x, int axes, bool keepDims = false) => Reduce(OpCode.ReduceMin, x, [axes], keepDims);

    /// <summary>The mean squared deviation, divided by (count - <paramref name="correction"/>).</summary>
    [Op(OpCode.Variance)]
    public static Tensor Variance(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false, int correction = 0) =>
        Eager.Apply(
            OpCode.Variance, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims).With("correction", (long)correction), x);

    /// <inheritdoc cref="Variance(Tensor, ReadOnlySpan{int}, bool, int)"/>
    [Op(OpCode.Variance)]
    public static Tensor Variance(Tensor x, int axes, bool keepDims = false, int correction = 0) => Variance(x, [axes], keepDims, correction);

    /// <summary>The index of the largest element along an axis, the first of equals, as i64.</summary>
    [Op(OpCode.ArgMax)]
    public static Tensor ArgMax(Tensor x, int axis, bool keepDims = false) =>
        Eager.Apply(OpCode.ArgMax, Attributes.Empty.With("axis", (long)axis).With("keepDims", keepDims), x);

    [Op(OpCode.Softmax)]
    public static Tensor Softmax(Tensor x, int axis = -1) => Eager.Apply(OpCode.Softmax, Attributes.Empty.With("axis", (long)axis), x);

    [Op(OpCode.LogSoftmax)]
    public static Tensor LogSoftmax(Tensor x, int axis = -1) => Eager.Apply(OpCode.LogSoftmax, Attributes.Empty.With("axis", (long)axis), x);

    /// <summary>log Σ exp(x) along an axis, without overflow.</summary>
    [Op(OpCode.LogSumExp)]
    public static Tensor LogSumExp(Tensor x, int axis = -1, bool keepDims = false) =>
        Eager.Apply(OpCode.LogSumExp, Attributes.Empty.With("axis", (long)axis).With("keepDims", keepDims), x);

    private static Tensor Reduce(OpCode code, Tensor x, ReadOnlySpan<int> axes, bool keepDims) =>
        Eager.Apply(code, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);
}
