using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Turns a module into one without nodes whose results nothing uses, and without graphs that nothing calls.</summary>
public sealed class EliminateDeadCode : IPass
{
    public string Name => "eliminate-dead-code";

    public GraphModule Run(GraphModule module) => CallTree.Reachable(new GraphModule([.. module.Graphs.Select(Prune)]));

    internal static Graph Prune(Graph graph)
    {
        var live = new bool[graph.ValueCount];
        foreach (var output in graph.Outputs)
        {
            live[output.Value] = true;
        }

        var keep = new bool[graph.Nodes.Length];
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            var node = graph.Nodes[i];
            keep[i] = node.Results.Any(r => live[r]);
            if (keep[i])
            {
                foreach (var operand in node.Operands)
                {
                    live[operand] = true;
                }
            }
        }

        if (Array.TrueForAll(keep, k => k))
        {
            return graph;
        }

        var builder = new GraphBuilder(graph.Name);
        var map = new OpValue[graph.ValueCount];
        GraphRewriter.CopyInputs(graph, builder, map);
        for (var i = 0; i < keep.Length; i++)
        {
            if (keep[i])
            {
                GraphRewriter.Visit(graph, graph.Nodes[i], builder, map, static (_, _, _) => null);
            }
        }

        foreach (var output in graph.Outputs)
        {
            builder.Output(map[output.Value], output.Kind, output.Input);
        }

        return builder.Build();
    }
}
