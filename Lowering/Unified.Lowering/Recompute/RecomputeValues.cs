using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Passes;
using Unified.Lowering.Schedule;

namespace Unified.Lowering.Recompute;

/// <summary>
/// Turns a module into one whose root computes chosen values again before they are read late. The nodes that do so are a graph of their own, called where its result is first
/// wanted, so that no kernel computes both the value and its repetition.
/// </summary>
internal sealed class RecomputeValues
{
    private readonly GraphModule _module;
    private readonly Graph _root;
    private readonly ValueSources _sources;
    private readonly Dictionary<int, Repetition> _repetitions = [];
    private readonly Dictionary<string, List<int>> _handedOut = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Graph> _made = new(StringComparer.Ordinal);

    private RecomputeValues(GraphModule module, IEnumerable<RecomputeCandidate> chosen, int middle)
    {
        (_module, _root, _sources) = (module, module.Root, new ValueSources(module.Root));
        foreach (var (number, candidate) in chosen.Index())
        {
            var graph = Chain(candidate, $"{_root.Name}_again_{number}");
            _made.Add(graph.Name, graph);
            foreach (var value in candidate.Values)
            {
                _repetitions.Add(value, new Repetition(candidate, graph));
            }
        }

        // What another repetition begins with is wanted before that: the last that are made come first.
        foreach (var (value, repetition) in _repetitions.OrderByDescending(r => _sources.Position(r.Key)).ThenByDescending(r => r.Key))
        {
            var late = _root.Nodes.Index().Where(n => n.Index > middle && !n.Item.Op.Has(OpTraits.View) && n.Item.Operands.Any(o => _sources.Owner(o) == value)).Select(n => n.Index);
            repetition.Place = late.Concat(_repetitions.Values.Where(r => r.Place >= 0 && r.Leaves.Contains(value)).Select(r => r.Place)).Min();
            foreach (var leaf in repetition.Candidate.Chain.Leaves)
            {
                var (callee, call) = (repetition.Candidate.Graph, _sources.Producer(value)!);
                var root = repetition.Candidate.IsInCall ? FindRecomputable.RootValue(callee, call, leaf) : leaf;
                repetition.Leaves.Add(root is { } r ? _sources.Owner(r) : -1);
                repetition.Operands.Add(root is { } known ? (known, -1) : (-1, HandOut(callee, leaf)));
            }
        }
    }

    public static GraphModule Run(GraphModule module, IReadOnlyCollection<RecomputeCandidate> chosen, int middle) =>
        chosen.Count == 0 ? module : new PruneCallBoundaries().Run(new RecomputeValues(module, chosen, middle).Rewrite());

    private sealed class Repetition(RecomputeCandidate candidate, Graph graph)
    {
        public RecomputeCandidate Candidate { get; } = candidate;

        public Graph Graph { get; } = graph;

        /// <summary>The position of the node before which it stands.</summary>
        public int Place { get; set; } = -1;

        /// <summary>The owners of what it begins with, in the root; -1 for what is handed out for it.</summary>
        public List<int> Leaves { get; } = [];

        /// <summary>Per leaf a value of the root, or the number of a further result of the call.</summary>
        public List<(int Value, int Extra)> Operands { get; } = [];
    }

    private int HandOut(Graph callee, int value)
    {
        var list = _handedOut.TryGetValue(callee.Name, out var known) ? known : _handedOut[callee.Name] = [];
        if (!list.Contains(value))
        {
            list.Add(value);
        }

        return list.IndexOf(value);
    }

    private static Graph Chain(RecomputeCandidate candidate, string name)
    {
        var (graph, chain) = (candidate.Graph, candidate.Chain);
        var builder = new GraphBuilder(name);
        var map = new OpValue[graph.ValueCount];
        foreach (var leaf in chain.Leaves)
        {
            map[leaf] = builder.Input($"leaf_{leaf}", graph.TypeOf(leaf), InputKind.Argument);
        }

        foreach (var node in chain.Nodes)
        {
            GraphRewriter.Visit(graph, graph.Nodes[node], builder, map, static (_, _, _) => null);
        }

        builder.Output(map[candidate.Value], OutputKind.Result);
        return builder.Build();
    }

    private GraphModule Rewrite()
    {
        var callees = _module.Graphs.Skip(1).Select(g => _handedOut.TryGetValue(g.Name, out var more) ? WithOutputs(g, more) : g).ToList();
        var byName = callees.ToDictionary(g => g.Name, StringComparer.Ordinal);
        var builder = new GraphBuilder(_root.Name);
        var map = new OpValue[_root.ValueCount];
        var again = new Dictionary<int, OpValue>();
        var extra = new Dictionary<Node, ImmutableArray<OpValue>>(ReferenceEqualityComparer.Instance);
        GraphRewriter.CopyInputs(_root, builder, map);
        var places = _repetitions.OrderBy(r => _sources.Position(r.Key)).ThenBy(r => r.Key).ToLookup(r => r.Value.Place);
        foreach (var (i, node) in _root.Nodes.Index())
        {
            foreach (var (value, repetition) in places[i])
            {
                builder.Source = _sources.Producer(value)!.Source;
                again[value] = builder.Call(repetition.Graph, [.. repetition.Operands.Select(o => o.Value >= 0 ? Late(o.Value) : extra[_sources.Producer(value)!][o.Extra])], isApart: true)[0];
            }

            builder.Source = node.Source;
            ImmutableArray<OpValue> operands = [.. node.Operands.Select(Late)];
            var results = node.Op.Code == OpCode.Call && _handedOut.ContainsKey(node.Callee!) ? builder.Call(byName[node.Callee!], operands, node.IsApart) : builder.Copy(node, _root, operands);
            extra[node] = results[node.Results.Length..];
            foreach (var (r, result) in node.Results.Index())
            {
                map[result] = results[r];
            }
        }

        foreach (var output in _root.Outputs)
        {
            builder.Output(map[output.Value], output.Kind, output.Input);
        }

        return new GraphModule([builder.Build(), .. callees, .. _made.Values]);

        // From the place of its repetition on a value is what that gives, also behind a view that was made before.
        OpValue Late(int value)
        {
            if (again.TryGetValue(value, out var repeated))
            {
                return repeated;
            }

            return _sources.Producer(value) is { } view && view.Op.Has(OpTraits.View) && again.ContainsKey(_sources.Owner(value))
                ? again[value] = builder.Copy(view, _root, [Late(view.Operands[0])])[0]
                : map[value];
        }
    }

    private static Graph WithOutputs(Graph graph, List<int> values)
    {
        var builder = new GraphBuilder(graph.Name);
        var map = new OpValue[graph.ValueCount];
        GraphRewriter.CopyInputs(graph, builder, map);
        foreach (var node in graph.Nodes)
        {
            GraphRewriter.Visit(graph, node, builder, map, static (_, _, _) => null);
        }

        foreach (var output in graph.Outputs.Concat(values.Select(v => new GraphOutput(v, OutputKind.Result))))
        {
            builder.Output(map[output.Value], output.Kind, output.Input);
        }

        return builder.Build();
    }
}
