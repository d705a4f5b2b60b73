using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>
/// Turns work on images that come from a convolution, [N,C,…] as views of [N,…,C], into the same work on [N,…,C]: the views move towards the results, where
/// they meet those of the next convolution and cancel. So a whole network runs with channels last, whatever lies between its convolutions; calls hand
/// over images with channels last, too.
/// </summary>
public sealed class KeepChannelsLast : IPass
{
    public string Name => "keep-channels-last";

    public GraphModule Run(GraphModule module) =>
        module.Graphs.Any(g => g.Nodes.Any(n => n.Op.Code is OpCode.WindowProduct or OpCode.WindowGradient)) ? new Modules(module).Rewrite() : module;

    /// <summary>A graph with channels last, and which of its inputs and outputs are so.</summary>
    private sealed record Moved(Graph Graph, bool[] Inputs, bool[] Outputs);

    private sealed class Modules(GraphModule module)
    {
        private readonly Dictionary<string, Graph> _graphs = module.Graphs.ToDictionary(g => g.Name, StringComparer.Ordinal);
        private readonly Dictionary<string, Moved> _done = new(StringComparer.Ordinal);

        // What a loop or a branch runs hands over what its op says.
        private readonly HashSet<string> _fixed = [module.Root.Name, .. module.Graphs.SelectMany(g => g.Nodes).Where(n => n.Callee is not null && n.Op.Code != OpCode.Call).Select(n => n.Callee!)];

        public GraphModule Rewrite() => new([.. module.Graphs.Select(g => Of(g.Name).Graph)]);

        public Moved Of(string name)
        {
            if (!_done.TryGetValue(name, out var moved))
            {
                _done[name] = moved = new Site(_graphs[name], this).Rewrite(isFixed: _fixed.Contains(name));
            }

            return moved;
        }
    }

    private sealed class Site(Graph graph, Modules modules)
    {
        // By a value with channels first: the one with channels last that it is a view of.
        private readonly Dictionary<OpValue, OpValue> _channelsLast = [];

        public Moved Rewrite(bool isFixed)
        {
            var builder = new GraphBuilder(graph.Name);
            var map = new OpValue[graph.ValueCount];
            var inputs = new bool[graph.Inputs.Length];
            var outputs = new bool[graph.Outputs.Length];
            var wanted = WantedLast();
            for (var i = 0; i < inputs.Length; i++)
            {
                var (name, type, kind) = (graph.Inputs[i].Name, graph.Inputs[i].Type, graph.Inputs[i].Kind);
                inputs[i] = !isFixed && kind == InputKind.Argument && wanted[i];
                map[i] = inputs[i]
                    ? Known(builder, builder.Input(name, type with { Shape = new Shape([.. Last(type.Rank).Select(a => type.Shape[a])]) }, kind))[0]
                    : builder.Input(name, type, kind);
            }

            foreach (var node in graph.Nodes)
            {
                GraphRewriter.Visit(graph, node, builder, map, Visit);
            }

            for (var i = 0; i < outputs.Length; i++)
            {
                var output = graph.Outputs[i];
                outputs[i] = !isFixed && output.Kind == OutputKind.Result && _channelsLast.ContainsKey(map[output.Value]);
                builder.Output(outputs[i] ? _channelsLast[map[output.Value]] : map[output.Value], output.Kind, output.Input);
            }

            return new Moved(builder.Build(), inputs, outputs);
        }

        // The values that a convolution reads, by way of elementwise work and padding.
        private bool[] WantedLast()
        {
            var wanted = new bool[graph.ValueCount];
            foreach (var node in graph.Nodes.Reverse())
            {
                var passes = node.Op.Code is OpCode.Pad or OpCode.Slice || node.Op.Has(OpTraits.Elementwise);
                if (IsToLast(node) || (passes && wanted[node.Results[0]]))
                {
                    foreach (var operand in node.Operands.Where(o => IsToLast(node) || graph.TypeOf(o).Rank == graph.TypeOf(node.Results[0]).Rank))
                    {
                        wanted[operand] = true;
                    }
                }
            }

            return wanted;
        }

        private ImmutableArray<OpValue>? Visit(GraphBuilder builder, Node node, ImmutableArray<OpValue> operands)
        {
            if (node.Op.Code == OpCode.Call)
            {
                return Call(builder, node, operands);
            }

            if (node.Results.IsEmpty)
            {
                return null;
            }

            var result = graph.TypeOf(node.Results[0]);
            if (node.Op.Code == OpCode.Transpose)
            {
                return Transpose(builder, node, operands[0]);
            }

            var rank = node.Op.Has(OpTraits.Elementwise) ? result.Rank : operands.IsEmpty ? 0 : operands[0].Shape.Rank;
            if (rank < 3 || !operands.Any(o => o.Shape.Rank == rank && _channelsLast.ContainsKey(o)))
            {
                return null;
            }

            if (node.Op.Has(OpTraits.Elementwise))
            {
                return Known(builder, builder.Apply(node.Op, [.. operands.Select(o => ToLast(builder, o, rank))], node.Attributes)[0]);
            }

            if (node.Op.Has(OpTraits.Reduction) && node.Attributes.Find("keepDims") is not null)
            {
                var axes = OpAxes.Of(node.Attributes, rank).Select(a => Place(a, rank));
                var folded = Known(builder, builder.Apply(node.Op, [ToLast(builder, operands[0], rank)], node.Attributes.With("axes", axes.Order()).With("keepDims", true))[0])[0];
                return [builder.Reshape(folded, result.Shape)];
            }

            return node.Op.Code switch
            {
                OpCode.Pad => Known(builder, Apply(builder, node, operands, node.Attributes.With("low", ToLast(node, "low")).With("high", ToLast(node, "high")))),
                OpCode.Slice => Known(builder, Apply(
                    builder, node, operands, node.Attributes.With("starts", ToLast(node, "starts")).With("sizes", ToLast(node, "sizes")).With("steps", ToLast(node, "steps")))),
                OpCode.Concat => Known(builder, Apply(builder, node, operands, node.Attributes.With("axis", (long)Place(OpAxes.One(node.Attributes, rank), rank)))),
                OpCode.BroadcastTo when result.Rank == rank => Known(builder, Apply(builder, node, operands, node.Attributes.With("shape", ToLast(node, "shape")))),
                _ => null,
            };
        }

        private ImmutableArray<OpValue>? Call(GraphBuilder builder, Node node, ImmutableArray<OpValue> operands)
        {
            var callee = modules.Of(node.Callee!);
            if (!callee.Inputs.Concat(callee.Outputs).Any(m => m))
            {
                return null;
            }

            var results = builder.Call(
                callee.Graph, [.. operands.Select((o, i) => callee.Inputs[i] ? ToLast(builder, o, o.Shape.Rank) : o)], node.IsApart);
            return [.. results.Select((r, i) => callee.Outputs[i] ? Known(builder, r)[0] : r)];
        }

        private static bool IsToLast(Node node) =>
            node.Op.Code == OpCode.Transpose && node.Attributes.Ints("permutation") is var order && order.Length >= 3 && order.SequenceEqual(Last(order.Length));

        private ImmutableArray<OpValue>? Transpose(GraphBuilder builder, Node node, OpValue operand)
        {
            var order = node.Attributes.Ints("permutation");
            var rank = order.Length;
            if (rank < 3)
            {
                return null;
            }

            // Of a sequence, [N,C,L], both are the same exchange.
            if (IsToLast(node) && _channelsLast.TryGetValue(operand, out var last))
            {
                return [last];
            }

            return order.SequenceEqual(First(rank)) ? Known(builder, operand) : null;
        }

        private ImmutableArray<OpValue> Known(GraphBuilder builder, OpValue last)
        {
            var first = builder.Transpose(last, First(last.Shape.Rank));
            _channelsLast[first] = last;
            return [first];
        }

        private OpValue Apply(GraphBuilder builder, Node node, ImmutableArray<OpValue> operands, Attributes attributes) =>
            builder.Apply(node.Op, [.. operands.Select(o => ToLast(builder, o, o.Shape.Rank))], attributes)[0];

        // With channels last; what is stretched along the image becomes a view.
        private OpValue ToLast(GraphBuilder builder, OpValue value, int rank)
        {
            if (_channelsLast.TryGetValue(value, out var last) && value.Shape.Rank == rank)
            {
                return last;
            }

            if (value.Shape.Rank == 0)
            {
                return value;
            }

            var whole = builder.Reshape(value, new Shape([.. Enumerable.Repeat(Dim.One, rank - value.Shape.Rank), .. value.Shape]));
            return builder.Transpose(whole, Last(rank));
        }

        private static IEnumerable<Dim> ToLast(Node node, string name)
        {
            var list = node.Attributes.Dims(name);
            return Last(list.Length).Select(a => list[a]);
        }

        // Where an axis of [N,C,…] lies in [N,…,C].
        private static int Place(int axis, int rank) => axis == 0 ? 0 : axis == 1 ? rank - 1 : axis - 1;

        private static IEnumerable<int> First(int rank) => [0, rank - 1, .. Enumerable.Range(1, rank - 2)];

        private static IEnumerable<int> Last(int rank) => [0, .. Enumerable.Range(2, rank - 2), 1];
    }
}
