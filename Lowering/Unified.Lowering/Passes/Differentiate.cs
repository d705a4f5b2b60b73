using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>
/// Turns each Gradient node into the ops that compute it, by walking the ops before it backwards and applying their gradient
/// rules, each Tangent node by following the ops forwards, and each map over examples by doing the ops in it for all examples at once. A call on the way becomes a call of a forward graph that also hands out what the
/// backward graph needs, and a call of that backward graph, or a call of a graph that takes and gives tangents; these are made once per callee
/// and pattern of active operands, however often it is called.
/// </summary>
public sealed class Differentiate : IPass
{
    public string Name => "differentiate";

    public GraphModule Run(GraphModule module)
    {
        var calls = new CallGradients(module);
        var tangents = new Tangents(calls);
        var maps = new Vectorize(calls);
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var graph in module.Graphs)
        {
            Visit(graph.Name);
        }

        return new GraphModule([.. calls.All.Select(WithoutCustomGradients)]);

        // Callees first: what is split for a caller holds no derivative.
        void Visit(string name)
        {
            if (!done.Add(name))
            {
                return;
            }

            var graph = calls.Get(name);
            foreach (var callee in CallTree.Callees(graph))
            {
                Visit(callee);
            }

            // The first depends on no other: expand it, then look again. Nested ones come out inside first.
            while (graph.Nodes.FirstOrDefault(n => n.Op.Code is OpCode.Gradient or OpCode.Tangent or OpCode.Examples) is { } node)
            {
                graph = node.Op.Code switch
                {
                    OpCode.Gradient => ExpandGradient(graph, node, Watched.Of(graph, node), calls),
                    OpCode.Tangent => ExpandTangent(graph, node, Watched.Of(graph, node), tangents),
                    _ => maps.Expand(graph, node),
                };
                calls.Put(graph);
            }
        }
    }

    // All derivatives are there: what is left of a value with a gradient of its own is the value.
    private static Graph WithoutCustomGradients(Graph graph) => graph.Nodes.Any(n => n.Op.Code == OpCode.CustomGradient)
        ? GraphRewriter.Rewrite(graph, (_, node, operands) => node.Op.Code == OpCode.CustomGradient ? [operands[0]] : null)
        : graph;

    private static Graph ExpandGradient(Graph graph, Node gradient, Watched watch, CallGradients calls)
    {
        var builder = new GraphBuilder(graph.Name);
        var map = new OpValue[graph.ValueCount];
        var tape = new Tape(graph, Activity.Of(graph, watch.Values, [gradient.Operands[0]], watch.Start), builder, calls);
        return Rewrite(graph, builder, map, (node, operands, isWatched) =>
            ReferenceEquals(node, gradient) ? Gradients(builder, tape, operands[0], [.. watch.Values.Select(v => map[v])])
            : ReferenceEquals(node, watch.Node) ? operands
            : isWatched ? tape.Record(node, operands)
            : builder.Copy(node, graph, operands), watch);
    }

    private static Graph ExpandTangent(Graph graph, Node tangent, Watched watch, Tangents tangents)
    {
        var builder = new GraphBuilder(graph.Name);
        var map = new OpValue[graph.ValueCount];
        var known = new Dictionary<OpValue, Companion>();
        var count = watch.Values.Length / 2;
        var expanded = Rewrite(graph, builder, map, (node, operands, isWatched) =>
        {
            if (ReferenceEquals(node, tangent))
            {
                return [known.GetValueOrDefault(operands[0]).Tangent ?? builder.ZerosLike(operands[0])];
            }

            if (ReferenceEquals(node, watch.Node))
            {
                // The same tensor may be given twice: the changes add up.
                for (var i = 0; i < count; i++)
                {
                    known[operands[i]] = new(known.GetValueOrDefault(operands[i]).Tangent is { } sum ? sum + operands[count + i] : operands[count + i], default);
                }

                return operands;
            }

            return isWatched ? tangents.Push(graph, node, builder, operands, known) : builder.Copy(node, graph, operands);
        }, watch);
        return EliminateDeadCode.Prune(expanded);
    }

    private static Graph Rewrite(
        Graph graph, GraphBuilder builder, OpValue[] map, Func<Node, ImmutableArray<OpValue>, bool, ImmutableArray<OpValue>> rewrite, Watched watch)
    {
        GraphRewriter.CopyInputs(graph, builder, map);
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            GraphRewriter.Visit(graph, graph.Nodes[i], builder, map, (_, n, operands) => rewrite(n, operands, i >= watch.Start && i < watch.End));
        }

        foreach (var output in graph.Outputs)
        {
            builder.Output(map[output.Value], output.Kind, output.Input);
        }

        return builder.Build();
    }

    private static ImmutableArray<OpValue> Gradients(GraphBuilder builder, Tape tape, OpValue loss, ImmutableArray<OpValue> wrt)
    {
        var source = builder.Source;
        var cotangents = tape.Backward(new Dictionary<OpValue, OpValue> { [loss] = builder.ScalarLike(loss, 1) }, wrt);
        builder.Source = source;
        return [.. cotangents.Zip(wrt, (cotangent, w) => cotangent ?? builder.ZerosLike(w))];
    }

    /// <summary>What a derivative is taken with respect to, and between which nodes.</summary>
    private sealed record Watched(Node? Node, ImmutableArray<int> Values, int Start, int End)
    {
        public static Watched Of(Graph graph, Node derivative)
        {
            ImmutableArray<int> marked = [.. derivative.Operands.Skip(1)];
            var end = graph.Nodes.IndexOf(derivative, 0, graph.Nodes.Length, ReferenceEqualityComparer.Instance);
            for (var i = 0; i < end && !marked.IsEmpty; i++)
            {
                if (graph.Nodes[i] is { Op.Code: OpCode.Watch } watch && watch.Results.SequenceEqual(marked))
                {
                    return new(watch, watch.Operands, i + 1, end);
                }
            }

            return new(null, marked, 0, end);
        }
    }
}
