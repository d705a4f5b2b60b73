using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>What is known of a value beside its type.</summary>
/// <param name="IsBatched">It differs between examples, and has their axis in front.</param>
/// <param name="Saved">Of the tape of a loop: which of the recorded values are batched. Default: it is no tape.</param>
internal readonly record struct Batch(bool IsBatched, ImmutableArray<bool> Saved)
{
    public string Key => IsBatched ? "b" : Saved.IsDefault ? "-" : $"[{string.Concat(Saved.Select(s => s ? 'b' : '-'))}]";
}

/// <summary>
/// Turns the ops between the examples of a map and its results into ops on all examples at once, by their batching rules. What runs a graph
/// runs one for all examples; it is made once for each callee and pattern of operands.
/// </summary>
internal sealed class Vectorize(CallGradients calls)
{
    private const string Outside = "a value that differs between the examples of a Vmap is used outside of it; return it from the function";

    /// <summary>The same words as eager code says.</summary>
    public const string Condition =
        "inside of Vmap a value that differs between examples has no single value: it cannot decide an if or a loop, or be read; use Select(condition, a, b)";

    private readonly Dictionary<string, (Graph Graph, ImmutableArray<Batch> Results)> _made = new(StringComparer.Ordinal);

    /// <summary>Expands a map: the graph without its Example and Examples nodes.</summary>
    public Graph Expand(Graph graph, Node end)
    {
        var count = end.Results.Length;
        var examples = end.Operands.Skip(count).ToHashSet();
        var builder = new GraphBuilder(graph.Name);
        var map = new OpValue[graph.ValueCount];
        var known = new Dictionary<OpValue, Batch>();
        Dim? size = null;
        GraphRewriter.CopyInputs(graph, builder, map);
        foreach (var node in graph.Nodes)
        {
            builder.Source = node.Source;
            ImmutableArray<OpValue> operands = [.. node.Operands.Select(o => map[o])];
            ImmutableArray<OpValue> results;
            if (node.Op.Code == OpCode.Example && examples.Contains(node.Results[0]))
            {
                var axis = (int)node.Attributes.Int("axis");
                size ??= operands[0].Shape[axis];

                // A value of its own, even where the axis is in front already: the tensor itself is the same for all examples.
                results = [Move(builder, operands[0], axis, 0)];
                known[results[0]] = new(true, default);
            }
            else if (ReferenceEquals(node, end))
            {
                var axes = node.Attributes.Ints("axes");
                results = [.. operands.Take(count).Select((o, i) => Move(builder, known.GetValueOrDefault(o).IsBatched ? o : Batching.ForEach(builder, o, size!), 0, axes[i]))];
                known.Clear();
            }
            else
            {
                results = size is null ? builder.Copy(node, graph, operands) : Push(graph, node, builder, operands, known, size);
            }

            for (var i = 0; i < results.Length; i++)
            {
                map[node.Results[i]] = results[i];
            }
        }

        foreach (var output in graph.Outputs)
        {
            builder.Output(Same(graph, map, output.Value, end), output.Kind, output.Input);
        }

        return EliminateDeadCode.Prune(builder.Build());
    }

    private static OpValue Same(Graph graph, OpValue[] map, int value, Node end) =>
        map[value].Type == graph.TypeOf(value) ? map[value] : throw new GraphCompileException(Outside, end.Source) { EagerIsPossible = true };

    // A transposition that changes nothing is still a new value.
    private static OpValue Move(GraphBuilder builder, OpValue x, int from, int to)
    {
        var order = Enumerable.Range(0, x.Shape.Rank).ToList();
        order.RemoveAt(from);
        order.Insert(to, from);
        return builder.Transpose(x, order);
    }

    private ImmutableArray<OpValue> Push(
        Graph graph, Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, Dictionary<OpValue, Batch> known, Dim size)
    {
        if (!operands.Any(known.ContainsKey))
        {
            for (var i = 0; i < operands.Length; i++)
            {
                if (operands[i].Type != graph.TypeOf(node.Operands[i]))
                {
                    throw new GraphCompileException(Outside, node.Source) { EagerIsPossible = true };
                }
            }

            return builder.Copy(node, graph, operands);
        }

        ImmutableArray<Batch> batches = [.. operands.Select(o => known.GetValueOrDefault(o))];
        return node.Op.Code switch
        {
            OpCode.Call => PushCall(node, builder, operands, batches, known, size),
            OpCode.If => PushIf(node, builder, operands, batches, known, size),
            OpCode.While or OpCode.RecordedWhile or OpCode.Unwind => PushLoop(node, builder, operands, batches, known, size),
            OpCode.CustomGradient => PushCustomGradient(node, builder, operands, batches, known, size),
            _ => PushOp(node, builder, operands, batches, known, size),
        };
    }

    private static ImmutableArray<OpValue> PushOp(
        Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, ImmutableArray<Batch> batches, Dictionary<OpValue, Batch> known, Dim size)
    {
        try
        {
            var (result, isBatched) = Batching.Apply(builder, new BatchInputs(node.Op, operands, [.. batches.Select(b => b.IsBatched)], size, node.Attributes));
            if (isBatched)
            {
                known[result] = new(true, default);
            }

            return [result];
        }
        catch (ShapeException e)
        {
            throw new GraphCompileException(e.Message, node.Source, e);
        }
    }

    private ImmutableArray<OpValue> PushCall(
        Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, ImmutableArray<Batch> batches, Dictionary<OpValue, Batch> known, Dim size)
    {
        var (callee, results) = ForAll(node.Callee!, batches, [.. node.Results.Select(_ => false)], size);
        return Note(builder.Call(callee, operands, node.IsApart), results, known);
    }

    private ImmutableArray<OpValue> PushCustomGradient(
        Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, ImmutableArray<Batch> batches, Dictionary<OpValue, Batch> known, Dim size)
    {
        var wrt = (int)node.Attributes.Int("wrt");
        var each = new Batch(true, default);
        var (callee, _) = ForAll(node.Callee!, [each, .. batches.Skip(1 + wrt)], [.. Enumerable.Repeat(true, wrt)], size);

        // What is the same for all examples gets the cotangents of all of them.
        var summed = GraphRewriter.Copy(callee, calls.UniqueName(callee.Name), (b, i, value) => batches[1 + i].IsBatched ? value : b.Sum(value, [0]));
        calls.Put(summed);
        var all = batches[0].IsBatched ? operands[0] : Batching.ForEach(builder, operands[0], size);
        var result = builder.CustomGradient(summed, all, [.. operands.Skip(1).Take(wrt)], [.. operands.Skip(1 + wrt)], node.IsApart);
        known[result] = each;
        return [result];
    }

    private ImmutableArray<OpValue> PushIf(
        Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, ImmutableArray<Batch> batches, Dictionary<OpValue, Batch> known, Dim size)
    {
        if (batches[0].IsBatched)
        {
            throw new GraphCompileException(Condition, node.Source) { EagerIsPossible = true };
        }

        var count = node.Results.Length;
        ImmutableArray<Batch> others = [.. batches.Skip(1).Take(count)];
        var (callee, results) = ForAll(node.Callee!, [.. batches.Skip(1 + count)], [.. others.Select(o => o.IsBatched)], size);
        var otherwise = results.Select((r, i) => r.IsBatched && !others[i].IsBatched ? Batching.ForEach(builder, operands[1 + i], size) : operands[1 + i]);
        return Note(builder.If(callee, operands[0], [.. otherwise], [.. operands.Skip(1 + count)]), results, known);
    }

    private ImmutableArray<OpValue> PushLoop(
        Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, ImmutableArray<Batch> batches, Dictionary<OpValue, Batch> known, Dim size)
    {
        var parts = ControlOperands<OpValue>.Of(node, operands);
        var sides = ControlOperands<Batch>.Of(node, batches);
        var unwinds = node.Op.Code == OpCode.Unwind;
        if (sides.Condition.IsBatched)
        {
            throw new GraphCompileException(Condition, node.Source) { EagerIsPossible = true };
        }

        var turn = !unwinds ? [] : sides.Condition.Saved.IsDefault
            ? Enumerable.Repeat(default(Batch), calls.Get(node.Callee!).Inputs.Length - parts.Values.Length - parts.Arguments.Length)
            : sides.Condition.Saved.Select(s => new Batch(s, default));
        ImmutableArray<bool> around = [.. sides.Values.Select(v => v.IsBatched)];
        Graph body;
        while (true)
        {
            ImmutableArray<bool> forced = unwinds ? around : [false, .. around];
            (body, var results) = ForAll(node.Callee!, [.. turn, .. around.Select(a => new Batch(a, default)), .. sides.Arguments], forced, size);
            if (!unwinds && results[0].IsBatched)
            {
                throw new GraphCompileException(Condition, node.Source) { EagerIsPossible = true };
            }

            ImmutableArray<bool> now = [.. results.Skip(unwinds ? 0 : 1).Select(r => r.IsBatched)];
            if (now.SequenceEqual(around))
            {
                break;
            }

            around = now;
        }

        ImmutableArray<OpValue> initial = [.. parts.Values.Select((v, i) => around[i] && !sides.Values[i].IsBatched ? Batching.ForEach(builder, v, size) : v)];
        ImmutableArray<Batch> after = [.. around.Select(a => new Batch(a, default))];
        if (node.Op.Code != OpCode.RecordedWhile)
        {
            return Note(unwinds ? builder.Unwind(body, parts.Condition, initial, parts.Arguments) : builder.While(body, parts.Condition, initial, parts.Arguments), after, known);
        }

        var saved = node.Attributes.Ints("saved");
        var (values, tape) = builder.RecordedWhile(body, parts.Condition, initial, parts.Arguments, saved);
        return Note([.. values, tape], [.. after, new Batch(false, [.. saved.Select(i => around[i])])], known);
    }

    private static ImmutableArray<OpValue> Note(ImmutableArray<OpValue> values, ImmutableArray<Batch> batches, Dictionary<OpValue, Batch> known)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (batches[i].IsBatched || !batches[i].Saved.IsDefault)
            {
                known[values[i]] = batches[i];
            }
        }

        return values;
    }

    /// <summary>The callee for all examples.</summary>
    /// <param name="forced">Results that are given for each example even where they are the same for all.</param>
    private (Graph Graph, ImmutableArray<Batch> Results) ForAll(string callee, ImmutableArray<Batch> operands, ImmutableArray<bool> forced, Dim size)
    {
        var key = $"{callee} {size} {string.Concat(operands.Select(o => o.Key))} {string.Concat(forced.Select(f => f ? '1' : '0'))}";
        if (_made.TryGetValue(key, out var made))
        {
            return made;
        }

        var graph = calls.Get(callee);
        var builder = new GraphBuilder(calls.UniqueName(callee + "_examples"));
        var map = new OpValue[graph.ValueCount];
        var known = new Dictionary<OpValue, Batch>();
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            var type = graph.TypeOf(i);
            map[i] = builder.Input(
                graph.Inputs[i].Name, operands[i].IsBatched ? type with { Shape = new Shape([size, .. type.Shape.Dims]) } : type, graph.Inputs[i].Kind);
            if (operands[i].IsBatched || !operands[i].Saved.IsDefault)
            {
                known[map[i]] = operands[i];
            }
        }

        foreach (var node in graph.Nodes)
        {
            builder.Source = node.Source;
            var results = Push(graph, node, builder, [.. node.Operands.Select(o => map[o])], known, size);
            for (var i = 0; i < results.Length; i++)
            {
                map[node.Results[i]] = results[i];
            }
        }

        var batches = ImmutableArray.CreateBuilder<Batch>();
        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            var value = map[graph.Outputs[i].Value];
            var batch = known.GetValueOrDefault(value);
            if (batch.IsBatched && graph.Outputs[i].Kind != OutputKind.Result)
            {
                throw new GraphCompileException(Outside, builder.Source) { EagerIsPossible = true };
            }

            if (forced[i] && !batch.IsBatched)
            {
                (value, batch) = (Batching.ForEach(builder, value, size), new Batch(true, default));
            }

            builder.Output(value, graph.Outputs[i].Kind, graph.Outputs[i].Input);
            batches.Add(batch);
        }

        var all = builder.Build();
        calls.Put(all);
        return _made[key] = (all, batches.ToImmutable());
    }
}
