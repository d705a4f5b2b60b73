using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns pointwise, row, column and copy groups into row and column kernels.</summary>
internal sealed class BuildLoops(GroupTable groups)
{
    private GraphContext Graph => groups.Graph;

    /// <summary>The launch of a group's kernel; null where nothing of it is wanted.</summary>
    public ScheduledLaunch? Build(FusionGroup group)
    {
        var draft = new DraftKernel();
        var writer = new WriteNodes(groups, group, draft);
        if (group.Copy is { } copy)
        {
            WriteCopy(group, copy, writer, draft);
        }
        else
        {
            WriteStores(groups, group, writer, draft);
        }

        if (draft.Stores.Count == 0)
        {
            return null;
        }

        var label = Labels.Of(group, writer.Names);
        return group.Kind switch
        {
            GroupKind.Row when draft.Reductions.Count > 0 || draft.Stores.Any(s => group.Reduced.Any(a => !s.Address[a].Is(0))) => Rows(group, draft, label),
            GroupKind.Column => Columns(group, draft, label),
            _ => Elements(group, draft, label),
        };
    }

    /// <summary>Adds a store for each member that goes to memory.</summary>
    public static void WriteStores(GroupTable groups, FusionGroup group, WriteNodes writer, DraftKernel draft)
    {
        foreach (var (value, map) in group.Maps)
        {
            var layout = groups.Layouts[value];
            if (layout.Base == value && groups.IsStored(value))
            {
                draft.Store(groups.Graph.TypeOf(value).DType, layout.Storage, layout.Address(map.Indices(groups.Graph.Atoms)), writer.Member(value));
            }
        }
    }

    private void WriteCopy(FusionGroup group, CopyWork copy, WriteNodes writer, DraftKernel draft)
    {
        var indices = group.Maps[-1].Indices(Graph.Atoms);
        var node = copy.Source < 0 ? draft.Add(new DraftConstant(copy.Type.DType, copy.Fill)) : writer.External(copy.Source, indices);
        draft.Store(copy.Type.DType, copy.Target.Storage, copy.Target.Address(indices), node);
    }

    private ScheduledLaunch Elements(FusionGroup group, DraftKernel draft, string label)
    {
        var map = group.Copy is null ? group.Maps.Values.MaxBy(m => m.Atoms.Count())! : group.Maps[-1];
        var used = draft.Accesses.SelectMany(a => a.Terms.Keys).ToHashSet();
        var order = map.Atoms.Where(used.Contains).ToList();
        var lay = new LayAxes(Graph.Atoms, [.. draft.Accesses]);
        if (order.Count > 0)
        {
            var inner = lay.Inner(order);
            order = [.. order.Where(a => a != inner), inner];
        }

        var axes = order.Count == 0 ? [new LaidAxis([], Dim.One)] : lay.Merge(order);
        return RowLaunch(group, draft, label, axes);
    }

    private ScheduledLaunch Rows(FusionGroup group, DraftKernel draft, string label)
    {
        var lay = new LayAxes(Graph.Atoms, [.. draft.Accesses]);
        var rows = group.Maps.Values.Concat(group.Inputs.Values).MaxBy(m => m.Atoms.Count())!.Atoms.Where(a => !group.Reduced.Contains(a));
        var inner = lay.Merge(group.Reduced);
        return inner.Length == 1 ? RowLaunch(group, draft, label, [.. lay.Merge(rows), .. inner]) : throw Failed(group);
    }

    private static FusionFailedException Failed(FusionGroup group) => new([.. group.Inputs.Keys]);

    private ScheduledLaunch RowLaunch(FusionGroup group, DraftKernel draft, string label, ImmutableArray<LaidAxis> axes)
    {
        var finish = new FinishKernel(draft, axes, axes.Select(a => a.Extent));
        var stages = ImmutableArray.CreateBuilder<Stage>();
        var count = draft.Reductions.Select(r => r.Stage).Concat(draft.Stores.Select(s => s.Stage)).Max() + 1;
        for (var stage = 0; stage < count; stage++)
        {
            var reductions = draft.Reductions.Where(r => r.Stage == stage).Select(finish.Finish).ToImmutableArray();
            stages.Add(new Stage(reductions, [.. draft.Stores.Where(s => s.Stage == stage).Select(finish.Finish)]));
        }

        var rows = axes[..^1].Aggregate(Dim.One, (a, b) => a * b.Extent);
        var byElement = axes.Length == 1 && draft.Reductions.Count == 0;
        var kernel = new RowKernel(draft.KernelBuffers, finish.Parameters.Length, axes.Length, finish.Nodes, stages.ToImmutable());
        return Launch(group, draft, label, kernel, finish, byElement ? axes[0].Extent : rows, byElement ? Costs.Grain : Costs.GrainOf(axes[^1].Extent));
    }

    private ScheduledLaunch Columns(FusionGroup group, DraftKernel draft, string label)
    {
        var lay = new LayAxes(Graph.Atoms, [.. draft.Accesses]);
        var kept = group.Inputs.Values.First().Atoms.Where(a => !group.Reduced.Contains(a)).ToList();
        var reduced = lay.Merge(group.Reduced);
        if (reduced.Length != 1 || kept.Count == 0 || draft.Reductions.Count == 0 || draft.Reductions.Any(r => r.Stage > 0))
        {
            throw Failed(group);
        }

        var inner = lay.Inner(kept);
        var outer = lay.Merge([.. kept.Where(a => a != inner), inner]);
        ImmutableArray<LaidAxis> axes = [.. outer[..^1], reduced[0], outer[^1]];
        var finish = new FinishKernel(draft, axes, axes.Select(a => a.Extent));
        var reductions = draft.Reductions.Select(finish.Finish).ToImmutableArray();
        var stores = draft.Stores.Select(finish.Finish).ToImmutableArray();
        var kernel = new ColumnKernel(draft.KernelBuffers, finish.Parameters.Length, axes.Length, finish.Nodes, reductions, stores);
        var units = outer[..^1].Aggregate(Dim.CeilDiv(outer[^1].Extent, ColumnKernel.ColumnBlock), (a, b) => a * b.Extent);
        return Launch(group, draft, label, kernel, finish, units, Costs.GrainOf(reduced[0].Extent * ColumnKernel.ColumnBlock));
    }

    private ScheduledLaunch Launch(FusionGroup group, DraftKernel draft, string label, LoopKernel kernel, FinishKernel finish, Dim units, Dim grain) => new(
        label, kernel, [.. draft.Buffers.Select(b => new StorageRef(b.Storage, b.Offset))], finish.Parameters, units, grain, Dim.Zero,
        Costs.Flops(draft, Graph.Atoms), Costs.Traffic(draft, Graph.Atoms), Graph.Producer(group.Position)?.Source);
}
