using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>
/// Turns calls into ones that hand over only what is used: results nobody reads and operands the callee does not need go away, and a
/// result that is an operand, another result or a constant is taken from there. State assignments of a callee stay.
/// </summary>
public sealed class PruneCallBoundaries : IPass
{
    private static readonly EliminateDeadCode DeadCode = new();

    public string Name => "prune-call-boundaries";

    public GraphModule Run(GraphModule module)
    {
        // What one round drops leaves work for the next in callers and callees.
        while (true)
        {
            module = DeadCode.Run(module);
            var boundaries = Boundaries(module);
            if (boundaries.Values.All(b => b.IsWhole))
            {
                return module;
            }

            module = new GraphModule([.. module.Graphs.Select(g => Narrow(g, boundaries))]);
        }
    }

    /// <summary>What stays of a callee's inputs and outputs.</summary>
    private sealed record Boundary(Graph Graph, bool[] Inputs, bool[] Outputs)
    {
        private readonly Dictionary<int, Node> _creations = Graph.Nodes.Where(n => n.Op.Has(OpTraits.Creation)).ToDictionary(n => n.Results[0]);

        public bool IsWhole => Inputs.All(i => i) && Outputs.All(o => o);

        /// <summary>The creation op that makes an output, which the caller can as well run itself.</summary>
        public Node? Creation(int output) => _creations.GetValueOrDefault(Graph.Outputs[output].Value);

        /// <summary>The first output with the same value.</summary>
        public int First(int output) => Enumerable.Range(0, output + 1).First(i => Graph.Outputs[i].Value == Graph.Outputs[output].Value);

        public bool IsOperand(int output) => Graph.Outputs[output].Value < Graph.Inputs.Length;
    }

    private static Dictionary<string, Boundary> Boundaries(GraphModule module)
    {
        var boundaries = module.Graphs.Skip(1).ToDictionary(
            g => g.Name, g => new Boundary(g, new bool[g.Inputs.Length], [.. g.Outputs.Select(o => o.Kind != OutputKind.Result)]), StringComparer.Ordinal);
        foreach (var graph in module.Graphs)
        {
            var read = new bool[graph.ValueCount];
            foreach (var value in graph.Nodes.SelectMany(n => n.Operands).Concat(graph.Outputs.Select(o => o.Value)))
            {
                read[value] = true;
            }

            foreach (var node in graph.Nodes.Where(n => n.Callee is not null))
            {
                var boundary = boundaries[node.Callee!];
                if (node.Op.Code is OpCode.While or OpCode.RecordedWhile or OpCode.Unwind)
                {
                    // What goes around a loop is given and taken in step.
                    Array.Fill(boundary.Outputs, true);
                    Array.Fill(boundary.Inputs, true);
                }

                for (var i = 0; i < node.Results.Length; i++)
                {
                    if (node.Op.Code == OpCode.If)
                    {
                        // Where the callee does not run its outputs are something else: each stands for itself.
                        boundary.Outputs[i] |= read[node.Results[i]];
                    }
                    else if (node.Op.Code == OpCode.Call && read[node.Results[i]] && !boundary.IsOperand(i) && boundary.Creation(i) is null)
                    {
                        boundary.Outputs[boundary.First(i)] = true;
                    }
                }
            }
        }

        foreach (var boundary in boundaries.Values)
        {
            var graph = boundary.Graph;
            var kept = graph.Outputs.Where((_, i) => boundary.Outputs[i]);
            foreach (var value in graph.Nodes.SelectMany(n => n.Operands).Concat(kept.SelectMany(o => new[] { o.Value, o.Input })))
            {
                if (value >= 0 && value < graph.Inputs.Length)
                {
                    boundary.Inputs[value] = true;
                }
            }
        }

        return boundaries;
    }

    private static Graph Narrow(Graph graph, Dictionary<string, Boundary> boundaries)
    {
        var own = boundaries.GetValueOrDefault(graph.Name);
        var builder = new GraphBuilder(graph.Name);
        var map = new OpValue[graph.ValueCount];
        var positions = new int[graph.Inputs.Length];
        var count = 0;
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            positions[i] = count;
            if (own?.Inputs[i] != false)
            {
                map[i] = builder.Input(graph.Inputs[i].Name, graph.Inputs[i].Type, graph.Inputs[i].Kind);
                count++;
            }
        }

        foreach (var node in graph.Nodes)
        {
            if (node is { Callee: { } callee, Op.Code: OpCode.Call })
            {
                NarrowCall(graph, node, boundaries[callee], builder, map);
            }
            else if (node is { Callee: { } branch, Op.Code: OpCode.If })
            {
                NarrowBranch(graph, node, boundaries[branch], builder, map);
            }
            else
            {
                GraphRewriter.Visit(graph, node, builder, map, static (_, _, _) => null);
            }
        }

        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            if (own?.Outputs[i] != false)
            {
                var output = graph.Outputs[i];
                builder.Output(map[output.Value], output.Kind, output.Input < 0 ? -1 : positions[output.Input]);
            }
        }

        return builder.Build();
    }

    private static void NarrowBranch(Graph graph, Node node, Boundary callee, GraphBuilder builder, OpValue[] map)
    {
        builder.Source = node.Source;
        var parts = ControlOperands<int>.Of(node, node.Operands);
        ImmutableArray<int> operands =
            [parts.Condition, .. parts.Values.Where((_, i) => callee.Outputs[i]), .. parts.Arguments.Where((_, i) => callee.Inputs[i])];
        ImmutableArray<int> kept = [.. node.Results.Where((_, i) => callee.Outputs[i])];
        var results = builder.Copy(node with { Results = kept }, graph, [.. operands.Select(o => map[o])]);
        for (var i = 0; i < kept.Length; i++)
        {
            map[kept[i]] = results[i];
        }
    }

    private static void NarrowCall(Graph graph, Node node, Boundary callee, GraphBuilder builder, OpValue[] map)
    {
        builder.Source = node.Source;
        ImmutableArray<OpValue> operands = [.. node.Operands.Where((_, i) => callee.Inputs[i]).Select(o => map[o])];
        ImmutableArray<int> kept = [.. node.Results.Where((_, i) => callee.Outputs[i])];
        var results = builder.Copy(node with { Results = kept }, graph, operands);
        for (var i = 0; i < kept.Length; i++)
        {
            map[kept[i]] = results[i];
        }

        for (var i = 0; i < node.Results.Length; i++)
        {
            if (!callee.Outputs[i])
            {
                map[node.Results[i]] = callee.IsOperand(i) ? map[node.Operands[callee.Graph.Outputs[i].Value]]
                    : callee.Creation(i) is { } creation ? builder.Copy(creation, callee.Graph, [])[0]
                    : map[node.Results[callee.First(i)]];
            }
        }
    }
}
