using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns a prepared graph into groups, each of which becomes a kernel, by letting every op join the group of an operand where that is legal.</summary>
internal sealed class Grouping
{
    private readonly int _mostNodes;
    private readonly Graph _graph;
    private readonly List<Group> _groups = [];
    private readonly Group?[] _groupOf;
    private readonly int[] _uses;
    private readonly bool[] _isTrivial;

    /// <param name="mostNodes">Of a kernel.</param>
    public Grouping(Graph graph, int mostNodes)
    {
        _mostNodes = mostNodes;
        _graph = graph;
        _groupOf = new Group?[graph.ValueCount];
        _isTrivial = new bool[graph.ValueCount];
        _uses = new int[graph.ValueCount];
        Sources = new ValueSources(graph);
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            foreach (var operand in graph.Nodes[i].Operands)
            {
                _uses[operand]++;
            }
        }

        foreach (var output in graph.Outputs)
        {
            _uses[Sources.Owner(output.Value)]++;
        }

        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            Place(i);
        }

        GroupTrivialValuesThatNeedMemory();
        _groups.RemoveAll(g => g.Nodes.Count == 0);
    }

    public ValueSources Sources { get; }

    public IReadOnlyList<Group> Groups => _groups;

    public bool IsMadeIn(Group group, int value) => ReferenceEquals(_groupOf[value], group);

    /// <summary>The value can be computed wherever it is wanted: constants, indices, masks made of them.</summary>
    public bool IsTrivial(int value) => _isTrivial[value];

    public Group? GroupOf(int value) => _groupOf[value];

    private void Place(int position)
    {
        var node = _graph.Nodes[position];
        if (node.Op.Has(OpTraits.View))
        {
            return;
        }

        var shape = _graph.TypeOf(node.Results[0]).Shape;
        if (ValueSources.IsPointwise(node.Op))
        {
            _isTrivial[node.Results[0]] = IsTrivialNode(node, shape);
            if (!_isTrivial[node.Results[0]])
            {
                PlacePointwise(position, node, shape);
            }
        }
        else if (node.Op.Has(OpTraits.Reduction))
        {
            PlaceReduction(position, node);
        }
        else
        {
            var kind = node.Op.Has(OpTraits.Contraction) ? GroupKind.Contraction : GroupKind.Single;
            Put(position, node, New(kind, shape), AxisMap.Identity(shape.Rank));
        }
    }

    private bool IsTrivialNode(Node node, Shape shape)
    {
        if (node.Op.Has(OpTraits.Creation))
        {
            return true;
        }

        var cheap = node.Op.Has(OpTraits.Recompute) || !_graph.TypeOf(node.Results[0]).DType.IsFloat();
        return cheap && node.Op.Has(OpTraits.Elementwise) && node.Operands.Select((_, i) => i).All(i =>
            Sources.Resolve(node.Operands[i], Sources.OperandMap(node, i, AxisMap.Identity(shape.Rank))!.Value) is (var v, not null) && _isTrivial[v]);
    }

    // A product's sums are in registers: what follows it costs no memory there. Of others the latest.
    private void PlacePointwise(int position, Node node, Shape shape)
    {
        foreach (var candidate in node.Operands.Select(o => _groupOf[Sources.Owner(o)]).OfType<Group>().Distinct()
            .OrderByDescending(g => g.Kind == GroupKind.Contraction).ThenByDescending(g => g.Number))
        {
            if (candidate.Kind is GroupKind.Row or GroupKind.Contraction && candidate.Nodes.Count < _mostNodes && MapIn(candidate, shape) is { } map && CanJoin(candidate, node, map))
            {
                // A gathered table and a part of a tensor are read from memory: what makes them cannot be in the kernel that reads them.
                var tables = node.Operands.Where((o, i) => Sources.OperandMap(node, i, AxisMap.Identity(shape.Rank)) is not { } wanted || Sources.Resolve(o, wanted).Map is null)
                    .Select(o => _groupOf[Sources.Owner(o)]).ToList();
                var read = node.Operands.Select(o => _groupOf[Sources.Owner(o)]).OfType<Group>().Distinct().ToList();
                foreach (var sibling in read.Except(tables).OfType<Group>().ToList())
                {
                    // The node will read them all: one that comes between the sibling and the node keeps them apart.
                    if (!read.Exists(r => r.Nodes.Count > 0 && !ReferenceEquals(r, sibling) && !ReferenceEquals(r, candidate) && DependsOn(r, sibling)))
                    {
                        TryMerge(candidate, sibling);
                    }
                }

                Put(position, node, candidate, map);
                return;
            }
        }

        Put(position, node, New(GroupKind.Row, shape), AxisMap.Identity(shape.Rank));
    }

    // Two groups that know nothing of each other and walk the same space become one when a node reads both.
    private void TryMerge(Group group, Group sibling)
    {
        if (ReferenceEquals(group, sibling) || sibling.Kind != GroupKind.Row || sibling.Domain != group.Domain
            || (group.Kind == GroupKind.Contraction && sibling.HasReduction) || group.Nodes.Count + sibling.Nodes.Count > _mostNodes
            || DependsOn(group, sibling) || DependsOn(sibling, group))
        {
            return;
        }

        foreach (var position in sibling.Nodes)
        {
            var node = _graph.Nodes[position];
            Put(position, node, group, sibling.Maps[node.Results[0]]);
        }

        sibling.Nodes.Clear();
        group.HasReduction |= sibling.HasReduction;
        foreach (var reader in _groups)
        {
            if (reader.Reads.Remove(sibling) && !ReferenceEquals(reader, group))
            {
                reader.Reads.Add(group);
            }
        }
    }

    private void PlaceReduction(int position, Node node)
    {
        var operand = _graph.TypeOf(node.Operands[0]).Shape;
        var axis = OpAxes.Of(node.Attributes, operand.Rank)[0];
        var identity = AxisMap.Identity(operand.Rank);
        var (source, map) = Sources.Resolve(node.Operands[0], identity);
        if (axis == operand.Rank - 1)
        {
            var group = map is not null && _groupOf[source] is { Kind: GroupKind.Row } g && g.Domain == operand
                && g.Maps[source].SequenceEqual(map.Value) ? g : New(GroupKind.Row, operand);
            Put(position, node, group, identity.SetItem(axis, -1));
            group.HasReduction = true;
            return;
        }

        var column = New(GroupKind.Column, operand);
        column.HasReduction = true;
        Put(position, node, column, identity.SetItem(axis, -1));
        Pull(column, node.Operands[0], identity);
    }

    // Elementwise work that only this reduction reads is done inside it.
    private void Pull(Group column, int value, ImmutableArray<int> map)
    {
        var (source, sourceMap) = Sources.Resolve(value, map);
        if (sourceMap is null || _uses[source] != 1 || source != value || _groupOf[source] is not { Kind: GroupKind.Row } from
            || Sources.Producer(source) is not { } node || !node.Op.Has(OpTraits.Elementwise) || !sourceMap.Value.SequenceEqual(AxisMap.Identity(column.Domain.Rank)))
        {
            return;
        }

        from.Nodes.Remove(Sources.Position(source));
        from.Maps.Remove(source);
        Put(Sources.Position(source), node, column, sourceMap.Value);
        for (var i = 0; i < node.Operands.Length; i++)
        {
            if (_graph.TypeOf(node.Operands[i]).Shape == column.Domain)
            {
                Pull(column, node.Operands[i], Sources.OperandMap(node, i, sourceMap.Value)!.Value);
            }
        }
    }

    // How a value of this shape runs along a group's domain: over all of it, or, beside a reduction, over its rows.
    private static ImmutableArray<int>? MapIn(Group group, Shape shape)
    {
        var rank = group.Domain.Rank;
        if (shape == group.Domain)
        {
            return AxisMap.Identity(rank);
        }

        if (!group.HasReduction || rank == 0)
        {
            return null;
        }

        var rows = group.Domain.Dims[..^1];
        return shape == new Shape(rows.Add(Dim.One)) ? AxisMap.Identity(rank).SetItem(rank - 1, -1)
            : shape == new Shape(rows) ? AxisMap.Identity(rank - 1)
            : null;
    }

    private bool CanJoin(Group group, Node node, ImmutableArray<int> map)
    {
        for (var i = 0; i < node.Operands.Length; i++)
        {
            var wanted = Sources.OperandMap(node, i, map);
            var (source, sourceMap) = wanted is null ? (Sources.Owner(node.Operands[i]), null) : Sources.Resolve(node.Operands[i], wanted.Value);
            if (IsMadeIn(group, source))
            {
                if (sourceMap is null || !Same(group.Maps[source], sourceMap.Value, _graph.TypeOf(source).Shape))
                {
                    return false;
                }
            }
            else if (_groupOf[source] is { } other && DependsOn(other, group))
            {
                return false;
            }
        }

        return true;
    }

    // Along an axis of size 1 it does not matter what runs.
    private static bool Same(ImmutableArray<int> a, ImmutableArray<int> b, Shape shape) =>
        a.Select((x, i) => x == b[i] || shape[i].Is(1)).All(s => s);

    private bool DependsOn(Group group, Group target)
    {
        // What was over before the target began cannot read it: this cuts the walk to the recent past.
        var begin = target.Nodes.Min;
        var seen = new HashSet<Group>();
        var work = new Stack<Group>([group]);
        while (work.TryPop(out var at))
        {
            if (ReferenceEquals(at, target))
            {
                return true;
            }

            foreach (var next in at.Reads)
            {
                if (next.Nodes.Count > 0 && next.Nodes.Max >= begin && seen.Add(next))
                {
                    work.Push(next);
                }
            }
        }

        return false;
    }

    private Group New(GroupKind kind, Shape domain)
    {
        var group = new Group(_groups.Count, kind, domain);
        _groups.Add(group);
        return group;
    }

    private void Put(int position, Node node, Group group, ImmutableArray<int> map)
    {
        group.Nodes.Add(position);
        foreach (var result in node.Results)
        {
            group.Maps[result] = map;
            _groupOf[result] = group;
        }

        foreach (var operand in node.Operands)
        {
            if (_groupOf[Sources.Owner(operand)] is { } from && !ReferenceEquals(from, group))
            {
                group.Reads.Add(from);
            }
        }
    }

    private void GroupTrivialValuesThatNeedMemory()
    {
        var needed = new SortedSet<int>(_graph.Outputs.Select(o => Sources.Owner(o.Value)));
        foreach (var node in _graph.Nodes.Where(n => !n.Op.Has(OpTraits.View)))
        {
            var shape = _graph.TypeOf(node.Results[0]).Shape;
            for (var i = 0; i < node.Operands.Length; i++)
            {
                var map = node.Op.Has(OpTraits.Reduction) ? AxisMap.Identity(_graph.TypeOf(node.Operands[i]).Rank)
                    : ValueSources.IsPointwise(node.Op) ? Sources.OperandMap(node, i, AxisMap.Identity(shape.Rank)) : null;
                if (map is null || Sources.Resolve(node.Operands[i], map.Value).Map is null)
                {
                    needed.Add(Sources.Owner(node.Operands[i]));
                }
            }
        }

        foreach (var value in needed.Where(v => _isTrivial[v]))
        {
            var shape = _graph.TypeOf(value).Shape;
            Put(Sources.Position(value), Sources.Producer(value)!, New(GroupKind.Row, shape), AxisMap.Identity(shape.Rank));
        }

        // Their readers were placed before they had a group.
        foreach (var node in _graph.Nodes.Where(n => !n.Op.Has(OpTraits.View)))
        {
            if (_groupOf[node.Results[0]] is { } reader)
            {
                reader.Reads.UnionWith(node.Operands.Select(o => _groupOf[Sources.Owner(o)]).OfType<Group>().Where(g => !ReferenceEquals(g, reader)));
            }
        }
    }
}
