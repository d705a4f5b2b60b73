using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>
/// Turns calls of small graphs, and of graphs called from one place only, into their bodies. What stays is worth sharing: the blocks
/// of a deep model, the update of each parameter.
/// </summary>
/// <param name="mostNodes">
/// The size of a graph that is small. As many nodes as a layer such as a linear map and its bias has are too few to be worth a boundary that
/// fusion cannot cross.
/// </param>
public sealed class InlineCalls(int mostNodes = 4) : IPass
{
    /// <summary>Every call, for a form without any.</summary>
    public static InlineCalls Everything { get; } = new(int.MaxValue);

    public string Name => "inline-calls";

    public GraphModule Run(GraphModule module)
    {
        module = CallTree.Reachable(module);
        var sites = module.Graphs.SelectMany(CallTree.Callees).CountBy(c => c, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        var done = new Dictionary<string, Graph>(StringComparer.Ordinal);
        foreach (var graph in module.Graphs)
        {
            Visit(graph.Name);
        }

        return CallTree.Reachable(new([.. module.Graphs.Select(g => done[g.Name])]));

        Graph Visit(string name)
        {
            if (done.TryGetValue(name, out var known))
            {
                return known;
            }

            return done[name] = GraphRewriter.Rewrite(module.Get(name), (builder, node, operands) =>
            {
                if (node.Callee is null || node.Op.Code != OpCode.Call || (node.IsApart && mostNodes < int.MaxValue))
                {
                    return null;
                }

                var callee = Visit(node.Callee);
                return sites[node.Callee] == 1 || callee.Nodes.Length <= mostNodes ? Inline(builder, callee, operands) : null;
            });
        }
    }

    private static ImmutableArray<OpValue> Inline(GraphBuilder builder, Graph callee, ImmutableArray<OpValue> operands)
    {
        var map = new OpValue[callee.ValueCount];
        operands.CopyTo(map);
        foreach (var node in callee.Nodes)
        {
            GraphRewriter.Visit(callee, node, builder, map, static (_, _, _) => null);
        }

        return [.. callee.Outputs.Select(o => map[o.Value])];
    }
}
