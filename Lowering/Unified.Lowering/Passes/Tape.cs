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
        CallGradient? Gradient, ImmutableArray<OpValue> Residuals)
    {
        /// <summary>For a loop: the step of the walk back, and the tape of its turns.</summary>
        public (LoopGradient Gradient, OpValue Tape)? Loop { get; init; }
    }

    /// <summary>Copies a node; remembers it when gradients flow through it.</summary>
    public ImmutableArray<OpValue> Record(Node node, ImmutableArray<OpValue> operands)
    {
        ImmutableArray<bool> wanted = [.. node.Operands.Select(activity.IsActive)];
        ImmutableArray<bool> seeded = [.. node.Results.Select(activity.IsActive)];
        if (!wanted.Contains(true) || !seeded.Contains(true))
        {
            return builder.Copy(node, graph, operands);
        }

        if (node.Op.Code == OpCode.Unwind)
        {
            throw new GraphCompileException(
                "a gradient of a gradient flows through a loop of the graph; a second derivative of a loop is computed eagerly, or unroll it by a host condition", node.Source)
            { EagerIsPossible = true };
        }

        if (node.Op.Code is OpCode.While or OpCode.RecordedWhile)
        {
            return RecordLoop(node, operands, wanted, seeded);
        }

        if (node.Op.Code == OpCode.CustomGradient)
        {
            var value = builder.Copy(node, graph, operands);
            _entries.Add(new Entry(node, operands, value, wanted, null, []));
            return value;
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

    private ImmutableArray<OpValue> RecordLoop(Node node, ImmutableArray<OpValue> operands, ImmutableArray<bool> wanted, ImmutableArray<bool> seeded)
    {
        var parts = ControlOperands<OpValue>.Of(node, operands);
        var count = parts.Values.Length;
        var gradient = calls.ForLoop(node.Callee!, count, [.. wanted.Skip(1)], [.. seeded.Take(count)]);
        var (results, tape) = builder.RecordedWhile(calls.Get(node.Callee!), parts.Condition, parts.Values, parts.Arguments, gradient.Saved);
        _entries.Add(new Entry(node, operands, results, wanted, null, []) { Loop = (gradient, tape) });

        // Recorded by another gradient before, it keeps that tape.
        return node.Op.Code == OpCode.While ? results : [.. results, builder.Copy(node, graph, operands)[^1]];
    }

    private ImmutableArray<OpValue?> LoopBackward(Entry entry, ImmutableArray<OpValue?> arriving, LoopGradient gradient, OpValue tape)
    {
        var leaving = new OpValue?[entry.Operands.Length];
        var parts = ControlOperands<OpValue>.Of(entry.Node, entry.Operands);
        var count = parts.Values.Length;
        ImmutableArray<OpValue> seeds =
        [
            .. gradient.Carried.Select(i => arriving[i] ?? builder.ZerosLike(parts.Values[i])), .. gradient.Arguments.Select(a => builder.ZerosLike(parts.Arguments[a])),
        ];
        ImmutableArray<OpValue> kept = [.. gradient.Kept.Select(i => arriving[i] ?? builder.ZerosLike(parts.Values[i]))];
        var results = builder.Unwind(gradient.Step, tape, seeds, [.. kept, .. parts.Arguments]);
        for (var k = 0; k < kept.Length; k++)
        {
            leaving[1 + gradient.Kept[k]] = kept[k];
        }

        for (var k = 0; k < gradient.Carried.Length; k++)
        {
            leaving[1 + gradient.Carried[k]] = results[k];
        }

        for (var k = 0; k < gradient.Arguments.Length; k++)
        {
            leaving[1 + count + gradient.Arguments[k]] = results[gradient.Carried.Length + k];
        }

        return [.. leaving];
    }

    // What a branch gives where its callee does not run comes before the callee's arguments.
    private static int FirstArgument(Node node) => node.Op.Code == OpCode.If ? 1 + node.Results.Length : 0;

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
            var leaving = entry.Node.Op.Code == OpCode.CustomGradient ? CustomBackward(entry, arriving[0]!)
                : entry.Loop is var (gradient, turns) ? LoopBackward(entry, arriving, gradient, turns)
                : entry.Node.Op.Has(OpTraits.RunsGraph) ? CallBackward(entry, arriving)
                : Apply(entry, arriving);
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

    private ImmutableArray<OpValue?> CustomBackward(Entry entry, OpValue cotangent)
    {
        var wrt = (int)entry.Node.Attributes.Int("wrt");
        var results = builder.Call(calls.Get(entry.Node.Callee!), [cotangent, .. entry.Operands.Skip(1 + wrt)], entry.Node.IsApart);
        return [null, .. results, .. entry.Operands.Skip(1 + wrt).Select(_ => (OpValue?)null)];
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
