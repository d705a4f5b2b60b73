using Unified.Ir;

namespace Unified;

/// <summary>Further folds, scans and order. No axes means all.</summary>
public static partial class Ops
{
    /// <summary>Whether any element holds.</summary>
    [Op(OpCode.Any)]
    public static Tensor Any(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.Any, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="Any(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.Any)]
    public static Tensor Any(Tensor x, int axes, bool keepDims = false) => Any(x, [axes], keepDims);

    /// <summary>Whether all elements hold.</summary>
    [Op(OpCode.All)]
    public static Tensor All(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.All, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="All(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.All)]
    public static Tensor All(Tensor x, int axes, bool keepDims = false) => All(x, [axes], keepDims);

    /// <summary>How many elements are not 0, as i64.</summary>
    [Op(OpCode.CountNonzero)]
    public static Tensor CountNonzero(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.CountNonzero, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="CountNonzero(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.CountNonzero)]
    public static Tensor CountNonzero(Tensor x, int axes, bool keepDims = false) => CountNonzero(x, [axes], keepDims);

    /// <summary>Σ|x|.</summary>
    [Op(OpCode.L1Norm)]
    public static Tensor L1Norm(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.L1Norm, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="L1Norm(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.L1Norm)]
    public static Tensor L1Norm(Tensor x, int axes, bool keepDims = false) => L1Norm(x, [axes], keepDims);

    /// <summary>√Σx².</summary>
    [Op(OpCode.L2Norm)]
    public static Tensor L2Norm(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.L2Norm, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="L2Norm(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.L2Norm)]
    public static Tensor L2Norm(Tensor x, int axes, bool keepDims = false) => L2Norm(x, [axes], keepDims);

    /// <summary>Σx².</summary>
    [Op(OpCode.SumSquare)]
    public static Tensor SumSquare(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.SumSquare, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="SumSquare(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.SumSquare)]
    public static Tensor SumSquare(Tensor x, int axes, bool keepDims = false) => SumSquare(x, [axes], keepDims);

    /// <summary>Πx; 1 of no elements. Its gradient is right at zeros, too.</summary>
    [Op(OpCode.Prod)]
    public static Tensor Prod(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.Prod, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="Prod(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.Prod)]
    public static Tensor Prod(Tensor x, int axes, bool keepDims = false) => Prod(x, [axes], keepDims);

    /// <summary>log Σx.</summary>
    [Op(OpCode.LogSum)]
    public static Tensor LogSum(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.LogSum, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="LogSum(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.LogSum)]
    public static Tensor LogSum(Tensor x, int axes, bool keepDims = false) => LogSum(x, [axes], keepDims);

    /// <summary>max|x|.</summary>
    [Op(OpCode.MaxAbs)]
    public static Tensor MaxAbs(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.MaxAbs, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="MaxAbs(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.MaxAbs)]
    public static Tensor MaxAbs(Tensor x, int axes, bool keepDims = false) => MaxAbs(x, [axes], keepDims);

    /// <summary>The largest less the smallest element.</summary>
    [Op(OpCode.Spread)]
    public static Tensor Spread(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.Spread, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="Spread(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.Spread)]
    public static Tensor Spread(Tensor x, int axes, bool keepDims = false) => Spread(x, [axes], keepDims);

    /// <summary>√(mean of x²).</summary>
    [Op(OpCode.RootMeanSquare)]
    public static Tensor RootMeanSquare(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.RootMeanSquare, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="RootMeanSquare(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.RootMeanSquare)]
    public static Tensor RootMeanSquare(Tensor x, int axes, bool keepDims = false) => RootMeanSquare(x, [axes], keepDims);

    /// <summary>The sum of what is no NaN.</summary>
    [Op(OpCode.NanSum)]
    public static Tensor NanSum(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false) =>
        Eager.Apply(OpCode.NanSum, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims), x);

    /// <inheritdoc cref="NanSum(Tensor, ReadOnlySpan{int}, bool)"/>
    [Op(OpCode.NanSum)]
    public static Tensor NanSum(Tensor x, int axes, bool keepDims = false) => NanSum(x, [axes], keepDims);

    /// <summary>The root of the variance with that correction.</summary>
    [Op(OpCode.StandardDeviation)]
    public static Tensor StandardDeviation(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false, int correction = 0) =>
        Eager.Apply(OpCode.StandardDeviation, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims).With("correction", (long)correction), x);

    /// <inheritdoc cref="StandardDeviation(Tensor, ReadOnlySpan{int}, bool, int)"/>
    [Op(OpCode.StandardDeviation)]
    public static Tensor StandardDeviation(Tensor x, int axes, bool keepDims = false, int correction = 0) => StandardDeviation(x, [axes], keepDims, correction);

    /// <summary>(Σ|x|^power)^(1/power).</summary>
    [Op(OpCode.PNorm)]
    public static Tensor PNorm(Tensor x, ReadOnlySpan<int> axes = default, bool keepDims = false, double power = 2) =>
        Eager.Apply(OpCode.PNorm, Attributes.Empty.With("axes", axes.ToArray()).With("keepDims", keepDims).With("power", power), x);

    /// <inheritdoc cref="PNorm(Tensor, ReadOnlySpan{int}, bool, double)"/>
    [Op(OpCode.PNorm)]
    public static Tensor PNorm(Tensor x, int axes, bool keepDims = false, double power = 2) => PNorm(x, [axes], keepDims, power);

    /// <summary>The index of the smallest element along an axis, the first of equals, as i64.</summary>
    [Op(OpCode.ArgMin)]
    public static Tensor ArgMin(Tensor x, int axis, bool keepDims = false) =>
        Eager.Apply(OpCode.ArgMin, Attributes.Empty.With("axis", (long)axis).With("keepDims", keepDims), x);

    /// <summary>In order along an axis; stable, NaN counts as the largest.</summary>
    [Op(OpCode.Sort)]
    public static Tensor Sort(Tensor x, int axis = -1, bool descending = false) =>
        Eager.Apply(OpCode.Sort, Attributes.Empty.With("axis", (long)axis).With("descending", descending), x);

    /// <summary>The positions that <see cref="Sort"/> takes its elements from, as i64.</summary>
    [Op(OpCode.ArgSort)]
    public static Tensor ArgSort(Tensor x, int axis = -1, bool descending = false) =>
        Eager.Apply(OpCode.ArgSort, Attributes.Empty.With("axis", (long)axis).With("descending", descending), x);

    /// <summary>The largest (or smallest) elements along an axis, in order.</summary>
    [Op(OpCode.TopK)]
    public static Tensor TopK(Tensor x, int count, int axis = -1, bool largest = true) =>
        Eager.Apply(OpCode.TopK, Attributes.Empty.With("count", (long)count).With("axis", (long)axis).With("largest", largest), x);

    /// <summary>The positions of <see cref="TopK"/>, as i64.</summary>
    [Op(OpCode.ArgTopK)]
    public static Tensor ArgTopK(Tensor x, int count, int axis = -1, bool largest = true) =>
        Eager.Apply(OpCode.ArgTopK, Attributes.Empty.With("count", (long)count).With("axis", (long)axis).With("largest", largest), x);
}
