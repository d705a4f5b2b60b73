using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Numbers that must lie in a range.</summary>
/// <param name="Value">A value of the graph.</param>
/// <param name="Least">The least that each may be.</param>
/// <param name="Most">The most that each may be.</param>
internal sealed record IndexRange(int Value, Dim Least, Dim Most);

/// <summary>A check that a node makes as it runs. The same check made once more cannot fail.</summary>
/// <param name="Range">What is checked; null: something that may fail and that no other check tells of.</param>
/// <param name="Proves">It looks at all the numbers, whatever the sizes.</param>
internal sealed record IndexCheck(IndexRange? Range, bool Proves)
{
    public static IndexCheck Unknown { get; } = new(null, false);
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
        All = [.. graph.Nodes.SelectMany(Of).Select(c => c.Range is { } range && range.Value < graph.Inputs.Length ? c : IndexCheck.Unknown).Distinct()];
    }

    /// <summary>Those of the whole graph, in terms of its inputs.</summary>
    public ImmutableArray<IndexCheck> All { get; }

    /// <summary>Those of a node. Empty: it cannot fail.</summary>
    public IEnumerable<IndexCheck> Of(Node node)
    {
        if (node.Op.Code == OpCode.Call)
        {
            return _callee(node.Callee!).Select(c => c.Range is { } range ? Check(node.Operands[range.Value], range.Least, range.Most, c.Proves) : c);
        }

        var inputs = new OpInputs(node.Op, [.. node.Operands.Select(_graph.TypeOf)], node.Attributes);
        if (node.Op.Check?.Invoke(inputs) is { } check)
        {
            return [Check(node.Operands[check.Operand], check.Least, check.Most, check.Proves)];
        }

        // What runs on a condition, or several times, tells nothing of other runs.
        return node.Op.Has(OpTraits.MayFail) || (node.Op.Has(OpTraits.RunsGraph) && !_callee(node.Callee!).IsEmpty) ? [IndexCheck.Unknown] : [];
    }

    /// <summary>Whether work may fail when it runs after what has been proved, and what it proves itself.</summary>
    public static bool MayFail(IEnumerable<IndexCheck> checks, HashSet<IndexRange> proved)
    {
        var list = checks.ToList();
        var fails = list.Exists(c => c.Range is null || !proved.Contains(c.Range));
        proved.UnionWith(list.Where(c => c.Proves).Select(c => c.Range).OfType<IndexRange>());
        return fails;
    }

    private IndexCheck Check(int value, Dim least, Dim most, bool proves)
    {
        var (source, offset) = SourceOf(value);
        return new(new(source, least - offset, most - offset), proves);
    }

    // The same numbers in another shape, copied, as wider integers, or less by an offset: so little that no sum of it and a number below the range comes to lie within.
    private (int Value, Dim Offset) SourceOf(int value)
    {
        var offset = Dim.Zero;
        while (_sources.Producer(value) is { } node)
        {
            var (from, to) = (_graph.TypeOf(node.Operands.IsEmpty ? value : node.Operands[0]), _graph.TypeOf(value));
            if (node.Op.Code == OpCode.Add && Enumerable.Range(0, 2).FirstOrDefault(i => SizeOf(node.Operands[1 - i]) is not null && _graph.TypeOf(node.Operands[i]) == to, -1) is >= 0 and var number)
            {
                (value, offset) = (node.Operands[number], offset + SizeOf(node.Operands[1 - number])!);
                continue;
            }

            var isSame = node.Op.Has(OpTraits.View) ? from.Shape.Size == to.Shape.Size && node.Op.Code is OpCode.Reshape or OpCode.Transpose
                : node.Op.Code == OpCode.Cast && (from.DType == to.DType || (from.DType, to.DType) is (DType.I32, DType.I64));
            if (!isSame)
            {
                break;
            }

            value = node.Operands[0];
        }

        return (value, offset);
    }

    // A whole number that is known to be a size, and that no float has rounded.
    private Dim? SizeOf(int value)
    {
        while (_graph.TypeOf(value).DType is DType.I32 or DType.I64 && _sources.Producer(value) is { } node)
        {
            switch (node.Op.Code)
            {
                case OpCode.Constant or OpCode.Full when node.Attributes.Float("value") is >= 0 and <= int.MaxValue and var number && number == Math.Floor(number):
                    return Dim.Constant((long)number);
                case OpCode.DimSize:
                    return node.Attributes.Dim("dim");
                case OpCode.Cast or OpCode.BroadcastTo or OpCode.Reshape:
                    value = node.Operands[0];
                    break;
                default:
                    return null;
            }
        }

        return null;
    }
}
