using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Questions about where the values of a graph come from: their producers, and what lies behind views.</summary>
internal sealed class ValueSources
{
    private readonly Graph _graph;
    private readonly int[] _producer;

    public ValueSources(Graph graph)
    {
        _graph = graph;
        _producer = [.. Enumerable.Repeat(-1, graph.ValueCount)];
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            foreach (var result in graph.Nodes[i].Results)
            {
                _producer[result] = i;
            }
        }
    }

    public static bool IsPointwise(Op op) =>
        op.Has(OpTraits.Elementwise) || op.Has(OpTraits.Creation) || op.Code is OpCode.RandomUniform or OpCode.Gather;

    /// <summary>The number of the node that makes a value; -1 for an input.</summary>
    public int Position(int value) => _producer[value];

    public Node? Producer(int value) => _producer[value] < 0 ? null : _graph.Nodes[_producer[value]];

    /// <summary>Follows views back as long as they only rearrange axes.</summary>
    /// <returns>The value found, and its map, or null where the last view met needs memory.</returns>
    public (int Value, ImmutableArray<int>? Map) Resolve(int value, ImmutableArray<int> map)
    {
        while (Producer(value) is { } node && node.Op.Has(OpTraits.View))
        {
            var source = node.Operands[0];
            if (AxisMap.ThroughView(node, map, _graph.TypeOf(source).Shape, _graph.TypeOf(value).Shape) is not { } next)
            {
                return (Owner(value), null);
            }

            (value, map) = (source, next);
        }

        return (value, map);
    }

    /// <summary>The maps of a pointwise node's operands. A gathered table has none: it is read from memory.</summary>
    public ImmutableArray<int>? OperandMap(Node node, int operand, ImmutableArray<int> result)
    {
        var from = _graph.TypeOf(node.Operands[operand]).Shape;
        var to = _graph.TypeOf(node.Results[0]).Shape;
        return node.Op.Code switch
        {
            OpCode.Gather when operand == 0 => null,
            OpCode.Gather => GatherIndexMap(node, result),
            OpCode.RandomUniform => null,
            _ => AxisMap.Broadcast(result, from, to),
        };
    }

    private ImmutableArray<int> GatherIndexMap(Node node, ImmutableArray<int> result)
    {
        var table = _graph.TypeOf(node.Operands[0]).Shape;
        var indices = _graph.TypeOf(node.Operands[1]).Shape;
        var axis = OpAxes.One(node.Attributes, table.Rank);
        return [.. Enumerable.Range(0, indices.Rank).Select(a => result[axis + a])];
    }

    /// <summary>The value in whose memory a view lies.</summary>
    public int Owner(int value)
    {
        while (Producer(value) is { } node && node.Op.Has(OpTraits.View))
        {
            value = node.Operands[0];
        }

        return value;
    }
}
