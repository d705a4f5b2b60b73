using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Turns a graph into groups of nodes, one kernel each. Greedy, in the order of the nodes: a node joins the groups of its
/// operands where it can, else it starts one.
/// </summary>
internal sealed class FuseGroups
{
    private readonly GraphContext _graph;
    private readonly GroupTable _groups;
    private readonly JoinGroups _join;
    private readonly FixedGroups _fixed;
    private readonly IReadOnlySet<int> _isolated;

    private FuseGroups(GraphContext graph, GroupTable groups, IReadOnlySet<int> isolated)
    {
        (_graph, _groups, _isolated) = (graph, groups, isolated);
        _join = new JoinGroups(groups);
        _fixed = new FixedGroups(groups);
    }

    /// <param name="graph">The graph.</param>
    /// <param name="layouts">Of its values.</param>
    /// <param name="isolated">Reductions whose group turned out not to be one kernel: each stands alone.</param>
    public static GroupTable Fuse(GraphContext graph, ImmutableArray<ValueLayout> layouts, IReadOnlySet<int> isolated)
    {
        var groups = new GroupTable(graph, layouts);
        new FuseGroups(graph, groups, isolated).Run();
        return groups;
    }

    private void Run()
    {
        foreach (var node in _graph.Nodes)
        {
            if (node.Op.Has(OpTraits.Creation))
            {
                continue;
            }

            if (_graph.IsFixed(node.Results.FirstOrDefault(-1) is var first && first >= 0 ? first : throw Unsupported(node)))
            {
                _fixed.Add(node);
            }
            else if (node.Op.Has(OpTraits.View))
            {
                VisitView(node);
            }
            else if (node.Op.Code == OpCode.MatMul)
            {
                VisitMatMul(node);
            }
            else if (node.Op.Has(OpTraits.Reduction) && node.Op.IsPrimitive)
            {
                VisitReduction(node);
            }
            else if (node.Op.Has(OpTraits.Elementwise) || node.Op.Code is OpCode.Gather or OpCode.RandomUniform)
            {
                VisitElementwise(node);
            }
            else
            {
                throw Unsupported(node);
            }
        }
    }

    private static GraphCompileException Unsupported(Node node) =>
        new($"op '{node.Op.Name}' cannot be scheduled: it must be expanded into primitive ops before", node.Source) { EagerIsPossible = true };

    private void VisitView(Node node)
    {
        var result = node.Results[0];
        if (_groups.Find(node.Operands[0]) is { } id && _join.TryJoin(node, [id]) is { } joined)
        {
            Commit(joined.Group, joined.Plan, [id]);
        }
        else if (_groups.Layouts[result].Base == result)
        {
            _fixed.AddCopy(node.Operands[0], result);
        }
    }

    private void VisitElementwise(Node node)
    {
        var ids = ImmutableSortedSet<int>.Empty;
        (FusionGroup Group, ObtainOperands Plan)? best = null;
        foreach (var id in node.Operands.Select(_groups.Find).OfType<int>().Distinct().OrderBy(Rank).ThenByDescending(i => i))
        {
            if (_join.TryJoin(node, ids.Add(id)) is { } joined)
            {
                (best, ids) = (joined, ids.Add(id));
            }
        }

        if (best is { } found)
        {
            Commit(found.Group, found.Plan, ids);
            return;
        }

        var result = node.Results[0];
        var plan = Plan(node);
        var group = new FusionGroup(_groups.NewId(), GroupKind.Pointwise, result);
        Commit(
            group with
            {
                Maps = group.Maps.Add(result, _graph.Atoms.Fresh(_graph.ShapeOf(result))),
                External = [.. node.Operands.Select(o => (result, o))],
            },
            plan,
            []);
    }

    // Groups that do more are joined first: they have the least choice.
    private int Rank(int id) => _groups[id].Kind switch { GroupKind.Row => 0, GroupKind.Column => 1, GroupKind.Contraction => 2, _ => 3 };

    private ObtainOperands Plan(Node node)
    {
        var plan = new ObtainOperands(_groups);
        for (var k = 0; k < node.Operands.Length; k++)
        {
            if (node.Op.Code == OpCode.Gather && k == 0)
            {
                plan.Load(node.Operands[k]);
            }
            else
            {
                plan.Obtain(node.Operands[k]);
            }
        }

        return plan;
    }

    private void VisitMatMul(Node node)
    {
        var result = node.Results[0];
        var plan = new ObtainOperands(_groups);
        plan.Load(node.Operands[0]);
        plan.Load(node.Operands[1]);
        var group = new FusionGroup(_groups.NewId(), GroupKind.Contraction, result) { Node = node };
        Commit(group with { Maps = group.Maps.Add(result, _graph.Atoms.Fresh(_graph.ShapeOf(result))) }, plan, []);
    }

    private void VisitReduction(Node node)
    {
        var (x, result) = (node.Operands[0], node.Results[0]);
        var isRow = IsRow(node);
        if (!_isolated.Contains(result) && _groups.Find(x) is { } id && (isRow ? JoinRow(node, _groups[id]) : JoinColumn(node, _groups[id])) is { } joined)
        {
            Commit(joined, new ObtainOperands(_groups), [id]);
            return;
        }

        var plan = new ObtainOperands(_groups);
        var group = new FusionGroup(_groups.NewId(), isRow ? GroupKind.Row : GroupKind.Column, result) { External = [(result, x)] };
        group = Reduced(group, node, _graph.Atoms.Fresh(_graph.ShapeOf(x)));
        if (_isolated.Contains(result))
        {
            // From a dense copy neighbouring axes always reduce as one.
            var (copy, writer) = _fixed.Dense(x);
            Commit(group with { Copies = group.Copies.Add(x, copy), Reads = writer is { } w ? [w] : [] }, plan, []);
            return;
        }

        plan.Obtain(x);
        if (!isRow && JoinSibling(node, group, plan) is { } sibling)
        {
            Commit(sibling.Group, plan, [sibling.Id]);
            return;
        }

        Commit(group, plan, []);
    }

    /// <summary>Adds a reduction whose operand has the given map.</summary>
    private FusionGroup Reduced(FusionGroup group, Node node, AxisMap input)
    {
        var axes = OpAxes.Of(node.Attributes, input.Axes.Length);
        var keep = node.Attributes.Bool("keepDims");
        var map = new AxisMap([.. input.Axes.Select((a, i) => axes.Contains(i) ? (keep ? [] : (ImmutableArray<int>?)null) : a).OfType<ImmutableArray<int>>()]);
        return group with
        {
            Maps = group.Maps.SetItem(node.Results[0], map),
            Inputs = group.Inputs.SetItem(node.Results[0], input),
            Reduced = [.. axes.SelectMany(a => input.Axes[a])],
        };
    }

    // The axis whose elements are neighbours is walked by vectors: it is reduced within rows, or kept in columns.
    private bool IsRow(Node node)
    {
        var x = node.Operands[0];
        var shape = _graph.ShapeOf(x);
        var axes = OpAxes.Of(node.Attributes, shape.Rank);
        var real = Enumerable.Range(0, shape.Rank).Where(i => !shape[i].Is(1)).ToList();
        var unit = _graph.IsView(x) ? real.FindLastIndex(i => _groups.Layouts[x].Strides[i].Is(1)) : -1;
        var inner = unit >= 0 ? real[unit] : real[^1];
        return axes.Contains(inner) || real.All(axes.Contains);
    }

    private FusionGroup? JoinRow(Node node, FusionGroup group)
    {
        var map = group.Maps[node.Operands[0]];
        var joined = Reduced(group, node, map);
        var same = group.Kind == GroupKind.Pointwise || (group.Kind == GroupKind.Row && joined.Reduced.SequenceEqual(group.Reduced));
        return same && group.Space.SetEquals(map.Atoms) ? joined with { Kind = GroupKind.Row } : null;
    }

    // What feeds a column kernel is not written by it: only values that nobody else wants can move into one.
    private FusionGroup? JoinColumn(Node node, FusionGroup group)
    {
        var alone = group.Kind == GroupKind.Pointwise && group.Maps.Keys.All(m =>
            !_graph.Outputs.Contains(m) && !_groups.IsStored(m) && _graph.Uses(m).All(u => u == node || u.Results.All(group.Maps.ContainsKey)));
        return alone ? Reduced(group, node, group.Maps[node.Operands[0]]) with { Kind = GroupKind.Column } : null;
    }

    private (FusionGroup Group, int Id)? JoinSibling(Node node, FusionGroup group, ObtainOperands plan)
    {
        var result = node.Results[0];
        var input = group.Inputs[result];
        foreach (var other in _groups.All.Where(g => g.Kind == GroupKind.Column && plan.Shares(g)).ToList())
        {
            var (reduction, map) = other.Inputs.First();
            var x = _graph.Producer(reduction)!.Operands[0];
            if (_isolated.Contains(reduction) || _graph.ShapeOf(x) != _graph.ShapeOf(node.Operands[0]) || map.Axes.Any(a => a.Length > 1)
                || _join.IsCyclic([other.Id], plan))
            {
                continue;
            }

            var renamed = input.Axes.Zip(map.Axes).Aggregate(group, (g, p) => p.First.IsEmpty ? g : g.Replace(p.First[0], p.Second));
            if (renamed.Reduced.SequenceEqual(other.Reduced))
            {
                return (other.Union(renamed), other.Id);
            }
        }

        return null;
    }

    private void Commit(FusionGroup group, ObtainOperands plan, ImmutableSortedSet<int> replaced) => _groups.Put(plan.Apply(group), replaced);
}
