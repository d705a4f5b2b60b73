using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Turns composite ops into the simpler ops they are defined in, down to primitives.</summary>
/// <param name="keep">Composites of a type to leave alone.</param>
public sealed class DecomposeComposites(string name, Func<Op, DType, bool> keep) : IPass
{
    /// <summary>Before differentiation: only those without a gradient rule of their own. Managed code has none, and is kept whole.</summary>
    public static DecomposeComposites WithoutGradient { get; } = new("decompose-without-gradient", (op, _) => op.Gradient is not null || op.Has(OpTraits.Managed));

    public static DecomposeComposites All { get; } = new("decompose", (_, _) => false);

    public string Name => name;

    public GraphModule Run(GraphModule module) => new([.. module.Graphs.Select(Expand)]);

    private Graph Expand(Graph graph)
    {
        // A definition may use composites again: expand until nothing is left to do.
        while (graph.Nodes.Any(n => ShouldExpand(n, graph.TypeOf(n.Results[0]).DType)))
        {
            graph = GraphRewriter.Rewrite(graph, (builder, node, operands) =>
                ShouldExpand(node, graph.TypeOf(node.Results[0]).DType) ? node.Op.Definition!(builder, operands, node.Attributes) : null);
        }

        return graph;
    }

    private bool ShouldExpand(Node node, DType type) => node.Op.Definition is not null && !keep(node.Op, type);
}
