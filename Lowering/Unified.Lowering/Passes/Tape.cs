using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Which values of a graph depend on the sources and influence the targets: where gradients flow.</summary>
internal sealed class Activity
{
    private readonly bool[] _fromSources;
    private readonly bool[] _toTargets;

    private Activity(bool[] fromSources, bool[] toTargets) => (_fromSources, _toTargets) = (fromSources, toTargets);

    public bool IsActive(int value) => _fromSources[value] && _toTargets[value];

    public static Activity Of(Graph graph, IEnumerable<int> sources, IEnumerable<int> targets)
    {
        var from = new bool[graph.ValueCount];
        var to = new bool[graph.ValueCount];
        foreach (var source in sources)
        {
            from[source] = true;
        }

        foreach (var node in graph.Nodes)
        {
            if (!node.Op.Has(OpTraits.NonDifferentiable) && node.Operands.Any(o => from[o]))
            {
                foreach (var result in node.Results.Where(r => graph.TypeOf(r).DType.IsFloat()))
                {
                    from[result] = true;
                }
            }
        }

        foreach (var target in targets)
        {
            to[target] = true;
        }

        foreach (var node in graph.Nodes.Reverse())
        {
            if (!node.Op.Has(OpTraits.NonDifferentiable) && node.Results.Any(r => to[r]))
            {
                foreach (var operand in node.Operands.Where(o => graph.TypeOf(o).DType.IsFloat()))
                {
                    to[operand] = true;
                }
            }
        }

        return new Activity(from, to);
    }
}

/// <summary>The active ops in the order they were copied, and the walk back over them.</summary>
internal sealed class Tape(GraphBuilder builder, CallGradients calls)
{
    private readonly List<Entry> _entries = [];

    /// <param name="Gradient">For a call: its forward and backward graphs.</param>
    /// <param name="Residuals">For a call: the backward graph's first operands.</param>
    private sealed record Entry(
        Node Node, ImmutableArray<OpValue> Operands, ImmutableArray<OpValue> Results, CallGradient? Gradient, ImmutableArray<OpValue> Residuals);

    /// <summary>Copies a node; remembers it when gradients flow through it.</summary>
    public ImmutableArray<OpValue> Record(Graph graph, Node node, ImmutableArray<OpValue> operands, Activity activity)
    {
        var active = node.Operands.Any(activity.IsActive) && node.Results.Any(activity.IsActive);
        if (active && node.Callee is { } callee)
        {
            var gradient = calls.For(
                callee,
                [.. node.Operands.Select(activity.IsActive)],
                [.. node.Results.Select(activity.IsActive)]);
            var all = builder.Call(gradient.Forward, operands);
            ImmutableArray<OpValue> results = [.. all.Take(node.Results.Length)];
            ImmutableArray<OpValue> extra = [.. all.Skip(node.Results.Length)];
            _entries.Add(new Entry(node, operands, results, gradient, [.. gradient.Residuals.Select(r => r.IsOperand ? operands[r.Index] : extra[r.Index])]));
            return results;
        }

        var copied = builder.Copy(node, graph, operands);
        if (active)
        {
            _entries.Add(new Entry(node, operands, copied, null, []));
        }

        return copied;
    }

    /// <summary>The cotangents of <paramref name="wrt"/>, given those of some values; null where no gradient arrives.</summary>
    public ImmutableArray<OpValue?> Backward(Dictionary<OpValue, OpValue> cotangents, ImmutableArray<OpValue> wrt)
    {
        foreach (var entry in Enumerable.Reverse(_entries))
        {
            ImmutableArray<OpValue?> arriving = [.. entry.Results.Select(r => cotangents.GetValueOrDefault(r))];
            if (arriving.All(c => c is null))
            {
                continue;
            }

            builder.Source = entry.Node.Source;
            var leaving = entry.Gradient is { } gradient ? CallBackward(entry, gradient, arriving) : Apply(entry, arriving);
            for (var i = 0; i < entry.Operands.Length; i++)
            {
                if (leaving[i] is { } cotangent && entry.Operands[i].DType.IsFloat())
                {
                    var operand = entry.Operands[i];
                    cotangents[operand] = cotangents.TryGetValue(operand, out var sum) ? sum + cotangent : cotangent;
                }
            }
        }

        return [.. wrt.Select(w => cotangents.GetValueOrDefault(w))];
    }

    private ImmutableArray<OpValue?> Apply(Entry entry, ImmutableArray<OpValue?> arriving)
    {
        var op = entry.Node.Op;
        if (op.Gradient is null)
        {
            throw new GraphCompileException($"{op.Name} has no gradient; wrap its operand in StopGradient if none is wanted", entry.Node.Source);
        }

        // Rules of ops with several results expect a cotangent for each.
        ImmutableArray<OpValue?> full = entry.Results.Length == 1 ? arriving
            : [.. arriving.Zip(entry.Results, (c, r) => c ?? (r.DType.IsFloat() ? builder.ZerosLike(r) : null))];
        return op.Gradient(builder, new GradientInputs(op, entry.Operands, entry.Results, full, entry.Node.Attributes));
    }

    private ImmutableArray<OpValue?> CallBackward(Entry entry, CallGradient gradient, ImmutableArray<OpValue?> arriving)
    {
        var seeds = gradient.SeededResults.Select(r => arriving[r] ?? builder.ZerosLike(entry.Results[r]));
        var results = builder.Call(gradient.Backward, [.. entry.Residuals, .. seeds]);
        var leaving = new OpValue?[entry.Operands.Length];
        for (var i = 0; i < gradient.Operands.Length; i++)
        {
            leaving[gradient.Operands[i]] = results[i];
        }

        return [.. leaving];
    }
}
