using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// The gradient of a composite through its definition: runs the definition once more, remembers its ops, and walks back over them.
/// In a graph the ops are the forward pass's own, once common subexpressions are merged.
/// </summary>
internal static class DefinitionGradient
{
    public static ImmutableArray<OpValue?> Rule(OpBuilder builder, GradientInputs call)
    {
        var tape = new Recorder(builder);
        ImmutableArray<Recorded> operands = [.. call.Operands.Select(o => new Recorded(tape, o))];
        var results = call.Op.Definition!(tape, [.. operands], call.Attributes);
        var cotangents = new Dictionary<Recorded, OpValue>(RecordedIdentity.Instance);
        for (var i = 0; i < results.Length; i++)
        {
            if (call.Cotangents[i] is { } dy)
            {
                Add(cotangents, (Recorded)results[i], dy);
            }
        }

        var needed = Needed(tape, operands, call);
        foreach (var step in Enumerable.Reverse(tape.Steps))
        {
            if (!cotangents.TryGetValue(step.Result, out var dy) || !needed.Contains(step.Result) || step.Op.Has(OpTraits.NonDifferentiable))
            {
                continue;
            }

            var inner = new GradientInputs(step.Op, [.. step.Operands.Select(o => o.Value)], [step.Result.Value], [dy], step.Attributes)
            {
                Wanted = [.. step.Operands.Select(needed.Contains)],
            };
            var flow = step.Op.Gradient!(builder, inner);
            for (var i = 0; i < flow.Length; i++)
            {
                if (flow[i] is { } cotangent)
                {
                    Add(cotangents, step.Operands[i], cotangent);
                }
            }
        }

        return
        [
            .. operands.Select((o, i) => !call.Wants(i) ? null : cotangents.TryGetValue(o, out var found) ? found : builder.ZerosLike(call[i])),
        ];
    }

    /// <summary>The values that a wanted operand leads to.</summary>
    private static HashSet<Recorded> Needed(Recorder tape, ImmutableArray<Recorded> operands, GradientInputs call)
    {
        var needed = new HashSet<Recorded>(operands.Where((_, i) => call.Wants(i)), RecordedIdentity.Instance);
        foreach (var step in tape.Steps)
        {
            if (step.Result.DType.IsFloat() && !step.Op.Has(OpTraits.NonDifferentiable) && step.Operands.Any(needed.Contains))
            {
                needed.Add(step.Result);
            }
        }

        return needed;
    }

    private static void Add(Dictionary<Recorded, OpValue> cotangents, Recorded to, OpValue cotangent) =>
        cotangents[to] = cotangents.TryGetValue(to, out var sum) ? sum + cotangent : cotangent;

    private sealed class Recorded(OpBuilder builder, OpValue value) : OpValue(builder, value.Type)
    {
        public OpValue Value { get; } = value;
    }

    private sealed class RecordedIdentity : IEqualityComparer<Recorded>
    {
        public static RecordedIdentity Instance { get; } = new();

        public bool Equals(Recorded? x, Recorded? y) => ReferenceEquals(x, y);

        public int GetHashCode(Recorded value) => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value);
    }

    private sealed record Step(Op Op, ImmutableArray<Recorded> Operands, Recorded Result, Attributes Attributes);

    private sealed class Recorder(OpBuilder inner) : OpBuilder
    {
        public List<Step> Steps { get; } = [];

        public override ImmutableArray<OpValue> Apply(Op op, ImmutableArray<OpValue> operands, Attributes attributes)
        {
            op.InferTypes([.. operands.Select(o => o.Type)], ref attributes);
            ImmutableArray<Recorded> recorded = [.. operands.Cast<Recorded>()];
            var result = new Recorded(this, inner.Apply(op, [.. recorded.Select(r => r.Value)], attributes)[0]);
            Steps.Add(new Step(op, recorded, result, attributes));
            return [result];
        }
    }
}
