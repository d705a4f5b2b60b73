using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Turns a sum of zero-padded parts that together fill the whole into their concatenation: what is left of the gradients of an array
/// that was cut into slices.
/// </summary>
internal static class JoinPads
{
    public static Graph Run(Graph graph)
    {
        var context = new GraphContext(graph);
        var joined = graph.Nodes.Where(n => n.Op.Code == OpCode.Add && !IsInner(context, n))
            .Select(n => (Node: n, Concat: Join(context, n))).Where(p => p.Concat is not null)
            .ToDictionary(p => p.Node, p => p.Concat!);
        return joined.Count == 0 ? graph : graph with { Nodes = [.. graph.Nodes.Select(n => joined.GetValueOrDefault(n, n))] };
    }

    // Part of a longer sum.
    private static bool IsInner(GraphContext graph, Node add) =>
        !graph.Outputs.Contains(add.Results[0]) && graph.Uses(add.Results[0]) is [{ Op.Code: OpCode.Add } use] && graph.ShapeOf(use.Results[0]) == graph.ShapeOf(add.Results[0]);

    private static Node? Join(GraphContext graph, Node add)
    {
        var whole = graph.ShapeOf(add.Results[0]);
        var parts = new List<Node>();
        if (!TryLeaves(graph, add, parts))
        {
            return null;
        }

        var axes = parts.SelectMany(p => Enumerable.Range(0, whole.Rank).Where(a => !Low(p)[a].Is(0) || !High(p)[a].Is(0))).Distinct().ToList();
        if (axes.Count != 1)
        {
            return null;
        }

        var axis = axes[0];
        var order = new List<int>();
        var start = Dim.Zero;
        while (parts.Find(p => Low(p)[axis] == start) is { } next)
        {
            _ = parts.Remove(next);
            order.Add(next.Operands[0]);
            start += graph.ShapeOf(next.Operands[0])[axis];
        }

        return parts.Count > 0 || start != whole[axis]
            ? null
            : new Node(OpTable.Get(OpCode.Concat), [.. order], add.Results, Attributes.Empty.With("axis", (long)axis), null, add.Source);
    }

    private static bool TryLeaves(GraphContext graph, Node add, List<Node> parts)
    {
        foreach (var operand in add.Operands)
        {
            var made = graph.Producer(operand);
            var isWhole = graph.ShapeOf(operand) == graph.ShapeOf(add.Results[0]);
            if (isWhole && made?.Op.Code == OpCode.Pad && made.Attributes.Float("value") == 0)
            {
                parts.Add(made);
            }
            else if (!isWhole || made?.Op.Code != OpCode.Add || !IsInner(graph, made) || !TryLeaves(graph, made, parts))
            {
                return false;
            }
        }

        return true;
    }

    private static ImmutableArray<Dim> Low(Node pad) => pad.Attributes.Dims("low");

    private static ImmutableArray<Dim> High(Node pad) => pad.Attributes.Dims("high");
}
