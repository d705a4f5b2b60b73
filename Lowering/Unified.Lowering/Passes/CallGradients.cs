using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>A value the backward graph needs: an operand of the call, or a result of the forward graph.</summary>
internal readonly record struct Residual(bool IsOperand, int Index);

/// <summary>A callee split for differentiation.</summary>
/// <param name="Forward">The callee with extra results.</param>
/// <param name="Backward">From residuals and cotangents of results to cotangents of operands.</param>
/// <param name="Residuals">What its first inputs are.</param>
/// <param name="SeededResults">The results whose cotangents are its further inputs.</param>
/// <param name="Operands">The operands whose cotangents it computes, in the order of its outputs.</param>
internal sealed record CallGradient(
    Graph Forward, Graph Backward, ImmutableArray<Residual> Residuals, ImmutableArray<int> SeededResults, ImmutableArray<int> Operands);

/// <summary>Turns a callee into its forward and backward graphs, once for each pattern of active operands and results.</summary>
internal sealed class CallGradients(GraphModule module)
{
    private readonly Dictionary<string, Graph> _graphs = module.Graphs.ToDictionary(g => g.Name, StringComparer.Ordinal);
    private readonly List<string> _order = [.. module.Graphs.Select(g => g.Name)];
    private readonly Dictionary<string, CallGradient> _made = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LoopGradient> _loops = new(StringComparer.Ordinal);

    /// <summary>The module's graphs in their order, then those made here.</summary>
    public ImmutableArray<Graph> All => [.. _order.Select(n => _graphs[n])];

    public Graph Get(string name) => _graphs[name];

    public void Put(Graph graph)
    {
        if (!_graphs.ContainsKey(graph.Name))
        {
            _order.Add(graph.Name);
        }

        _graphs[graph.Name] = graph;
    }

    public CallGradient For(string callee, ImmutableArray<bool> activeOperands, ImmutableArray<bool> activeResults)
    {
        var key = $"{callee} {string.Concat(activeOperands.Select(Bit))} {string.Concat(activeResults.Select(Bit))}";
        if (!_made.TryGetValue(key, out var gradient))
        {
            _made[key] = gradient = Split(_graphs[callee], activeOperands, activeResults);
            Put(gradient.Forward);
            Put(gradient.Backward);
        }

        return gradient;
    }

    /// <summary>The walk back over the turns of a loop; as <see cref="LoopGradients.Of"/>.</summary>
    public LoopGradient ForLoop(string body, int carried, ImmutableArray<bool> activeInputs, ImmutableArray<bool> activeResults)
    {
        var key = $"{body} {string.Concat(activeInputs.Select(Bit))} {string.Concat(activeResults.Select(Bit))}";
        if (!_loops.TryGetValue(key, out var gradient))
        {
            _loops[key] = gradient = LoopGradients.Of(_graphs[body], carried, activeInputs, activeResults, this, UniqueName(body + "_unwind"));
            Put(gradient.Step);
        }

        return gradient;
    }

    private static char Bit(bool b) => b ? '1' : '0';

    private CallGradient Split(Graph graph, ImmutableArray<bool> activeOperands, ImmutableArray<bool> activeResults)
    {
        // One joint graph: the callee, then its backward walk from new inputs that stand for the arriving cotangents.
        ImmutableArray<int> operands = [.. Indices(activeOperands)];
        ImmutableArray<int> seeded = [.. Indices(activeResults)];
        var activity = Activity.Of(graph, operands, seeded.Select(r => graph.Outputs[r].Value));
        var builder = new GraphBuilder(graph.Name);
        var map = new OpValue[graph.ValueCount];
        var tape = new Tape(graph, activity, builder, this);
        GraphRewriter.CopyInputs(graph, builder, map);
        foreach (var node in graph.Nodes)
        {
            GraphRewriter.Visit(graph, node, builder, map, (_, n, o) => tape.Record(n, o));
        }

        var forwardNodes = builder.NodeCount;
        var cotangents = new Dictionary<OpValue, OpValue>();
        foreach (var r in seeded)
        {
            var value = map[graph.Outputs[r].Value];
            var seed = builder.Input($"d_{r}", value.Type, InputKind.Argument);
            cotangents[value] = cotangents.TryGetValue(value, out var sum) ? sum + seed : seed;
        }

        var leaving = tape.Backward(cotangents, [.. operands.Select(o => map[o])]);
        foreach (var output in graph.Outputs)
        {
            builder.Output(map[output.Value], output.Kind, output.Input);
        }

        foreach (var cotangent in leaving.OfType<OpValue>())
        {
            builder.Output(cotangent, OutputKind.Result);
        }

        return new SplitJointGraph(builder.Build(), graph.Inputs.Length, graph.Outputs.Length, forwardNodes)
            .Run(UniqueName(graph.Name + "_forward"), UniqueName(graph.Name + "_backward"), seeded, [.. operands.Where((_, i) => leaving[i] is not null)]);
    }

    private static IEnumerable<int> Indices(ImmutableArray<bool> mask) => Enumerable.Range(0, mask.Length).Where(i => mask[i]);

    public string UniqueName(string name)
    {
        var unique = name;
        for (var i = 2; _graphs.ContainsKey(unique); i++)
        {
            unique = $"{name}_{i}";
        }

        return unique;
    }
}
