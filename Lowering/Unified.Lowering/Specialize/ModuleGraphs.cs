using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>The sub-graphs of the module under construction: equal ones are one graph, and each has a name of its own.</summary>
internal sealed class ModuleGraphs
{
    private readonly Dictionary<Graph, Graph> _shared = new(GraphComparer.Instance);
    private readonly List<Graph> _order = [];
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);

    public IReadOnlyList<Graph> All => _order;

    /// <summary>The module's graph that computes what <paramref name="graph"/> computes.</summary>
    public Graph Share(Graph graph)
    {
        if (!_shared.TryGetValue(graph, out var shared))
        {
            shared = graph with { Name = UniqueName(graph.Name) };
            _shared.Add(shared, shared);
            _order.Add(shared);
        }

        return shared;
    }

    /// <summary><paramref name="name"/>, or it with a number when it is taken.</summary>
    public string UniqueName(string name)
    {
        var count = _uses[name] = _uses.GetValueOrDefault(name) + 1;
        return count == 1 ? name : UniqueName($"{name}_{count}");
    }

    /// <summary><c>Mlp_Forward</c> for <c>M:Ns.Mlp.Forward(Unified.Tensor)</c>.</summary>
    public static string NameOf(string key)
    {
        var path = key.Split('(')[0];
        var parts = path[(path.IndexOf(':', StringComparison.Ordinal) + 1)..].Split('.');
        return Identifier(string.Join("_", parts.TakeLast(2)));
    }

    /// <summary>The text with all but letters, digits and underscores dropped or turned into underscores.</summary>
    public static string Identifier(string text)
    {
        var name = string.Join("_", new string([.. text.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')]).Split('_', StringSplitOptions.RemoveEmptyEntries));
        return name.Length == 0 ? "value" : char.IsAsciiDigit(name[0]) ? "_" + name : name;
    }
}
