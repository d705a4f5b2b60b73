using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>
/// Turns each Gradient node into the ops that compute it, by walking the ops before it backwards and applying their gradient
/// rules. A call on the way becomes a call of a forward graph that also hands out what the backward graph needs, and a call
/// of that backward graph; both are made once per callee and pattern of active operands, however often it is called.
/// </summary>
public sealed class Differentiate : IPass
{
    public string Name => "differentiate";

    public GraphModule Run(GraphModule module)
    {
        var calls = new CallGradients(module);
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var graph in module.Graphs)
        {
            Visit(graph.Name);
        }

        return new GraphModule(calls.All);

        // Callees first: what is split for a caller holds no Gradient node.
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

            // The first Gradient node depends on no other: expand it, then look again. Nested gradients come out inside first.
            while (graph.Nodes.FirstOrDefault(n => n.Op.Code == OpCode.Gradient) is { } gradient)
            {
                graph = Expand(graph, gradient, calls);
                calls.Put(graph);
            }
        }
    }

    private static Graph Expand(Graph graph, Node gradient, CallGradients calls)
    {
        var loss = gradient.Operands[0];
        var builder = new GraphBuilder(graph.Name);
        var map = new OpValue[graph.ValueCount];
        var tape = new Tape(graph, Activity.Of(graph, gradient.Operands.Skip(1), [loss]), builder, calls);
        GraphRewriter.CopyInputs(graph, builder, map);
        foreach (var node in graph.Nodes)
        {
            GraphRewriter.Visit(graph, node, builder, map, (_, n, operands) =>
                ReferenceEquals(n, gradient) ? Gradients(builder, tape, operands[0], operands.RemoveAt(0)) : tape.Record(n, operands));
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
}
