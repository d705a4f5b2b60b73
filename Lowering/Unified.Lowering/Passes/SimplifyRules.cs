using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>The value that stands for the node's result, or null where the rule does not apply.</summary>
internal delegate OpValue? SimplifyRule(SimplifySite site);

/// <summary>
/// The rules of <see cref="Simplify"/>. Each keeps every bit: nothing here relies on real-number algebra that floats lack.
/// The one exception: a sum of a single −0 may become −0 where adding it to 0 gave +0.
/// </summary>
internal static class SimplifyRules
{
    private static readonly ImmutableArray<(OpCode Op, SimplifyRule Rule)> Rows =
    [
        // x·1, x/1, x−0, x+(−0); x+0 would turn −0 into 0, so it goes only for integers.
        (OpCode.Mul, s => s.Constant(s[1]) == 1 ? Stretched(s, s[0]) : null),
        (OpCode.Mul, s => s.Constant(s[0]) == 1 ? Stretched(s, s[1]) : null),
        (OpCode.Div, s => s.Constant(s[1]) == 1 ? Stretched(s, s[0]) : null),
        (OpCode.Sub, s => s.Constant(s[1]) is { } c && IsZero(c, negative: false) ? Stretched(s, s[0]) : null),
        (OpCode.Add, s => IsNeutral(s, s[1]) ? Stretched(s, s[0]) : null),
        (OpCode.Add, s => IsNeutral(s, s[0]) ? Stretched(s, s[1]) : null),

        // A row more in a sum of rows, as the gradient of a row taken in a loop is: the other rows need not be touched.
        (OpCode.Add, s => RowAdded(s, s[0], s[1])),
        (OpCode.Add, s => RowAdded(s, s[1], s[0])),

        // Signs.
        (OpCode.Neg, s => s.MadeBy(s[0], OpCode.Neg)?.Operands[0]),
        (OpCode.Add, s => s.MadeBy(s[1], OpCode.Neg) is { } y ? s[0] - y.Operands[0] : null),
        (OpCode.Add, s => s.MadeBy(s[0], OpCode.Neg) is { } x ? s[1] - x.Operands[0] : null),
        (OpCode.Sub, s => s.MadeBy(s[1], OpCode.Neg) is { } y ? s[0] + y.Operands[0] : null),
        (OpCode.LogicalNot, s => s[0].DType == DType.Bool ? s.MadeBy(s[0], OpCode.LogicalNot)?.Operands[0] : null),

        // Ops that change nothing.
        (OpCode.StopGradient, s => s[0]),
        (OpCode.Cast, s => s[0].DType == s.Attributes.DType("dtype") ? s[0] : null),
        (OpCode.Cast, WideAndBack),
        (OpCode.Pad, s => s.Attributes.Dims("low").Concat(s.Attributes.Dims("high")).All(d => d.Is(0)) ? s[0] : null),
        (OpCode.Concat, s => s.Operands.Length == 1 ? s[0] : null),

        // Constants; one branch only.
        (OpCode.Full, s => s.Attributes.Dims("shape").IsEmpty ? s.Fill(s.Type, s.Attributes.Float("value")) : null),
        (OpCode.Cast, s => s.Constant(s[0]) is { } c && Rounded.To(s.Attributes.DType("dtype"), c) is { } r ? s.Fill(s.Type, r) : null),
        (OpCode.Select, s => s.Constant(s[0]) is { } c ? Stretched(s, s[c != 0 ? 1 : 2]) : null),
        (OpCode.Select, s => ReferenceEquals(s[1], s[2]) ? Stretched(s, s[1]) : null),

        // A product of transposed operands reads them as they lie.
        (OpCode.MatMul, s => TransposedOperand(s, 0, "transposeA")),
        (OpCode.MatMul, s => TransposedOperand(s, 1, "transposeB")),

        // Over axes of size 1 there is nothing to fold.
        (OpCode.Sum, WithoutUnitAxes),
        (OpCode.ReduceMax, WithoutUnitAxes),
        (OpCode.ReduceMin, WithoutUnitAxes),

        .. ViewRules.Rows,
    ];

    private static readonly ILookup<OpCode, SimplifyRule> ByOp = Rows.ToLookup(r => r.Op, r => r.Rule);

    private static readonly ImmutableArray<(OpTraits Trait, SimplifyRule Rule)> ByTrait =
    [
        (OpTraits.Elementwise, ImplicitBroadcast),
        (OpTraits.View, s => s.Constant(s[0]) is { } c ? s.Fill(s.Type, c) : null),
    ];

    public static IEnumerable<SimplifyRule> For(Op op) => ByOp[op.Code].Concat(ByTrait.Where(r => op.Has(r.Trait)).Select(r => r.Rule));

    private static bool IsZero(double value, bool negative) => value == 0 && double.IsNegative(value) == negative;

    private static bool IsNeutral(SimplifySite site, OpValue summand) =>
        site.Constant(summand) is { } c && (summand.DType.IsInteger() ? c == 0 : IsZero(c, negative: true));

    /// <summary>An operand that is the node's result but for its shape.</summary>
    private static OpValue Stretched(SimplifySite site, OpValue operand) => site.Builder.BroadcastTo(operand, site.Type.Shape);

    private static OpValue? RowAdded(SimplifySite site, OpValue sum, OpValue summand) =>
        site.MadeBy(summand, OpCode.ScatterAdd) is { } scatter && scatter.Operands[0].Shape.Rank == 0 && sum.Type == summand.Type
            ? site.Builder.Apply(OpCode.IndexAdd, sum, scatter.Operands[0], scatter.Operands[1]) : null;

    private static OpValue? WideAndBack(SimplifySite site) =>
        site.MadeBy(site[0], OpCode.Cast) is { } wide && wide.Operands[0].DType == site.Attributes.DType("dtype")
            && Rounded.Holds(site[0].DType, wide.Operands[0].DType)
            ? wide.Operands[0] : null;

    private static OpValue? TransposedOperand(SimplifySite site, int operand, string flag)
    {
        if (site.MadeBy(site[operand], OpCode.Transpose) is not { } transpose)
        {
            return null;
        }

        var order = transpose.Node.Attributes.Ints("permutation");
        var rank = order.Length;
        var swapsLast = order[rank - 1] == rank - 2 && order[rank - 2] == rank - 1 && order.Take(rank - 2).Select((p, i) => p == i).All(b => b);
        return !swapsLast ? null : site.Builder.Apply(
            OpCode.MatMul,
            site.Attributes.With(flag, !site.Attributes.Bool(flag)),
            operand == 0 ? [transpose.Operands[0], site[1]] : [site[0], transpose.Operands[0]]);
    }

    private static OpValue? WithoutUnitAxes(SimplifySite site)
    {
        var x = site[0];
        var axes = OpAxes.Of(site.Attributes, x.Shape.Rank);
        ImmutableArray<int> folded = [.. axes.Where(a => !x.Shape[a].Is(1))];
        return folded.Length == axes.Length
            ? null
            : site.Builder.Reshape(site.Builder.Reduce(site.Node.Op.Code, x, folded, keepDims: true), site.Type.Shape);
    }

    // Elementwise ops broadcast by themselves; where all operands were stretched, the result is stretched instead.
    private static OpValue? ImplicitBroadcast(SimplifySite site)
    {
        ImmutableArray<OpValue> narrow = [.. site.Operands.Select(o => Unstretched(site, o))];
        if (narrow.SequenceEqual(site.Operands))
        {
            return null;
        }

        var result = site.Builder.Apply(site.Node.Op, narrow, site.Attributes)[0];
        return site.Builder.BroadcastTo(result, site.Type.Shape);
    }

    private static OpValue Unstretched(SimplifySite site, OpValue operand) =>
        site.MadeBy(operand, OpCode.BroadcastTo) is { } view ? view.Operands[0]
        : operand.Shape.Rank > 0 && site.MadeBy(operand, OpCode.Full) is { } full
            ? site.Builder.Scalar(operand.DType, full.Node.Attributes.Float("value"))
        : operand;
}
