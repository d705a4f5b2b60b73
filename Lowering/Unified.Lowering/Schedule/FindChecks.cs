using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>
/// A check of indices that a node makes as it runs: each of <paramref name="Value"/> must be one of an axis of <paramref name="Extent"/> elements. The same check made
/// once more cannot fail.
/// </summary>
/// <param name="Value">A value of the graph; -1: something that may fail and that no other check tells of.</param>
/// <param name="Proves">It looks at all the indices, whatever the sizes.</param>
internal sealed record IndexCheck(int Value, Dim Extent, bool Proves)
{
    public static IndexCheck Unknown { get; } = new(-1, Dim.Zero, false);
}

/// <summary>Finds what a graph checks as it runs, and so which of its nodes may fail, node by node.</summary>
internal sealed class FindChecks
{
    private readonly Graph _graph;
    private readonly ValueSources _sources;
    private readonly Func<string, ImmutableArray<IndexCheck>> _callee;

    /// <param name="callee">The checks of a graph that is called, in terms of its inputs.</param>
    public FindChecks(Graph graph, Func<string, ImmutableArray<IndexCheck>> callee)
    {
        (_graph, _sources, _callee) = (graph, new ValueSources(graph), callee);
        All = [.. graph.Nodes.SelectMany(Of).Select(c => c.Value < graph.Inputs.Length ? c : c with { Value = -1 }).Distinct()];
    }

    /// <summary>Those of the whole graph, in terms of its inputs.</summary>
    public ImmutableArray<IndexCheck> All { get; }

    /// <summary>Those of a node. Empty: it cannot fail.</summary>
    public IEnumerable<IndexCheck> Of(Node node)
    {
        switch (node.Op.Code)
        {
            case OpCode.Gather:
                var axis = OpAxes.One(node.Attributes, _graph.TypeOf(node.Operands[0]).Rank);
                var table = _graph.TypeOf(node.Operands[0]).Shape;
                return [Check(node.Operands[1], table[axis], table.Where((_, a) => a != axis))];
            case OpCode.ScatterAdd:
                var result = _graph.TypeOf(node.Results[0]).Shape;
                return [Check(node.Operands[0], result[0], result.Skip(1))];
            case OpCode.Call:
                return _callee(node.Callee!).Select(c => c.Value < 0 ? c : c with { Value = SourceOf(node.Operands[c.Value]) });
            default:
                // What runs on a condition, or several times, tells nothing of other runs. Managed code may throw what it likes.
                return node.Op.Has(OpTraits.Managed) || (node.Op.Has(OpTraits.RunsGraph) && !_callee(node.Callee!).IsEmpty) ? [IndexCheck.Unknown] : [];
        }
    }

    /// <summary>Whether work may fail when it runs after what has been proved, and what it proves itself.</summary>
    public static bool MayFail(IEnumerable<IndexCheck> checks, HashSet<(int Value, Dim Extent)> proved)
    {
        var list = checks.ToList();
        var fails = list.Exists(c => c.Value < 0 || !proved.Contains((c.Value, c.Extent)));
        proved.UnionWith(list.Where(c => c.Proves && c.Value >= 0).Select(c => (c.Value, c.Extent)));
        return fails;
    }

    // Where the rows have no elements nothing is looked up.
    private IndexCheck Check(int indices, Dim extent, IEnumerable<Dim> others) => new(SourceOf(indices), extent, others.All(d => d.IsConstant && d.Value > 0));

    // The same numbers in another shape, copied, or as wider integers.
    private int SourceOf(int value)
    {
        while (_sources.Producer(value) is { } node)
        {
            var (from, to) = (_graph.TypeOf(node.Operands.IsEmpty ? value : node.Operands[0]), _graph.TypeOf(value));
            var isSame = node.Op.Has(OpTraits.View) ? from.Shape.Size == to.Shape.Size && node.Op.Code is OpCode.Reshape or OpCode.Transpose
                : node.Op.Code == OpCode.Cast && (from.DType == to.DType || (from.DType, to.DType) is (DType.I32, DType.I64));
            if (!isSame)
            {
                return value;
            }

            value = node.Operands[0];
        }

        return value;
    }
}
