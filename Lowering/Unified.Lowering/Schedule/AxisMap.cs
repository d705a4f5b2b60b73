using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>For each axis of a value, the axis of the iteration space it runs along, or -1 where the value has size 1 or is the same everywhere.</summary>
internal static class AxisMap
{
    public static ImmutableArray<int> Identity(int rank) => [.. Enumerable.Range(0, rank)];

    /// <summary>The map of an operand of an op that broadcasts, given the result's map.</summary>
    public static ImmutableArray<int> Broadcast(ImmutableArray<int> result, Shape from, Shape to)
    {
        var lead = to.Rank - from.Rank;
        return [.. Enumerable.Range(0, from.Rank).Select(a => from[a].Is(1) ? -1 : result[a + lead])];
    }

    /// <summary>The map of a view op's operand, given its result's map; null when the view does more than add, drop, stretch and permute axes.</summary>
    public static ImmutableArray<int>? ThroughView(Node node, ImmutableArray<int> result, Shape from, Shape to)
    {
        switch (node.Op.Code)
        {
            case OpCode.BroadcastTo:
                return Broadcast(result, from, to);
            case OpCode.Transpose:
                var order = node.Attributes.Ints("permutation");
                var map = new int[order.Length];
                for (var a = 0; a < order.Length; a++)
                {
                    map[order[a]] = result[a];
                }

                return [.. map];
            case OpCode.Reshape:
                return Reshape(result, from, to);
            default:
                return null;
        }
    }

    /// <summary>The map of a reduction's operand, given its result's map and the axis that each folded axis runs along.</summary>
    public static ImmutableArray<int> Unfold(ImmutableArray<int> result, int rank, int axis, int foldedAlong, bool keepDims) =>
        [.. Enumerable.Range(0, rank).Select(a => a == axis ? foldedAlong : result[keepDims || a < axis ? a : a - 1])];

    private static ImmutableArray<int>? Reshape(ImmutableArray<int> result, Shape from, Shape to)
    {
        var map = new int[from.Rank];
        var j = 0;
        for (var i = 0; i < from.Rank; i++)
        {
            if (from[i].Is(1))
            {
                map[i] = -1;
                continue;
            }

            while (j < to.Rank && to[j].Is(1))
            {
                j++;
            }

            if (j == to.Rank || to[j] != from[i])
            {
                return null;
            }

            map[i] = result[j++];
        }

        return to.Skip(j).All(d => d.Is(1)) ? [.. map] : null;
    }
}
