using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>The value that stands for the node's result, or null where the rule does not apply.</summary>
internal delegate OpValue? SimplifyRule(SimplifySite site);

/// <summary>The rules of <see cref="Simplify"/>. Each keeps every bit: nothing here relies on real-number algebra that floats lack.</summary>
internal static class SimplifyRules
{
    private static readonly ImmutableArray<(OpCode Op, SimplifyRule Rule)> Rows =
    [
        // x·1, x/1, x−0; x+0 would turn −0 into 0, so only for integers and in sums of gradients it is left to the rules that make none.
        (OpCode.Mul, s => s.Constant(s[1]) == 1 ? s[0] : null),
        (OpCode.Mul, s => s.Constant(s[0]) == 1 ? s[1] : null),
        (OpCode.Div, s => s.Constant(s[1]) == 1 ? s[0] : null),
        (OpCode.Sub, s => s.Constant(s[1]) is { } c && IsPlusZero(c) ? s[0] : null),
        (OpCode.Add, s => s.Constant(s[1]) is 0 && s[0].DType.IsInteger() ? s[0] : null),
        (OpCode.Add, s => s.Constant(s[0]) is 0 && s[1].DType.IsInteger() ? s[1] : null),

        // Pairs that undo each other.
        (OpCode.Neg, s => s.MadeBy(s[0], OpCode.Neg)?.Operands[0]),
        (OpCode.LogicalNot, s => s[0].DType == DType.Bool ? s.MadeBy(s[0], OpCode.LogicalNot)?.Operands[0] : null),

        // Views that change nothing, and views of views.
        (OpCode.Cast, s => s[0].DType == s.Node.Attributes.DType("dtype") ? s[0] : null),
        (OpCode.StopGradient, s => s[0]),
        (OpCode.Reshape, s => SameShape(s) ? s[0] : null),
        (OpCode.BroadcastTo, s => SameShape(s) ? s[0] : null),
        (OpCode.Reshape, s => s.MadeBy(s[0], OpCode.Reshape) is { } inner ? s.Builder.Reshape(inner.Operands[0], ResultShape(s)) : null),
        (OpCode.Transpose, s => s.Node.Attributes.Ints("permutation").Select((p, i) => p == i).All(b => b) ? s[0] : null),
        (OpCode.Transpose, ComposeTransposes),
        (OpCode.Reshape, s => s.Constant(s[0]) is { } c ? s.Fill(new TensorType(s[0].DType, ResultShape(s)), c) : null),
        (OpCode.Cast, s => s.Constant(s[0]) is { } c && Rounded.To(s.Node.Attributes.DType("dtype"), c) is { } r
            ? s.Fill(new TensorType(s.Node.Attributes.DType("dtype"), s[0].Shape), r) : null),

        // A product of transposed operands reads them as they lie.
        (OpCode.MatMul, s => TransposedOperand(s, 0, "transposeA")),
        (OpCode.MatMul, s => TransposedOperand(s, 1, "transposeB")),

        // One branch only.
        (OpCode.Select, s => s.Constant(s[0]) is { } c ? Branch(s, s[c != 0 ? 1 : 2]) : null),
    ];

    private static readonly ILookup<OpCode, SimplifyRule> ByOp = Rows.ToLookup(r => r.Op, r => r.Rule);

    public static IEnumerable<SimplifyRule> For(OpCode op) => ByOp[op];

    private static bool IsPlusZero(double value) => BitConverter.DoubleToInt64Bits(value) == 0;

    private static Shape ResultShape(SimplifySite site)
    {
        var attributes = site.Node.Attributes;
        return site.Node.Op.InferTypes([site[0].Type], ref attributes)[0].Shape;
    }

    private static bool SameShape(SimplifySite site) => ResultShape(site) == site[0].Shape;

    private static OpValue? ComposeTransposes(SimplifySite site)
    {
        if (site.MadeBy(site[0], OpCode.Transpose) is not { } inner)
        {
            return null;
        }

        var first = inner.Node.Attributes.Ints("permutation");
        return site.Builder.Transpose(inner.Operands[0], site.Node.Attributes.Ints("permutation").Select(p => first[p]));
    }

    private static OpValue? TransposedOperand(SimplifySite site, int operand, string flag)
    {
        if (site.MadeBy(site[operand], OpCode.Transpose) is not { } transpose)
        {
            return null;
        }

        var order = transpose.Node.Attributes.Ints("permutation");
        var rank = order.Length;
        var swapsLast = rank >= 2 && order[rank - 1] == rank - 2 && order[rank - 2] == rank - 1 && order.Take(rank - 2).Select((p, i) => p == i).All(b => b);
        return !swapsLast ? null : site.Builder.Apply(
            OpCode.MatMul,
            site.Node.Attributes.With(flag, !site.Node.Attributes.Bool(flag)),
            operand == 0 ? [transpose.Operands[0], site[1]] : [site[0], transpose.Operands[0]]);
    }

    private static OpValue? Branch(SimplifySite site, OpValue branch)
    {
        var attributes = site.Node.Attributes;
        var type = site.Node.Op.InferTypes([site[0].Type, site[1].Type, site[2].Type], ref attributes)[0];
        return branch.Type == type ? branch : null;
    }
}
