using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Equality of what graphs compute: names and source places do not count.</summary>
internal sealed class GraphComparer : IEqualityComparer<Graph>
{
    public static GraphComparer Instance { get; } = new();

    public bool Equals(Graph? x, Graph? y) =>
        ReferenceEquals(x, y)
        || (x is not null && y is not null
            && x.Inputs.Length == y.Inputs.Length && x.Nodes.Length == y.Nodes.Length
            && x.Outputs.AsSpan().SequenceEqual(y.Outputs.AsSpan())
            && x.Inputs.Zip(y.Inputs).All(p => p.First.Kind == p.Second.Kind)
            && x.Types.AsSpan().SequenceEqual(y.Types.AsSpan())
            && x.Nodes.Zip(y.Nodes).All(p => Equals(p.First, p.Second)));

    public int GetHashCode(Graph graph)
    {
        var hash = default(HashCode);
        hash.Add(graph.Inputs.Length);
        foreach (var node in graph.Nodes)
        {
            hash.Add(node.Op.Code);
            hash.Add(node.Attributes);
            hash.Add(node.Operands.Length == 0 ? -1 : node.Operands[^1]);
            hash.Add(node.Callee);
        }

        foreach (var output in graph.Outputs)
        {
            hash.Add(output);
        }

        return hash.ToHashCode();
    }

    private bool Equals(Node x, Node y) =>
        x.Op == y.Op && x.Callee == y.Callee
        && x.Operands.AsSpan().SequenceEqual(y.Operands.AsSpan()) && x.Results.AsSpan().SequenceEqual(y.Results.AsSpan())
        && x.Attributes.Equals(y.Attributes)
        && x.Regions.Length == y.Regions.Length && x.Regions.Zip(y.Regions).All(p => Equals(p.First, p.Second));
}
