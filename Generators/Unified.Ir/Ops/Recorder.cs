using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>A value of a rule that is remembered. It is computed when something asks for it: much is only walked over.</summary>
internal sealed class Recorded(Recorder recorder, TensorType type, Func<OpValue> compute) : OpValue(recorder, type)
{
    private OpValue? _value;

    public OpValue Value => _value ??= compute();
}

/// <summary>Runs rules, and remembers their ops to walk back over them. Nothing is computed that no one asks for.</summary>
internal sealed class Recorder(OpBuilder inner) : OpBuilder
{
    private readonly List<Step> _steps = [];

    private sealed record Step(Op Op, ImmutableArray<OpValue> Operands, Recorded Result, Attributes Attributes);

    public OpValue Wrap(OpValue value) => new Recorded(this, value.Type, () => value);

    public static OpValue Unwrap(OpValue value) => ((Recorded)value).Value;

    public override ImmutableArray<OpValue> Apply(Op op, ImmutableArray<OpValue> operands, Attributes attributes)
    {
        var type = op.InferTypes([.. operands.Select(o => o.Type)], ref attributes)[0];
        var result = new Recorded(this, type, () => inner.Apply(op, [.. operands.Select(Unwrap)], attributes)[0]);
        _steps.Add(new Step(op, operands, result, attributes));
        return [result];
    }

    /// <summary>The cotangents of sources, given those of results.</summary>
    public ImmutableArray<OpValue?> WalkBack(IEnumerable<(OpValue Result, OpValue Cotangent)> seeds, ImmutableArray<OpValue> sources)
    {
        var cotangents = new Dictionary<OpValue, OpValue>();
        foreach (var (result, cotangent) in seeds)
        {
            Add(result, cotangent);
        }

        var needed = Needed(sources);
        for (var s = _steps.Count - 1; s >= 0; s--)
        {
            var step = _steps[s];
            if (!cotangents.TryGetValue(step.Result, out var dy) || !step.Operands.Any(needed.Contains) || step.Op.Has(OpTraits.NonDifferentiable))
            {
                continue;
            }

            var call = new GradientInputs(step.Op, step.Operands, [step.Result], [dy], step.Attributes) { Wanted = [.. step.Operands.Select(needed.Contains)] };
            var flow = (step.Op.Gradient ?? DefinitionGradient.Rule)(this, call);
            for (var i = 0; i < flow.Length; i++)
            {
                if (flow[i] is { } cotangent)
                {
                    Add(step.Operands[i], cotangent);
                }
            }
        }

        return [.. sources.Select(v => cotangents.TryGetValue(v, out var found) ? found : null)];

        void Add(OpValue to, OpValue cotangent) => cotangents[to] = cotangents.TryGetValue(to, out var sum) ? sum + cotangent : cotangent;
    }

    private HashSet<OpValue> Needed(IEnumerable<OpValue> sources)
    {
        var needed = new HashSet<OpValue>(sources);
        foreach (var step in _steps)
        {
            if (step.Result.DType.IsFloat() && !step.Op.Has(OpTraits.NonDifferentiable) && step.Operands.Any(needed.Contains))
            {
                needed.Add(step.Result);
            }
        }

        return needed;
    }
}
