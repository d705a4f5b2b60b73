using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// How the result of an op changes along tangents of its operands. No op has a rule for it: the gradient rule is linear in the cotangent, and
/// the walk back over it, from the tangents to the cotangent, is the tangent of the result (the transpose of the transpose). What that walk
/// does not read is never computed, so that a tangent costs about what the op costs. A composite is followed through its definition.
/// </summary>
public static class TangentRule
{
    /// <param name="builder">Where the tangent is computed.</param>
    /// <param name="op">An op with one result.</param>
    /// <param name="operands">Of the call.</param>
    /// <param name="result">Of the call.</param>
    /// <param name="attributes">Of the call, complete.</param>
    /// <param name="tangents">One for each operand; null where the operand does not change.</param>
    /// <returns>Null where the result does not change.</returns>
    public static OpValue? Tangent(
        OpBuilder builder, Op op, ImmutableArray<OpValue> operands, OpValue result, Attributes attributes, ImmutableArray<OpValue?> tangents)
    {
        if (op.Has(OpTraits.NonDifferentiable) || !result.DType.IsFloat() || tangents.All(t => t is null))
        {
            return null;
        }

        return op.Definition is not null && (op.Gradient is null || op.Gradient == DefinitionGradient.Rule)
            ? DefinitionTangent(builder, op, operands, attributes, tangents)
            : Transposed(builder, op, operands, result, attributes, tangents);
    }

    private static OpValue? Transposed(
        OpBuilder builder, Op op, ImmutableArray<OpValue> operands, OpValue result, Attributes attributes, ImmutableArray<OpValue?> tangents)
    {
        if (op.Gradient is not { } rule)
        {
            throw new ShapeException($"{op.Name} has no gradient; wrap its operand in StopGradient if none is wanted");
        }

        var tape = new Recorder(builder);
        var cotangent = tape.Full(result.Shape, result.DType, 0);
        var call = new GradientInputs(op, [.. operands.Select(tape.Wrap)], [tape.Wrap(result)], [cotangent], attributes) { Wanted = [.. tangents.Select(t => t is not null)] };
        var flow = rule(tape, call);
        var seeds = flow.Zip(tangents, (f, t) => (Flow: f, Tangent: t)).Where(s => s.Flow is not null && s.Tangent is not null)
            .Select(s => (s.Flow!, tape.Wrap(s.Tangent!)));
        return tape.WalkBack(seeds, [cotangent])[0] is { } tangent ? Recorder.Unwrap(tangent) : null;
    }

    private static OpValue? DefinitionTangent(
        OpBuilder builder, Op op, ImmutableArray<OpValue> operands, Attributes attributes, ImmutableArray<OpValue?> tangents)
    {
        var lazy = new Recorder(builder);
        var dual = new DualBuilder(lazy);
        var results = op.Definition!(dual, [.. operands.Zip(tangents, (o, t) => (OpValue)new Dual(dual, lazy.Wrap(o), t is null ? null : lazy.Wrap(t)))], attributes);
        return ((Dual)results[0]).Tangent is { } tangent ? Recorder.Unwrap(tangent) : null;
    }

    /// <summary>A value and how it changes.</summary>
    private sealed class Dual(OpBuilder builder, OpValue value, OpValue? tangent) : OpValue(builder, value.Type)
    {
        public OpValue Value { get; } = value;

        public OpValue? Tangent { get; } = tangent;
    }

    private sealed class DualBuilder(OpBuilder inner) : OpBuilder
    {
        public override ImmutableArray<OpValue> Apply(Op op, ImmutableArray<OpValue> operands, Attributes attributes)
        {
            op.InferTypes([.. operands.Select(o => o.Type)], ref attributes);
            ImmutableArray<OpValue> values = [.. operands.Select(o => ((Dual)o).Value)];
            var result = inner.Apply(op, values, attributes)[0];
            return [new Dual(this, result, TangentRule.Tangent(inner, op, values, result, attributes, [.. operands.Select(o => ((Dual)o).Tangent)]))];
        }
    }
}
