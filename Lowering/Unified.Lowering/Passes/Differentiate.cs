using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>
/// Turns each Gradient node into the ops that compute it, by walking the ops before it backwards and applying their gradient
/// rules. A call on the way becomes a call of a forward graph that also hands out what the backward graph needs, and a call
/// of that backward graph; both are made once per callee, however often it is called.
/// </summary>
public sealed class Differentiate : IPass
{
    public string Name => "differentiate";

    public GraphModule Run(GraphModule module)
    {
        var calls = new CallGradients(module);
        var done = new HashSet<string>(StringComparer.Ordinal);
        Visit(module.Root.Name);
        return new GraphModule([calls.Get(module.Root.Name), .. calls.All.Where(g => g.Name != module.Root.Name)]);

        void Visit(string name)
        {
            if (!done.Add(name))
            {
                return;
            }

            var graph = calls.Get(name);
            foreach (var callee in graph.Nodes.Select(n => n.Callee).OfType<string>().ToList())
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
        var activity = Activity.Of(graph, gradient.Operands.Skip(1), [loss]);
        var builder = new GraphBuilder(graph.Name);
        var map = new OpValue[graph.ValueCount];
        var tape = new Tape(builder, calls);
        GraphRewriter.CopyInputs(graph, builder, map);
        foreach (var node in graph.Nodes)
        {
            if (ReferenceEquals(node, gradient))
            {
                builder.Source = node.Source;
                var seeds = new Dictionary<OpValue, OpValue> { [map[loss]] = builder.Full(Shape.Scalar, map[loss].DType, 1) };
                var wrt = gradient.Operands.Skip(1).Select(o => map[o]).ToImmutableArray();
                var cotangents = tape.Backward(seeds, wrt);
                for (var i = 0; i < wrt.Length; i++)
                {
                    map[gradient.Results[i]] = cotangents[i] ?? builder.ZerosLike(wrt[i]);
                }
            }
            else
            {
                GraphRewriter.Visit(graph, node, builder, map, (_, n, operands) => tape.Record(graph, n, operands, activity));
            }
        }

        foreach (var output in graph.Outputs)
        {
            builder.Output(map[output.Value], output.Kind, output.Input);
        }

        return builder.Build();
    }
}
