using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Turns view ops into addressing: where each value lies relative to the value whose computation writes it. A reshape
/// that no strides express becomes a value of its own, unless the one below it can be written in that order in the first place.
/// </summary>
internal sealed class ResolveViews
{
    private static readonly ImmutableDictionary<OpCode, Func<Node, Shape, Shape, ValueLayout, ValueLayout?>> Rules =
        new Dictionary<OpCode, Func<Node, Shape, Shape, ValueLayout, ValueLayout?>>
        {
            [OpCode.Reshape] = (_, from, to, x) => Strides.Reshape(from, x.Strides, to) is { } strides ? x with { Strides = strides } : null,
            [OpCode.Transpose] = (node, _, _, x) => x with { Strides = [.. node.Attributes.Ints("permutation").Select(p => x.Strides[p])] },
            [OpCode.BroadcastTo] = (_, from, to, x) => x with
            {
                Strides = [.. to.Select((_, i) => i - to.Rank + from.Rank is var axis && axis >= 0 && !from[axis].Is(1) ? x.Strides[axis] : Dim.Zero)],
            },
            [OpCode.Slice] = (node, _, to, x) => x with
            {
                Offset = node.Attributes.Dims("starts").Zip(x.Strides, (start, stride) => start * stride).Aggregate(x.Offset, (a, b) => a + b),
                Strides = [.. node.Attributes.Dims("steps").Zip(x.Strides, (step, stride) => step * stride).Select((s, i) => to[i].Is(1) ? Dim.Zero : s)],
            },
        }.ToImmutableDictionary();

    private readonly GraphContext _graph;
    private readonly Dictionary<int, ValueLayout> _placed = [];

    private ResolveViews(GraphContext graph) => _graph = graph;

    /// <summary>The layout of every value.</summary>
    public static ImmutableArray<ValueLayout> Resolve(GraphContext graph)
    {
        var views = new ResolveViews(graph);
        views.PlaceOutputs();
        views.PlaceParts();
        return views.PlaceReshapes();
    }

    // An output that is a mere reordering of a computed value: the value is written in the output's order.
    private void PlaceOutputs()
    {
        foreach (var output in _graph.Outputs.Where(_graph.IsView))
        {
            _ = TryPlace(output, ValueLayout.Dense(output, _graph.TypeOf(output)), ownStorage: true);
        }
    }

    // What a concatenation joins is written where it belongs. Outer ones first, so that inner ones know their place.
    private void PlaceParts()
    {
        foreach (var concat in _graph.Nodes.Reverse().Where(n => n.Op.Code == OpCode.Concat))
        {
            var result = concat.Results[0];
            var whole = _placed.GetValueOrDefault(result) ?? ValueLayout.Dense(result, _graph.TypeOf(result));
            foreach (var (part, layout) in Parts(_graph, concat, whole))
            {
                if (concat.Operands.Count(o => o == part) == 1)
                {
                    _ = TryPlace(part, layout, ownStorage: false);
                }
            }
        }
    }

    /// <summary>Where each operand of a concatenation lies in the result.</summary>
    public static IEnumerable<(int Part, ValueLayout Layout)> Parts(GraphContext graph, Node concat, ValueLayout whole)
    {
        var axis = OpAxes.One(concat.Attributes, graph.ShapeOf(concat.Results[0]).Rank);
        var start = Dim.Zero;
        foreach (var part in concat.Operands)
        {
            yield return (part, whole with { Offset = whole.Offset + (start * whole.Strides[axis]) });
            start += graph.ShapeOf(part)[axis];
        }
    }

    private ImmutableArray<ValueLayout> PlaceReshapes()
    {
        while (true)
        {
            var layouts = Layouts();
            var stuck = _graph.Nodes.Where(n => n.Op.Code == OpCode.Reshape && layouts[n.Results[0]].Base == n.Results[0]).Select(n => n.Results[0]);
            if (!stuck.Any(r => TryPlace(r, ValueLayout.Dense(r, _graph.TypeOf(r)), ownStorage: true)))
            {
                return layouts;
            }
        }
    }

    private ImmutableArray<ValueLayout> Layouts()
    {
        var layouts = new ValueLayout[_graph.Graph.ValueCount];
        for (var value = 0; value < layouts.Length; value++)
        {
            layouts[value] = _placed.GetValueOrDefault(value) ?? ValueLayout.Dense(value, _graph.TypeOf(value));
            if (_graph.IsView(value))
            {
                var node = _graph.Producer(value)!;
                var x = node.Operands[0];
                layouts[value] = Rules[node.Op.Code](node, _graph.ShapeOf(x), _graph.ShapeOf(value), layouts[x]) ?? layouts[value];
            }
        }

        return [.. layouts];
    }

    /// <summary>Makes the value below a chain of reshapes and transposes lie such that <paramref name="value"/> gets this layout.</summary>
    private bool TryPlace(int value, ValueLayout layout, bool ownStorage)
    {
        while (_graph.Producer(value) is { } node && node.Op.Code is OpCode.Reshape or OpCode.Transpose)
        {
            var x = node.Operands[0];
            if (node.Op.Code == OpCode.Reshape)
            {
                if (Strides.Reshape(_graph.ShapeOf(value), layout.Strides, _graph.ShapeOf(x)) is not { } strides)
                {
                    return false;
                }

                layout = layout with { Strides = strides };
            }
            else
            {
                var back = new Dim[layout.Strides.Length];
                foreach (var (from, to) in node.Attributes.Ints("permutation").Select((p, i) => (i, p)))
                {
                    back[to] = layout.Strides[from];
                }

                layout = layout with { Strides = [.. back] };
            }

            value = x;
        }

        // Views, inputs and what fixed kernels write lie where they lie; and what leaves the graph is dense.
        var movable = !_graph.IsView(value) && (!_graph.IsFixed(value) || _graph.Producer(value)?.Op.Code == OpCode.Concat) && !_graph.IsCreation(value);
        if (!movable || _graph.Outputs.Contains(value) || _placed.ContainsKey(value))
        {
            return false;
        }

        _placed[value] = layout with { Base = value, Storage = ownStorage ? value : layout.Storage };
        return true;
    }
}
