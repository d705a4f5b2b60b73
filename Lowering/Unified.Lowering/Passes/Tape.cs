using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>The active ops of a graph in the order they were copied, and the walk back over them.</summary>
internal sealed class Tape(Graph graph, Activity activity, GraphBuilder builder, CallGradients calls)
{
    private readonly List<Entry> _entries = [];

    /// <param name="Wanted">The operands that gradients flow to.</param>
    /// <param name="Gradient">For a call: its forward and backward graphs.</param>
    /// <param name="Residuals">For a call: the backward graph's first operands.</param>
    private sealed record Entry(
        Node Node, ImmutableArray<OpValue> Operands, ImmutableArray<OpValue> Results, ImmutableArray<bool> Wanted,
        CallGradient? Gradient, ImmutableArray<OpValue> Residuals);

    /// <summary>Copies a node; remembers it when gradients flow through it.</summary>
    public ImmutableArray<OpValue> Record(Node node, ImmutableArray<OpValue> operands)
    {
        ImmutableArray<bool> wanted = [.. node.Operands.Select(activity.IsActive)];
        ImmutableArray<bool> seeded = [.. node.Results.Select(activity.IsActive)];
        if (!wanted.Contains(true) || !seeded.Contains(true))
        {
            return builder.Copy(node, graph, operands);
        }

        if (node.Op.Code == OpCode.While)
        {
            throw new GraphCompileException(
                "a gradient flows through a loop that ends on a tensor's value, so that the number of its steps is not known", node.Source) { EagerIsPossible = true };
        }

        var first = FirstArgument(node);
        if (node.Callee is not { } callee || !wanted.Skip(first).Contains(true))
        {
            var copied = builder.Copy(node, graph, operands);
            _entries.Add(new Entry(node, operands, copied, wanted, null, []));
            return copied;
        }

        var gradient = calls.For(callee, [.. wanted.Skip(first)], seeded);
        ImmutableArray<OpValue> arguments = [.. operands.Skip(first)];
        var all = Run(gradient.Forward, operands.Take(first), arguments);
        ImmutableArray<OpValue> results = [.. all.Take(node.Results.Length)];
        _entries.Add(new Entry(
            node, operands, results, wanted, gradient, [.. gradient.Residuals.Select(r => r.IsOperand ? arguments[r.Index] : all[r.Index])]));
        return results;
    }

    // What a branch gives where its callee does not run comes before the callee's arguments.
    private static int FirstArgument(Node node) => node.Op.Code is OpCode.If or OpCode.While ? 1 + node.Results.Length : 0;

    /// <summary>Calls a graph; under a condition when there is one, with zeros for what is not given to take its outputs' place.</summary>
    private ImmutableArray<OpValue> Run(Graph callee, IEnumerable<OpValue> conditionAndValues, ImmutableArray<OpValue> arguments)
    {
        ImmutableArray<OpValue> guard = [.. conditionAndValues];
        if (guard.IsEmpty)
        {
            return builder.Call(callee, arguments);
        }

        var zeros = callee.Outputs.Skip(guard.Length - 1).Select(o => callee.TypeOf(o.Value)).Select(t => builder.Full(t.Shape, t.DType, 0));
        return builder.If(callee, guard[0], [.. guard.Skip(1), .. zeros], arguments);
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
            var leaving = entry.Node.Op.Has(OpTraits.RunsGraph) ? CallBackward(entry, arriving) : Apply(entry, arriving);
            for (var i = 0; i < entry.Operands.Length; i++)
            {
                if (entry.Wanted[i] && leaving[i] is { } cotangent)
                {
                    Add(cotangents, entry, entry.Operands[i], cotangent);
                }
            }
        }

        return [.. wrt.Select(w => cotangents.GetValueOrDefault(w))];
    }

    private static void Add(Dictionary<OpValue, OpValue> cotangents, Entry entry, OpValue operand, OpValue cotangent)
    {
        if (cotangent.Type != operand.Type)
        {
            throw new InvalidOperationException(
                $"the gradient rule of {entry.Node.Op.Name} gives {cotangent.Type} for an operand of {operand.Type}");
        }

        cotangents[operand] = cotangents.TryGetValue(operand, out var sum) ? sum + cotangent : cotangent;
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
        return op.Gradient(builder, new GradientInputs(op, entry.Operands, entry.Results, full, entry.Node.Attributes) { Wanted = entry.Wanted });
    }

    private ImmutableArray<OpValue?> CallBackward(Entry entry, ImmutableArray<OpValue?> arriving)
    {
        var leaving = new OpValue?[entry.Operands.Length];
        var first = FirstArgument(entry.Node);
        for (var i = 1; i < first; i++)
        {
            if (entry.Wanted[i] && arriving[i - 1] is { } cotangent)
            {
                leaving[i] = builder.Select(entry.Operands[0], builder.ZerosLike(cotangent), cotangent);
            }
        }

        if (entry.Gradient is { Operands.IsEmpty: false } gradient)
        {
            var seeds = gradient.SeededResults.Select(r => arriving[r] ?? builder.ZerosLike(entry.Results[r]));
            var results = Run(gradient.Backward, entry.Operands.Take(Math.Min(1, first)), [.. entry.Residuals, .. seeds]);
            for (var i = 0; i < gradient.Operands.Length; i++)
            {
                leaving[first + gradient.Operands[i]] = results[i];
            }
        }

        return [.. leaving];
    }
}
