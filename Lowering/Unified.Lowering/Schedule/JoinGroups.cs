using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Turns a node and the groups of some of its operands into one group, where one kernel can compute it all: the spaces are the
/// same, and nothing in between has to run elsewhere.
/// </summary>
internal sealed class JoinGroups(GroupTable groups)
{
    // What a kernel may walk at once: more streams than the prefetchers follow, and code that takes long to compile, are no gain.
    private const int MostStreams = 20;

    private GraphContext Graph => groups.Graph;

    /// <summary>The union with the node's result as a member, or null.</summary>
    public (FusionGroup Group, ObtainOperands Plan)? TryJoin(Node node, ImmutableSortedSet<int> ids)
    {
        if (Union(ids) is not { } union)
        {
            return null;
        }

        var shape = Graph.ShapeOf(node.Results[0]);
        var unify = new UnifyAxes(Graph.Atoms, union, shape.Rank);
        var plan = new ObtainOperands(groups);
        var external = new List<int>();
        for (var k = 0; k < node.Operands.Length; k++)
        {
            var operand = node.Operands[k];
            if (node.Op.Code == OpCode.Gather && k == 0)
            {
                plan.Load(operand);
                external.Add(operand);
            }
            else if (groups.Find(operand) is { } id && ids.Contains(id))
            {
                if (!Offer(unify, node, k, shape))
                {
                    return null;
                }
            }
            else
            {
                plan.Obtain(operand);
                external.Add(operand);
            }
        }

        if (unify.Agree() is not { } axes || !MatchReduced(unify, ids) || Close(unify, axes, shape) is not { } map)
        {
            return null;
        }

        var result = node.Results[0];
        var group = unify.Group with { Maps = unify.Group.Maps.Add(result, map), External = unify.Group.External.Union(external.Select(o => (result, o))) };
        return IsLegal(group, map) && !IsCyclic(ids, plan) && (ids.Count == 1 || Streams(group, plan) <= MostStreams) ? (group, plan) : null;
    }

    private int Streams(FusionGroup group, ObtainOperands plan) =>
        plan.LoadsWith(group) + group.Maps.Keys.Count(m => groups.Layouts[m].Base == m && (groups.IsStored(m) || groups.WillBeStored(m)));

    /// <summary>Whether one of the groups would have to run both before and after something else.</summary>
    public bool IsCyclic(ImmutableSortedSet<int> ids, ObtainOperands plan)
    {
        var reads = ids.SelectMany(id => groups.Reads(groups[id])).Concat(plan.Sources);
        return groups.Reaches(reads, ids);
    }

    /// <summary>The groups as one, before their axes are unified; null where the kinds do not go together.</summary>
    private FusionGroup? Union(ImmutableSortedSet<int> ids)
    {
        FusionGroup? union = null;
        foreach (var group in ids.Select(id => groups[id]))
        {
            if (group.Kind is GroupKind.Copy or GroupKind.Fixed)
            {
                return null;
            }

            if (union is null)
            {
                union = group;
                continue;
            }

            var kind = union.Kind == group.Kind || group.Kind == GroupKind.Pointwise ? union.Kind
                : union.Kind == GroupKind.Pointwise ? group.Kind
                : (GroupKind?)null;
            if (kind is null || (union.Kind == GroupKind.Contraction && group.Kind == GroupKind.Contraction))
            {
                return null;
            }

            union = union.Union(group) with { Kind = kind.Value, Reduced = union.Reduced.IsEmpty ? group.Reduced : union.Reduced };
        }

        return union;
    }

    private bool Offer(UnifyAxes unify, Node node, int k, Shape shape)
    {
        var operand = node.Operands[k];
        var from = Graph.ShapeOf(operand);
        var map = unify.Group.Maps[operand];
        var axes = new ImmutableArray<int>?[shape.Rank];
        switch (node.Op.Code)
        {
            case OpCode.Slice:
                return false;
            case OpCode.Reshape:
                return unify.OfferReshaped([.. map.Atoms], shape);
            case OpCode.Transpose:
                foreach (var (axis, source) in node.Attributes.Ints("permutation").Select((p, i) => (i, p)))
                {
                    axes[axis] = from[source].Is(1) ? null : map.Axes[source];
                }

                break;
            default:
                var lead = node.Op.Code == OpCode.Gather ? OpAxes.One(node.Attributes, Graph.ShapeOf(node.Operands[0]).Rank) : shape.Rank - from.Rank;
                for (var axis = 0; axis < from.Rank; axis++)
                {
                    axes[axis + lead] = from[axis].Is(1) ? null : map.Axes[axis];
                }

                break;
        }

        unify.Offer(axes);
        return true;
    }

    private bool MatchReduced(UnifyAxes unify, ImmutableSortedSet<int> ids)
    {
        // The other groups' reduced atoms are found again through the operands of their reductions.
        foreach (var group in ids.Select(id => groups[id]).Where(g => !g.Reduced.IsEmpty))
        {
            var reduction = group.Inputs.Keys.First();
            if (!unify.MatchLists(unify.Group.Reduced, ReducedAtoms(unify.Group, reduction)))
            {
                return false;
            }
        }

        return true;
    }

    private ImmutableArray<int> ReducedAtoms(FusionGroup group, int reduction)
    {
        var node = Graph.Producer(reduction)!;
        var map = group.Inputs[reduction];
        return [.. OpAxes.Of(node.Attributes, map.Axes.Length).SelectMany(a => map.Axes[a])];
    }

    // An axis that no member knows can only be the one a row's statistics are spread over again.
    private static AxisMap? Close(UnifyAxes unify, ImmutableArray<int>?[] axes, Shape shape)
    {
        var free = Enumerable.Range(0, shape.Rank).Where(i => axes[i] is null && !shape[i].Is(1)).ToImmutableArray();
        if (!free.IsEmpty)
        {
            var reduced = unify.Group.Reduced;
            if (unify.Group.Kind != GroupKind.Row || free.Length != 1 || reduced.Length != 1 || axes.Any(a => a?.Contains(reduced[0]) == true)
                || unify.ExtentOf(reduced[0]) != shape[free[0]])
            {
                return null;
            }

            axes[free[0]] = reduced;
        }

        return new([.. axes.Select(a => a ?? [])]);
    }

    private bool IsLegal(FusionGroup group, AxisMap map)
    {
        if (group.Maps.Values.Concat(group.Inputs.Values).Any(m => m.HasRepeats))
        {
            return false;
        }

        var space = group.Space;
        var kept = space.Except(group.Reduced);
        return group.Kind switch
        {
            GroupKind.Row => group.Maps.Values.All(m => kept.IsSubsetOf(m.Atoms)),
            GroupKind.Column => !map.Atoms.Any(group.Reduced.Contains)
                && group.Maps.Values.Where(m => !m.Atoms.Any(group.Reduced.Contains)).All(m => kept.SetEquals(m.Atoms)),
            GroupKind.Contraction => group.Maps[group.Node!.Results[0]].Axes[^1].Length <= 1 && group.Maps.Values.All(m => space.SetEquals(m.Atoms)),
            _ => group.Maps.Values.All(m => space.SetEquals(m.Atoms)),
        };
    }
}
