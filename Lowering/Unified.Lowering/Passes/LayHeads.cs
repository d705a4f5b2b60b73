using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>
/// Turns attention and its gradient into ones that write their results as they are read: where all who read one only bring heads together, the heads lie inside of its rows, and nothing is copied.
/// </summary>
public sealed class LayHeads : IPass
{
    public string Name => "lay-heads";

    public GraphModule Run(GraphModule module)
    {
        static bool Attends(Graph graph) => graph.Nodes.Any(n => n.Op.Code is OpCode.Attention or OpCode.AttentionGradient);

        // What nobody reads is no reader.
        return module.Graphs.Any(Attends) ? new([.. new EliminateDeadCode().Run(module).Graphs.Select(g => Attends(g) ? new Site(g).Rewrite() : g)]) : module;
    }

    private sealed class Site
    {
        private readonly Graph _graph;
        private readonly ILookup<int, Node> _readers;
        private readonly HashSet<int> _outputs;

        // By a value with heads outside: what it is a view of.
        private readonly Dictionary<OpValue, OpValue> _inside = [];

        // The matrices of one of the three gradients.
        private readonly Dictionary<int, Part> _parts = [];

        public Site(Graph graph)
        {
            _graph = graph;
            _readers = graph.Nodes.SelectMany(n => n.Operands.Distinct().Select(o => (Value: o, Reader: n))).ToLookup(p => p.Value, p => p.Reader);
            _outputs = [.. graph.Outputs.Select(o => o.Value)];
        }

        public Graph Rewrite() => GraphRewriter.Rewrite(_graph, Visit);

        private ImmutableArray<OpValue>? Visit(GraphBuilder builder, Node node, ImmutableArray<OpValue> operands)
        {
            switch (node.Op.Code)
            {
                case OpCode.Attention when node.Attributes.Int("headAxes") == 0 && AxesOf(node.Results[0]) is > 0 and var axes:
                    return [Outside(builder, builder.Apply(node.Op, operands, node.Attributes.With("headAxes", (long)axes))[0], axes)];
                case OpCode.AttentionGradient when node.Attributes.Dims("headAxes").IsEmpty:
                    // Where its parts are laid out, nobody reads the node itself any more.
                    Lay(builder, node, operands);
                    return null;
                case OpCode.Reshape when _parts.TryGetValue(node.Results[0], out var part):
                    var shape = _graph.TypeOf(node.Results[0]).Shape;
                    return [Outside(builder, builder.Reshape(builder.Slice(part.All, [part.Start], [shape.Size]), HeadAxes.Inside(shape, part.Axes)), part.Axes)];
                case OpCode.Transpose when _inside.TryGetValue(operands[0], out var inside):
                    return [inside];
                default:
                    return null;
            }
        }

        private OpValue Outside(GraphBuilder builder, OpValue inside, int axes)
        {
            var outside = HeadAxes.Outside(builder, inside, axes);
            if (axes > 0)
            {
                _inside[outside] = inside;
            }

            return outside;
        }

        // The head axes that all who read a value move inside of its rows; 0: there are none, or they read it in several ways.
        private int AxesOf(int value)
        {
            int[] axes = [.. _readers[value].Select(r => r.Op.Code == OpCode.Transpose ? HeadAxes.Of(r.Attributes.Ints("permutation")) : 0).Distinct()];
            return axes.Length == 1 && !_outputs.Contains(value) ? axes[0] : 0;
        }

        private void Lay(GraphBuilder builder, Node node, ImmutableArray<OpValue> operands)
        {
            var batch = operands[3].Shape.Dims[..^2];
            Shape[] matrices = [.. operands.Take(3).Select(o => new Shape(o.Shape.Dims[^2..]))];
            var found = new (Node Matrices, int Axes, int AxesOfBatch)?[matrices.Length];
            foreach (var slice in _readers[node.Results[0]])
            {
                // Each part is read once, as matrices.
                var i = Enumerable.Range(0, found.Length).Where(n => IsPart(slice, matrices, n)).DefaultIfEmpty(-1).First();
                if (i < 0 || found[i] is not null || _outputs.Contains(slice.Results[0]) || _readers[slice.Results[0]].ToList() is not [{ Op.Code: OpCode.Reshape } reshape]
                    || _graph.TypeOf(reshape.Results[0]).Shape is not { Rank: > 2 } shape || new Shape(shape.Dims[^2..]) != matrices[i])
                {
                    return;
                }

                // The heads may have been other axes before: groups of them.
                var axes = AxesOf(reshape.Results[0]);
                var ofBatch = axes == 0 ? 0 : Enumerable.Range(1, batch.Length).FirstOrDefault(n => Size(batch[^n..]) == Size(shape.Dims[^(axes + 2)..^2]));
                found[i] = (reshape, ofBatch == 0 ? 0 : axes, ofBatch);
            }

            if (_outputs.Contains(node.Results[0]) || found.All(f => f is not { Axes: > 0 }))
            {
                return;
            }

            var all = builder.Apply(node.Op, operands, node.Attributes.With("headAxes", found.Select(f => f?.AxesOfBatch ?? 0)))[0];
            for (var i = 0; i < found.Length; i++)
            {
                if (found[i] is { } part)
                {
                    _parts[part.Matrices.Results[0]] = new Part(all, Size(batch) * Start(matrices, i), part.Axes);
                }
            }
        }

        private bool IsPart(Node reader, Shape[] matrices, int number) =>
            reader.Op.Code == OpCode.Slice && reader.Attributes.Dims("steps").All(s => s.Is(1)) && reader.Attributes.Dims("starts") is var starts
            && starts.SkipLast(1).All(s => s.Is(0)) && starts[^1] == Start(matrices, number)
            && _graph.TypeOf(reader.Results[0]).Shape.Dims is var part && part.SkipLast(1).SequenceEqual(_graph.TypeOf(reader.Operands[0]).Shape.SkipLast(1)) && part[^1] == matrices[number].Size;

        private static Dim Start(Shape[] matrices, int number) => matrices.Take(number).Aggregate(Dim.Zero, (sum, m) => sum + m.Size);

        private static Dim Size(ImmutableArray<Dim> dims) => new Shape(dims).Size;
    }

    /// <param name="All">The three gradients, one after the other.</param>
    /// <param name="Start">Of this one.</param>
    private sealed record Part(OpValue All, Dim Start, int Axes);
}
