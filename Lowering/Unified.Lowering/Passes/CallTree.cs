using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Which graph calls which.</summary>
internal static class CallTree
{
    public static IEnumerable<string> Callees(Graph graph) => graph.Nodes.Select(n => n.Callee).OfType<string>();

    /// <summary>The module without graphs that nothing calls: the root first, then in the order of their first calls.</summary>
    public static GraphModule Reachable(GraphModule module)
    {
        var graphs = module.Graphs.ToDictionary(g => g.Name, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal) { module.Root.Name };
        var kept = ImmutableArray.CreateBuilder<Graph>();
        var work = new Queue<string>(seen);
        while (work.TryDequeue(out var name))
        {
            kept.Add(graphs[name]);
            foreach (var callee in Callees(graphs[name]).Where(seen.Add))
            {
                work.Enqueue(callee);
            }
        }

        return new GraphModule(kept.ToImmutable());
    }
}
