using Unified.Ir;

namespace Unified;

/// <summary>Folds along an axis that leave every step, in as many steps as the axis is long: element i of the result is of elements 0 … i, or, reversed, of those from i on.</summary>
public static partial class Ops
{
    /// <summary>The sums. Floats are added in double precision; integers wrap.</summary>
    [Op(OpCode.CumSum)]
    public static Tensor CumSum(Tensor x, int axis = -1, bool reverse = false) => Scan(OpCode.CumSum, axis, reverse, x);

    /// <summary>The products. The gradient is exact at zeros too.</summary>
    [Op(OpCode.CumProd)]
    public static Tensor CumProd(Tensor x, int axis = -1, bool reverse = false) => Scan(OpCode.CumProd, axis, reverse, x);

    /// <summary>log Σ exp, without overflow.</summary>
    [Op(OpCode.LogCumSumExp)]
    public static Tensor LogCumSumExp(Tensor x, int axis = -1, bool reverse = false) => Scan(OpCode.LogCumSumExp, axis, reverse, x);

    /// <summary>h of the recurrence h_t = a_t · h_(t-1) + x_t along the axis, from h = 0: linear state spaces, moving averages. a and x have one shape.</summary>
    [Op(OpCode.LinearScan)]
    public static Tensor LinearScan(Tensor a, Tensor x, int axis = -1, bool reverse = false) => Scan(OpCode.LinearScan, axis, reverse, a, x);

    /// <summary>The largest; a NaN counts as the largest. The gradient goes to where it was found first.</summary>
    [Op(OpCode.CumMax)]
    public static Tensor CumMax(Tensor x, int axis = -1) => Along(OpCode.CumMax, axis, x);

    /// <summary>The smallest; a NaN counts as the smallest. The gradient goes to where it was found first.</summary>
    [Op(OpCode.CumMin)]
    public static Tensor CumMin(Tensor x, int axis = -1) => Along(OpCode.CumMin, axis, x);

    /// <summary>Where the elements of <see cref="CumMax"/> were found first, as i64.</summary>
    [Op(OpCode.ArgCumMax)]
    public static Tensor ArgCumMax(Tensor x, int axis = -1) => Along(OpCode.ArgCumMax, axis, x);

    /// <summary>Where the elements of <see cref="CumMin"/> were found first, as i64.</summary>
    [Op(OpCode.ArgCumMin)]
    public static Tensor ArgCumMin(Tensor x, int axis = -1) => Along(OpCode.ArgCumMin, axis, x);

    private static Tensor Along(OpCode code, int axis, Tensor x) => Eager.Apply(code, Attributes.Empty.With("axis", (long)axis), x);

    private static Tensor Scan(OpCode code, int axis, bool reverse, params ReadOnlySpan<Tensor> operands) =>
        Eager.Apply(code, Attributes.Empty.With("axis", (long)axis).With("reverse", reverse), operands);
}
