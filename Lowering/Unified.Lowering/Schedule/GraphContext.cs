using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>A graph under scheduling, with what every step asks of it.</summary>
internal sealed class GraphContext
{
    private readonly Node?[] _producers;
    private readonly List<Node>[] _uses;

    public GraphContext(Graph graph)
    {
        Graph = graph;
        _producers = new Node?[graph.ValueCount];
        _uses = [.. Enumerable.Range(0, graph.ValueCount).Select(_ => new List<Node>())];
        Nodes = Live(graph);
        foreach (var node in Nodes)
        {
            foreach (var result in node.Results)
            {
                _producers[result] = node;
            }

            foreach (var operand in node.Operands.Distinct())
            {
                _uses[operand].Add(node);
            }
        }

        Storages = [.. graph.Types];
        Outputs = [.. graph.Outputs.Select(o => o.Value)];
    }

    public Graph Graph { get; }

    /// <summary>The nodes that outputs depend on.</summary>
    public ImmutableArray<Node> Nodes { get; }

    public AtomTable Atoms { get; } = new();

    /// <summary>What each block of memory holds: one per value, by its number, then those made while scheduling.</summary>
    public List<TensorType> Storages { get; }

    /// <summary>Values that leave the graph.</summary>
    public ImmutableHashSet<int> Outputs { get; }

    public TensorType TypeOf(int value) => Graph.TypeOf(value);

    public Shape ShapeOf(int value) => Graph.TypeOf(value).Shape;

    /// <summary>The node that makes a value; null for an input.</summary>
    public Node? Producer(int value) => _producers[value];

    public IReadOnlyList<Node> Uses(int value) => _uses[value];

    public bool IsView(int value) => Producer(value)?.Op.Has(OpTraits.View) == true;

    public bool IsCreation(int value) => Producer(value)?.Op.Has(OpTraits.Creation) == true;

    /// <summary>Made by something that is never part of a fused kernel.</summary>
    public bool IsFixed(int value) =>
        Producer(value) is not { } node || node.Op.Code is OpCode.Call or OpCode.ScatterAdd or OpCode.Concat or OpCode.Pad;

    private static ImmutableArray<Node> Live(Graph graph)
    {
        var wanted = graph.Outputs.Select(o => o.Value).ToHashSet();
        var live = new Stack<Node>();
        foreach (var node in graph.Nodes.Reverse().Where(n => n.Results.Any(wanted.Contains)))
        {
            wanted.UnionWith(node.Operands);
            live.Push(node);
        }

        return [.. live];
    }

    public int NewStorage(TensorType type)
    {
        Storages.Add(type);
        return Storages.Count - 1;
    }
}
