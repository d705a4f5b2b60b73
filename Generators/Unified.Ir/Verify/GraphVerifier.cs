using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Turns a graph or module into the list of the rules it breaks: empty for a valid one.</summary>
public static class GraphVerifier
{
    private static readonly ImmutableArray<GraphRule> Rules = [.. GraphRules.Rows, .. CallRules.Rows];

    public static ImmutableArray<string> RuleNames { get; } = [.. Rules.Select(r => r.Name)];

    /// <summary>A graph by itself: every call in it is a problem.</summary>
    public static ImmutableArray<string> Verify(Graph graph) => Verify(new GraphModule([graph]));

    public static ImmutableArray<string> Verify(GraphModule module) => module.Graphs.IsDefaultOrEmpty
        ? ["module: has no graph"]
        : [.. module.Graphs.SelectMany(g => Verify(module, g, $"graph @{g.Name}"))];

    /// <exception cref="IrVerifyException">The graph breaks rules.</exception>
    public static void Check(Graph graph) => Check(new GraphModule([graph]));

    /// <exception cref="IrVerifyException">The module breaks rules.</exception>
    public static void Check(GraphModule module)
    {
        var problems = Verify(module);
        if (!problems.IsEmpty)
        {
            throw new IrVerifyException(module.Graphs.IsDefaultOrEmpty ? "the module" : $"graph @{module.Root.Name}", problems);
        }
    }

    private static IEnumerable<string> Verify(GraphModule module, Graph graph, string place) =>
        Rules.SelectMany(r => r.Check(module, graph).Select(problem => $"{place}: {r.Name}: {problem}"))
            .Concat(graph.Nodes.SelectMany(n => n.Regions.SelectMany(region => Verify(module, region, $"{place}, region @{region.Name}"))));
}
