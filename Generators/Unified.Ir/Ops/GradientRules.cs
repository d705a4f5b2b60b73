using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>The cotangent of one operand, or null where none flows.</summary>
internal delegate OpValue? OperandGradient(OpBuilder builder, GradientInputs call);

/// <summary>Ways to write a gradient rule.</summary>
internal static class GradientRules
{
    /// <summary>One formula per operand; those of unwanted operands are not evaluated.</summary>
    public static GradientRule Each(params OperandGradient[] formulas) => (builder, call) =>
    [
        .. call.Operands.Select((_, i) => i < formulas.Length && call.Wants(i) ? formulas[i](builder, call) : null),
    ];

    /// <summary>One formula per broadcast operand, each then summed over what was stretched.</summary>
    public static GradientRule Broadcast(params OperandGradient[] formulas) => Each(
    [
        .. formulas.Select((formula, i) => (OperandGradient)((builder, call) =>
            formula(builder, call) is { } cotangent ? builder.SumTo(cotangent, call[i].Shape) : null)),
    ]);

    /// <summary>A reduction's cotangent with the folded axes back as size 1.</summary>
    public static OpValue Unfold(OpBuilder builder, OpValue reduced, Shape shape, ImmutableArray<int> axes) =>
        builder.Reshape(reduced, OpAxes.Fold(shape, axes, keepDims: true));

    /// <summary>The cotangent where the condition holds, else 0.</summary>
    public static OpValue Where(OpBuilder builder, OpValue condition, OpValue cotangent) =>
        builder.Select(condition, cotangent, builder.ScalarLike(cotangent, 0));
}
