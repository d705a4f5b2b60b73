using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns calls, scatters, concatenations and pads into groups that nothing joins, and adds the copies they need.</summary>
internal sealed class FixedGroups(GroupTable groups)
{
    private GraphContext Graph => groups.Graph;

    public void Add(Node node)
    {
        var rules = new Dictionary<OpCode, Func<Node, FusionGroup>>
        {
            [OpCode.Call] = AddCall,
            [OpCode.ScatterAdd] = AddScatter,
            [OpCode.Concat] = AddConcat,
            [OpCode.Pad] = AddPad,
        };
        var group = rules[node.Op.Code](node);
        groups.Put(group with { Maps = node.Results.ToImmutableSortedDictionary(r => r, _ => new AxisMap([])) }, []);
        foreach (var result in node.Results)
        {
            _ = groups.Store(result);
        }
    }

    /// <summary>Writes a value to the storage of another of the same elements in the same order.</summary>
    public void AddCopy(int source, int target)
    {
        var place = groups.Layouts[target];
        var layout = ValueLayout.Dense(source, Graph.TypeOf(source)) with { Base = target, Storage = place.Storage };
        var group = Copy(source, layout);
        groups.Put(group with { Maps = group.Maps.Add(target, group.Maps[-1]) }, []);
    }

    /// <summary>Where a dense, row-major copy of the value lies, and the group that writes it: the value itself if it is so already.</summary>
    public (ValueLayout Layout, int? Group) Dense(int value)
    {
        var layout = groups.Layouts[value];
        if (Strides.IsDense(Graph.ShapeOf(value), layout.Strides))
        {
            return (layout, groups.Store(value));
        }

        var type = Graph.TypeOf(value);
        var copy = ValueLayout.Dense(value, type) with { Storage = Graph.NewStorage(type) };
        var group = Copy(value, copy);
        groups.Put(group, []);
        return (copy, group.Id);
    }

    public FusionGroup Copy(int source, ValueLayout target)
    {
        var plan = new ObtainOperands(groups);
        plan.Obtain(source);
        var group = new FusionGroup(groups.NewId(), GroupKind.Copy, source) { Copy = new CopyWork(source, 0, Graph.TypeOf(source), target) };
        return plan.Apply(group with { Maps = group.Maps.Add(-1, Graph.Atoms.Fresh(Graph.ShapeOf(source))) });
    }

    private FusionGroup New(Node node) => new(groups.NewId(), GroupKind.Fixed, node.Results[0]) { Node = node };

    private FusionGroup AddCall(Node node)
    {
        var operands = node.Operands.Select(Dense).ToList();
        return New(node) with { Operands = [.. operands.Select(o => o.Layout)], Reads = [.. operands.Select(o => o.Group).OfType<int>()] };
    }

    // Index and update rows must each lie evenly, and the columns of an update next to each other.
    private FusionGroup AddScatter(Node node)
    {
        var (indices, updates) = (node.Operands[0], node.Operands[1]);
        var rows = Graph.ShapeOf(indices);
        var columns = new Shape([.. Graph.ShapeOf(updates).Skip(rows.Rank)]);
        var index = Even(indices, Shape.From(rows.Size)) ? (groups.Layouts[indices], groups.Store(indices)) : Dense(indices);
        var strides = Strides.Reshape(Graph.ShapeOf(updates), groups.Layouts[updates].Strides, Shape.From(rows.Size, columns.Size));
        var update = strides is { } s && (s[1].Is(1) || columns.Size.Is(1)) ? (groups.Layouts[updates], groups.Store(updates)) : Dense(updates);
        return New(node) with { Operands = [index.Item1, update.Item1], Reads = [.. new[] { index.Item2, update.Item2 }.OfType<int>()] };
    }

    private bool Even(int value, Shape shape) => Strides.Reshape(Graph.ShapeOf(value), groups.Layouts[value].Strides, shape) is not null;

    private FusionGroup AddConcat(Node node)
    {
        var whole = groups.Layouts[node.Results[0]];
        var reads = ImmutableHashSet.CreateBuilder<int>();
        foreach (var (part, layout) in ResolveViews.Parts(Graph, node, whole))
        {
            // Written in place already, or copied there.
            var own = groups.Layouts[part];
            var inPlace = own.Storage == whole.Storage && own.Offset == layout.Offset && Strides.Same(Graph.ShapeOf(part), own.Strides, layout.Strides);
            if (inPlace)
            {
                reads.UnionWith(groups.Store(part) is { } writer ? [writer] : Array.Empty<int>());
                continue;
            }

            var copy = Copy(part, layout);
            groups.Put(copy, []);
            _ = reads.Add(copy.Id);
        }

        return New(node) with { Reads = reads.ToImmutable() };
    }

    private FusionGroup AddPad(Node node)
    {
        var result = node.Results[0];
        var type = Graph.TypeOf(result);
        var whole = groups.Layouts[result];
        var fill = new FusionGroup(groups.NewId(), GroupKind.Copy, result) { Copy = new CopyWork(-1, node.Attributes.Float("value"), type, whole) };
        groups.Put(fill with { Maps = fill.Maps.Add(-1, Graph.Atoms.Fresh(type.Shape)) }, []);
        var start = node.Attributes.Dims("low").Zip(whole.Strides, (low, stride) => low * stride).Aggregate(whole.Offset, (a, b) => a + b);
        var copy = Copy(node.Operands[0], whole with { Offset = start });
        groups.Put(copy with { Reads = copy.Reads.Add(fill.Id) }, []);
        return New(node) with { Reads = [copy.Id] };
    }
}
