using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Replaces a node: the values that stand for its results in the new graph, or null to keep it as it is.</summary>
public delegate ImmutableArray<OpValue>? NodeRewrite(GraphBuilder builder, Node node, ImmutableArray<OpValue> operands);

/// <summary>Turns a graph into another, node by node in order: what most passes are.</summary>
public static class GraphRewriter
{
    public static Graph Rewrite(Graph graph, NodeRewrite rewrite, string? name = null)
    {
        var builder = new GraphBuilder(name ?? graph.Name);
        var map = new OpValue[graph.ValueCount];
        CopyInputs(graph, builder, map);
        foreach (var node in graph.Nodes)
        {
            Visit(graph, node, builder, map, rewrite);
        }

        foreach (var output in graph.Outputs)
        {
            builder.Output(map[output.Value], output.Kind, output.Input);
        }

        return builder.Build();
    }

    /// <summary>The graph with other outputs.</summary>
    /// <param name="output">From the number of an output and its value to what takes its place.</param>
    public static Graph Copy(Graph graph, string name, Func<GraphBuilder, int, OpValue, OpValue> output)
    {
        var builder = new GraphBuilder(name);
        var map = new OpValue[graph.ValueCount];
        CopyInputs(graph, builder, map);
        foreach (var node in graph.Nodes)
        {
            Visit(graph, node, builder, map, static (_, _, _) => null);
        }

        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            builder.Output(output(builder, i, map[graph.Outputs[i].Value]), graph.Outputs[i].Kind, graph.Outputs[i].Input);
        }

        return builder.Build();
    }

    public static void CopyInputs(Graph graph, GraphBuilder builder, OpValue[] map)
    {
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            map[i] = builder.Input(graph.Inputs[i].Name, graph.Inputs[i].Type, graph.Inputs[i].Kind);
        }
    }

    /// <summary>Maps one node into the builder.</summary>
    public static void Visit(Graph graph, Node node, GraphBuilder builder, OpValue[] map, NodeRewrite rewrite)
    {
        ImmutableArray<OpValue> operands = [.. node.Operands.Select(o => map[o])];
        builder.Source = node.Source;
        var results = rewrite(builder, node, operands) ?? builder.Copy(node, graph, operands);
        for (var i = 0; i < node.Results.Length; i++)
        {
            if (results[i].Type != graph.TypeOf(node.Results[i]))
            {
                throw new InvalidOperationException(
                    $"graph '{graph.Name}': a rewrite of {node.Op.Name} turned {graph.TypeOf(node.Results[i])} into {results[i].Type}");
            }

            map[node.Results[i]] = results[i];
        }
    }
}
