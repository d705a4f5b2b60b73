using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>What a value carries along when tangents are computed beside it.</summary>
/// <param name="Saved">Of the tape of a loop: which of the recorded values have tangents, which are recorded after them. Default: a tangent of its own.</param>
internal readonly record struct Companion(OpValue? Tangent, ImmutableArray<bool> Saved)
{
    public string Key => Tangent is not null ? "t" : Saved.IsDefault ? "-" : $"[{string.Concat(Saved.Select(s => s ? 't' : '-'))}]";
}

/// <summary>
/// Turns the ops of a graph into themselves and the tangents of their results, in the order in which they stand. What runs a graph runs one that
/// takes and gives tangents as well; it is made once for each callee and pattern of operands.
/// </summary>
internal sealed class Tangents(CallGradients calls)
{
    private readonly Dictionary<string, (Graph Graph, ImmutableArray<Companion> Results)> _made = new(StringComparer.Ordinal);

    /// <summary>Adds the node and the tangents of its results; gives the results.</summary>
    public ImmutableArray<OpValue> Push(Graph graph, Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, Dictionary<OpValue, Companion> known)
    {
        if (!operands.Any(known.ContainsKey))
        {
            return builder.Copy(node, graph, operands);
        }

        ImmutableArray<Companion> companions = [.. operands.Select(o => known.GetValueOrDefault(o))];
        switch (node.Op.Code)
        {
            case OpCode.Call:
                return PushCall(node, builder, operands, companions, known);
            case OpCode.If:
                return PushIf(node, builder, operands, companions, known);
            case OpCode.While or OpCode.RecordedWhile:
                return PushLoop(node, builder, operands, companions, known);
            case OpCode.Unwind:
                return PushUnwind(node, builder, operands, companions, known);
            case OpCode.CustomGradient:
                throw new GraphCompileException(
                    "CustomGradient: the function says how cotangents go back, not how tangents go forward; differentiate it by Grad, Vjp or JacobianReverse", node.Source)
                { EagerIsPossible = true };
            default:
                var results = builder.Copy(node, graph, operands);
                if (Follow(node, builder, operands, results[0], companions) is { } tangent)
                {
                    known[results[0]] = new(tangent, default);
                }

                return results;
        }
    }

    private static OpValue? Follow(Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, OpValue result, ImmutableArray<Companion> companions)
    {
        try
        {
            return TangentRule.Tangent(builder, node.Op, operands, result, node.Attributes, [.. companions.Select(c => c.Tangent)]);
        }
        catch (ShapeException e)
        {
            throw new GraphCompileException(e.Message, node.Source, e);
        }
    }

    private ImmutableArray<OpValue> PushCall(
        Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, ImmutableArray<Companion> companions, Dictionary<OpValue, Companion> known)
    {
        var (callee, results) = Dual(node.Callee!, companions, [.. calls.Get(node.Callee!).Outputs.Select(_ => false)]);
        var all = builder.Call(callee, [.. operands, .. TangentsOf(companions)]);
        return Note(all, results, known);
    }

    private ImmutableArray<OpValue> PushIf(
        Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, ImmutableArray<Companion> companions, Dictionary<OpValue, Companion> known)
    {
        var count = node.Results.Length;
        var others = companions.Skip(1).Take(count).ToImmutableArray();
        var arguments = companions.Skip(1 + count).ToImmutableArray();
        var (callee, results) = Dual(node.Callee!, arguments, [.. others.Select(o => o.Tangent is not null)]);
        var tangents = results.Select((r, i) => (r, i)).Where(r => r.r.Tangent is not null).Select(r => others[r.i].Tangent ?? builder.ZerosLike(operands[1 + r.i]));
        var all = builder.If(callee, operands[0], [.. operands.Skip(1).Take(count), .. tangents], [.. operands.Skip(1 + count), .. TangentsOf(arguments)]);
        return Note(all, results, known);
    }

    private ImmutableArray<OpValue> PushLoop(
        Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, ImmutableArray<Companion> companions, Dictionary<OpValue, Companion> known)
    {
        var parts = ControlOperands<OpValue>.Of(node, operands);
        var sides = ControlOperands<Companion>.Of(node, companions);
        var body = calls.Get(node.Callee!);
        var (callee, around) = Settle(body, parts.Values, sides, builder, results => [false, .. results]);
        ImmutableArray<int> moving = [.. Enumerable.Range(0, around.Length).Where(i => around[i])];

        // Both the values and the tangents go around: the body is given [values, arguments, tangents of values, tangents of arguments].
        var count = parts.Values.Length;
        var dual = Reorder(callee, body.Inputs.Length, count, moving.Length);
        ImmutableArray<OpValue> initial = [.. parts.Values, .. moving.Select(i => sides.Values[i].Tangent ?? builder.ZerosLike(parts.Values[i]))];
        ImmutableArray<OpValue> arguments = [.. parts.Arguments, .. TangentsOf(sides.Arguments)];
        ImmutableArray<OpValue> all;
        if (node.Op.Code == OpCode.While)
        {
            all = builder.While(dual, parts.Condition, initial, arguments);
        }
        else
        {
            var saved = node.Attributes.Ints("saved");
            var also = saved.Where(i => around[i]).Select(i => count + moving.IndexOf(i));
            var (results, tape) = builder.RecordedWhile(dual, parts.Condition, initial, arguments, [.. saved, .. also]);
            known[tape] = new(null, [.. saved.Select(i => around[i])]);
            all = [.. results.Take(count), tape, .. results.Skip(count)];
        }

        var own = node.Results.Length;
        for (var k = 0; k < moving.Length; k++)
        {
            known[all[moving[k]]] = new(all[own + k], default);
        }

        return [.. all.Take(own)];
    }

    private ImmutableArray<OpValue> PushUnwind(
        Node node, GraphBuilder builder, ImmutableArray<OpValue> operands, ImmutableArray<Companion> companions, Dictionary<OpValue, Companion> known)
    {
        var parts = ControlOperands<OpValue>.Of(node, operands);
        var sides = ControlOperands<Companion>.Of(node, companions);
        var step = calls.Get(node.Callee!);
        var count = parts.Values.Length;
        var recorded = step.Inputs.Length - count - parts.Arguments.Length;
        ImmutableArray<bool> saved = sides.Condition.Saved.IsDefault ? [.. Enumerable.Repeat(false, recorded)] : sides.Condition.Saved;
        ImmutableArray<Companion> turn = [.. saved.Select((s, i) => s ? new Companion(Stand(builder, step.TypeOf(i)), default) : default)];
        var (callee, around) = Settle(step, parts.Values, sides, builder, results => results, turn);
        ImmutableArray<int> moving = [.. Enumerable.Range(0, around.Length).Where(i => around[i])];
        var dual = Reorder(callee, step.Inputs.Length, recorded, saved.Count(s => s), second: (count, moving.Length));
        ImmutableArray<OpValue> initial = [.. parts.Values, .. moving.Select(i => sides.Values[i].Tangent ?? builder.ZerosLike(parts.Values[i]))];
        var all = builder.Unwind(dual, parts.Condition, initial, [.. parts.Arguments, .. TangentsOf(sides.Arguments)]);
        for (var k = 0; k < moving.Length; k++)
        {
            known[all[moving[k]]] = new(all[count + k], default);
        }

        return [.. all.Take(count)];
    }

    /// <summary>Which carried values come to have tangents in some turn, and the body that gives them.</summary>
    private (Graph Body, ImmutableArray<bool> Around) Settle(
        Graph body, ImmutableArray<OpValue> values, ControlOperands<Companion> sides, GraphBuilder builder,
        Func<ImmutableArray<bool>, ImmutableArray<bool>> outputs, ImmutableArray<Companion> recorded = default)
    {
        ImmutableArray<bool> around = [.. sides.Values.Select(v => v.Tangent is not null)];
        while (true)
        {
            var carried = around.Select((a, i) => a ? new Companion(sides.Values[i].Tangent ?? Stand(builder, values[i].Type), default) : default);
            var (graph, results) = Dual(body.Name, [.. recorded.IsDefault ? [] : recorded, .. carried, .. sides.Arguments], outputs(around));
            ImmutableArray<bool> now = [.. results.Skip(results.Length - around.Length).Select(r => r.Tangent is not null)];
            if (now.SequenceEqual(around))
            {
                return (graph, around);
            }

            around = now;
        }
    }

    // Only its presence counts: what a turn is given stands for all turns.
    private static OpValue Stand(GraphBuilder builder, TensorType type) => builder.Full(type.Shape, type.DType, 0);

    private static ImmutableArray<OpValue> Note(ImmutableArray<OpValue> all, ImmutableArray<Companion> results, Dictionary<OpValue, Companion> known)
    {
        var next = results.Length;
        for (var i = 0; i < results.Length; i++)
        {
            if (results[i].Tangent is not null)
            {
                known[all[i]] = new(all[next++], default);
            }
            else if (!results[i].Saved.IsDefault)
            {
                known[all[i]] = results[i];
            }
        }

        return [.. all.Take(results.Length)];
    }

    private static IEnumerable<OpValue> TangentsOf(ImmutableArray<Companion> companions) => companions.Select(c => c.Tangent).OfType<OpValue>();

    /// <summary>The callee with further inputs and outputs: the tangents of those operands that have one, and of the results that come to have one.</summary>
    /// <param name="forced">Results that are given a tangent in any case, if need be of zeros.</param>
    private (Graph Graph, ImmutableArray<Companion> Results) Dual(string callee, ImmutableArray<Companion> operands, ImmutableArray<bool> forced)
    {
        var key = $"{callee} {string.Concat(operands.Select(o => o.Key))} {string.Concat(forced.Select(f => f ? '1' : '0'))}";
        if (_made.TryGetValue(key, out var made))
        {
            return made;
        }

        var graph = calls.Get(callee);
        var builder = new GraphBuilder(calls.UniqueName(callee + "_tangent"));
        var map = new OpValue[graph.ValueCount];
        GraphRewriter.CopyInputs(graph, builder, map);
        var known = new Dictionary<OpValue, Companion>();
        for (var i = 0; i < operands.Length; i++)
        {
            if (operands[i].Tangent is not null)
            {
                known[map[i]] = new(builder.Input($"t_{i}", graph.TypeOf(i), InputKind.Argument), default);
            }
            else if (!operands[i].Saved.IsDefault)
            {
                known[map[i]] = operands[i];
            }
        }

        foreach (var node in graph.Nodes)
        {
            GraphRewriter.Visit(graph, node, builder, map, (_, n, o) => Push(graph, n, builder, o, known));
        }

        var results = ImmutableArray.CreateBuilder<Companion>();
        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            var (value, kind, input) = graph.Outputs[i];
            builder.Output(map[value], kind, input);
            var companion = kind == OutputKind.Result ? known.GetValueOrDefault(map[value]) : default;
            results.Add(companion.Tangent is null && companion.Saved.IsDefault && forced[i] ? new(builder.ZerosLike(map[value]), default) : companion);
        }

        foreach (var tangent in TangentsOf(results.ToImmutable()))
        {
            builder.Output(tangent, OutputKind.Result);
        }

        var dual = EliminateDeadCode.Prune(builder.Build());
        calls.Put(dual);
        return _made[key] = (dual, results.ToImmutable());
    }

    /// <summary>
    /// A graph whose inputs are [first, rest, tangents of first, tangents of rest], with each group's tangents right after it: what goes around a
    /// loop stands together. Among the outputs the tangents are last in either case.
    /// </summary>
    /// <param name="inputs">How many inputs are no tangents.</param>
    /// <param name="first">How many of them are in the first group.</param>
    /// <param name="firstTangents">How many tangents it has.</param>
    /// <param name="second">A second group, as the first.</param>
    private Graph Reorder(Graph graph, int inputs, int first, int firstTangents, (int Count, int Tangents) second = default)
    {
        var order = Enumerable.Range(0, first)
            .Concat(Enumerable.Range(inputs, firstTangents))
            .Concat(Enumerable.Range(first, second.Count))
            .Concat(Enumerable.Range(inputs + firstTangents, second.Tangents))
            .Concat(Enumerable.Range(first + second.Count, inputs - first - second.Count))
            .Concat(Enumerable.Range(inputs + firstTangents + second.Tangents, graph.Inputs.Length - inputs - firstTangents - second.Tangents));
        var builder = new GraphBuilder(calls.UniqueName(graph.Name + "_turn"));
        var map = new OpValue[graph.ValueCount];
        foreach (var i in order)
        {
            map[i] = builder.Input(graph.Inputs[i].Name, graph.Inputs[i].Type, graph.Inputs[i].Kind);
        }

        foreach (var node in graph.Nodes)
        {
            GraphRewriter.Visit(graph, node, builder, map, static (_, _, _) => null);
        }

        foreach (var output in graph.Outputs)
        {
            builder.Output(map[output.Value], output.Kind, output.Input);
        }

        var reordered = builder.Build();
        calls.Put(reordered);
        return reordered;
    }
}
