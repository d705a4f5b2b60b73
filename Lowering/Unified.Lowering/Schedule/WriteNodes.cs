using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns the members of a group into the scalar nodes of its kernel, with all indices affine in the group's atoms.</summary>
internal sealed class WriteNodes
{
    private readonly GroupTable _groups;
    private readonly FusionGroup _group;
    private readonly DraftKernel _draft;
    private readonly Dictionary<int, int> _members = [];
    private readonly Dictionary<string, int> _inlined = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

    public WriteNodes(GroupTable groups, FusionGroup group, DraftKernel draft) => (_groups, _group, _draft) = (groups, group, draft);

    /// <summary>The names of the member ops that were needed, in order.</summary>
    public IReadOnlyList<string> Names => _names;

    private GraphContext Graph => _groups.Graph;

    /// <summary>The node of a member.</summary>
    public int Member(int value)
    {
        if (_members.TryGetValue(value, out var number))
        {
            return number;
        }

        var node = Graph.Producer(value)!;
        number = node == _group.Node ? _draft.Add(new DraftAccumulator(Graph.TypeOf(value).DType))
            : node.Op.Has(OpTraits.Reduction) ? Reduction(node)
            : node.Op.Has(OpTraits.View) ? Member(node.Operands[0])
            : Emit(node, value, _group.Maps[value].Indices(Graph.Atoms), (operand, indices) =>
                _group.Maps.ContainsKey(operand) && !_group.External.Contains((value, operand)) ? Member(operand) : External(operand, indices));
        if (!node.Op.Has(OpTraits.View) && !node.Op.Has(OpTraits.Creation) && node != _group.Node)
        {
            _names.Add(node.Op.Name);
        }

        return _members[value] = number;
    }

    /// <summary>A value from elsewhere at the given indices.</summary>
    public int External(int value, ImmutableArray<Affine> indices)
    {
        if (_group.Copies.TryGetValue(value, out var layout) || _group.Loads.Contains(value))
        {
            layout ??= _groups.Layouts[value];
            return _draft.Load(Graph.TypeOf(value).DType, layout.Storage, layout.Address(indices));
        }

        var key = $"{value}: {string.Join("; ", indices)}";
        if (!_inlined.TryGetValue(key, out var number))
        {
            number = _inlined[key] = Emit(Graph.Producer(value)!, value, indices, External);
        }

        return number;
    }

    private int Reduction(Node node)
    {
        var value = node.Results[0];
        var operand = node.Operands[0];
        var x = _group.Maps.ContainsKey(operand) && !_group.External.Contains((value, operand))
            ? Member(operand)
            : External(operand, _group.Inputs[value].Indices(Graph.Atoms));
        return _draft.Reduce(Graph.TypeOf(value).DType, node.Op.Code, x, [.. _group.Maps[value].Atoms]);
    }

    private int Emit(Node node, int value, ImmutableArray<Affine> indices, Func<int, ImmutableArray<Affine>, int> operand)
    {
        var type = Graph.TypeOf(value);
        int Operand(int k) => operand(node.Operands[k], OperandIndices.Of(Graph, node, k, indices));
        switch (node.Op.Code)
        {
            case OpCode.Constant or OpCode.Full:
                return _draft.Add(new DraftConstant(type.DType, node.Attributes.Float("value")));
            case OpCode.DimSize:
                return Size(node.Attributes.Dim("dim"));
            case OpCode.Iota:
                return Convert(Index(indices[OpAxes.One(node.Attributes, type.Rank)]), DType.I64, type.DType);
            case OpCode.Gather:
                return Gather(node, type, indices, Operand(1));
            case OpCode.RandomUniform:
                return Uniform(node, type, indices, operand);
            case var _ when node.Op.Has(OpTraits.View):
                return Operand(0);
            default:
                return _draft.Compute(type.DType, node.Op.Code, [.. Enumerable.Range(0, node.Operands.Length).Select(Operand)]);
        }
    }

    private int Size(Dim dim) => dim.IsConstant ? _draft.Add(new DraftConstant(DType.I64, dim.Value)) : _draft.Add(new DraftSize(dim));

    private int Index(Affine index) => index.Terms.IsEmpty ? Size(index.Offset) : _draft.Add(new DraftIndex(index));

    private int Convert(int node, DType from, DType to) => from == to ? node : _draft.Compute(to, OpCode.Cast, node);

    private int Gather(Node node, TensorType type, ImmutableArray<Affine> indices, int index)
    {
        var x = node.Operands[0];
        var layout = _groups.Layouts[x];
        var axis = OpAxes.One(node.Attributes, Graph.ShapeOf(x).Rank);
        var rank = Graph.ShapeOf(node.Operands[1]).Rank;
        ImmutableArray<Affine> at = [.. indices.Take(axis), Affine.Zero, .. indices.Skip(axis + rank)];
        var indexType = Graph.TypeOf(node.Operands[1]).DType;
        return _draft.Gather(
            type.DType, layout.Storage, layout.Address(at), indexType is DType.I32 or DType.I64 ? index : Convert(index, indexType, DType.I64), layout.Strides[axis],
            Graph.ShapeOf(x)[axis]);
    }

    private int Uniform(Node node, TensorType type, ImmutableArray<Affine> indices, Func<int, ImmutableArray<Affine>, int> operand)
    {
        var counter = indices.Zip(Strides.Dense(type.Shape), (index, stride) => index * stride).Aggregate(Affine.Zero, (a, b) => a + b);
        var seed = operand(node.Operands[0], [Affine.Zero]);
        var offset = operand(node.Operands[0], [Affine.Constant(Dim.One)]);
        return _draft.Add(new DraftUniform(type.DType, seed, offset, Index(counter)));
    }
}
