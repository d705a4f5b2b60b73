using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Memory as a kernel touches it: a buffer from an offset on, with a stride in elements along each axis of the iteration space.</summary>
internal sealed record Access(int Owner, DType Type, Dim Offset, ImmutableArray<Dim> Strides, bool IsWritten);

/// <summary>
/// Turns the values of a group into scalar nodes over its iteration space. Accesses keep symbolic strides until the axes are settled.
/// </summary>
internal sealed class KernelSpace(Graph graph, Grouping grouping, Group group, IReadOnlyList<View> views)
{
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> _reductionOf = [];

    // By node. Kept, because nodes that many others share would be asked again on each way to them.
    private readonly List<int> _needs = [];

    /// <summary>Nodes whose buffer, stride and parameter fields are still empty; see the side tables.</summary>
    public List<ScalarNode> Nodes { get; } = [];

    /// <summary>By node: the access of a load or gather.</summary>
    public Dictionary<int, Access> Accesses { get; } = [];

    /// <summary>By node: a linear index, Σ stride × index.</summary>
    public Dictionary<int, ImmutableArray<Dim>> Linear { get; } = [];

    /// <summary>By node: the size that a parameter node stands for, or a gather's stride along the indexed axis and its extent.</summary>
    public Dictionary<int, (Dim First, Dim Second)> Sizes { get; } = [];

    /// <summary>In order: the op, the folded node, and the stage.</summary>
    public List<(OpCode Op, int Node, int Stage, DType Type)> Reductions { get; } = [];

    public int Rank => group.Domain.Rank;

    /// <summary>Stages of reductions that must be over before the node can be evaluated.</summary>
    public int Need(int node) => _needs[node];

    /// <summary>The node of a value, its axes running as the map says.</summary>
    public int Emit(int value, ImmutableArray<int> map)
    {
        var key = $"{value}:{string.Join(",", map)}";
        if (!_known.TryGetValue(key, out var node))
        {
            var (source, sourceMap) = grouping.Sources.Resolve(value, map);
            node = sourceMap is { } m && (grouping.IsTrivial(source) || grouping.IsMadeIn(group, source))
                ? Compute(source, m)
                : Load(value, map);
            _known[key] = node;
        }

        return node;
    }

    /// <summary>The node of a value made in the group, at its own map.</summary>
    public int Emit(int value) => Emit(value, group.Maps[value]);

    /// <summary>How a value made here is written.</summary>
    public Access StoreOf(int value) => AccessOf(value, group.Maps[value]) with { IsWritten = true };

    /// <summary>How a value's memory is met along the iteration space.</summary>
    public Access AccessOf(int value, ImmutableArray<int> map)
    {
        var view = views[value];
        var strides = Enumerable.Repeat(Dim.Zero, Rank).ToArray();
        for (var a = 0; a < map.Length; a++)
        {
            if (map[a] >= 0 && !graph.TypeOf(value).Shape[a].Is(1))
            {
                strides[map[a]] += view.Strides[a];
            }
        }

        return new Access(view.Owner, graph.TypeOf(value).DType, view.Offset, [.. strides], false);
    }

    private int Load(int value, ImmutableArray<int> map)
    {
        var access = AccessOf(value, map);
        return Add(new LoadNode(access.Type, -1, default), n => Accesses[n] = access);
    }

    private int Compute(int value, ImmutableArray<int> map)
    {
        var node = grouping.Sources.Producer(value)!;
        var type = graph.TypeOf(value);
        switch (node.Op.Code)
        {
            case OpCode.Constant or OpCode.Full:
                return Add(new ConstantNode(type.DType, node.Attributes.Float("value")));
            case OpCode.DimSize:
                return Add(new ParameterNode(DType.I64, -1), n => Sizes[n] = (node.Attributes.Dim("dim"), Dim.Zero));
            case OpCode.Iota:
                return Iota(map[OpAxes.One(node.Attributes, type.Rank)], type.DType);
            case OpCode.RandomUniform:
                return Uniform(node, type, map);
            case OpCode.Gather:
                return Gather(node, type, map);
            case var _ when node.Op.Has(OpTraits.Contraction):
                return Add(new AccumulatorNode(type.DType));
            case OpCode.Cast when graph.TypeOf(node.Operands[0]).DType == type.DType:
                return Emit(node.Operands[0], grouping.Sources.OperandMap(node, 0, map)!.Value);
            default:
                return node.Op.Has(OpTraits.Reduction) ? Reduce(value, node, type.DType) : Add(new ComputeNode(
                    type.DType, node.Op.Code, [.. node.Operands.Select((o, i) => Emit(o, grouping.Sources.OperandMap(node, i, map)!.Value))]));
        }
    }

    private int Reduce(int value, Node node, DType type)
    {
        if (!_reductionOf.TryGetValue(value, out var number))
        {
            var operand = Emit(node.Operands[0], AxisMap.Identity(Rank));
            number = _reductionOf[value] = Reductions.Count;
            Reductions.Add((node.Op.Code, operand, Need(operand), type));
        }

        return Add(new ReducedNode(type, -1, number));
    }

    private int Iota(int axis, DType type)
    {
        if (axis < 0)
        {
            return Add(new ConstantNode(type, 0));
        }

        var index = LinearIndex([.. Enumerable.Range(0, Rank).Select(a => a == axis ? Dim.One : Dim.Zero)]);
        return type == DType.I64 ? index : Add(new ComputeNode(type, OpCode.Cast, [index]));
    }

    private int Uniform(Node node, TensorType type, ImmutableArray<int> map)
    {
        var state = views[node.Operands[0]];
        int Word(int i) => Add(
            new LoadNode(DType.I64, -1, default),
            n => Accesses[n] = new Access(state.Owner, DType.I64, state.Offset + (state.Strides[0] * i), [.. Enumerable.Repeat(Dim.Zero, Rank)], false));
        var dense = View.DenseStrides(type.Shape);
        var strides = Enumerable.Repeat(Dim.Zero, Rank).ToArray();
        for (var a = 0; a < map.Length; a++)
        {
            if (map[a] >= 0)
            {
                strides[map[a]] += dense[a];
            }
        }

        return Add(new UniformNode(type.DType, Word(0), Word(1), LinearIndex([.. strides])));
    }

    private int Gather(Node node, TensorType type, ImmutableArray<int> map)
    {
        var table = graph.TypeOf(node.Operands[0]).Shape;
        var indexRank = graph.TypeOf(node.Operands[1]).Rank;
        var axis = OpAxes.One(node.Attributes, table.Rank);
        var view = views[node.Operands[0]];
        var strides = Enumerable.Repeat(Dim.Zero, Rank).ToArray();
        for (var a = 0; a < table.Rank; a++)
        {
            var along = a == axis ? -1 : map[a < axis ? a : a - 1 + indexRank];
            if (along >= 0 && !table[a].Is(1))
            {
                strides[along] += view.Strides[a];
            }
        }

        var index = Emit(node.Operands[1], grouping.Sources.OperandMap(node, 1, map)!.Value);
        return Add(
            new GatherNode(type.DType, -1, default, index, default, -1),
            n =>
            {
                Accesses[n] = new Access(view.Owner, type.DType, view.Offset, [.. strides], false);
                Sizes[n] = (view.Strides[axis], table[axis]);
            });
    }

    private int LinearIndex(ImmutableArray<Dim> strides) => Add(new IndexNode(-1), n => Linear[n] = strides);

    private int Add(ScalarNode node, Action<int>? note = null)
    {
        Nodes.Add(node);
        _needs.Add(node switch
        {
            ReducedNode r => Reductions[r.Reduction].Stage + 1,
            ComputeNode c => c.Operands.Select(Need).DefaultIfEmpty(0).Max(),
            GatherNode g => Need(g.Index),
            UniformNode u => Math.Max(Need(u.Seed), Math.Max(Need(u.Offset), Need(u.Counter))),
            _ => 0,
        });
        note?.Invoke(Nodes.Count - 1);
        return Nodes.Count - 1;
    }
}
