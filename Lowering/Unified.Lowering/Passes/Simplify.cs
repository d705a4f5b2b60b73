using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Turns ops into cheaper ones with the same values, by a list of rules, until no rule applies. Runs after differentiation: it drops StopGradient.</summary>
public sealed class Simplify : IPass
{
    // Each round works off one level of a chain; what is left after these is harmless.
    private const int MostRounds = 16;

    public string Name => "simplify";

    public GraphModule Run(GraphModule module) => new([.. module.Graphs.Select(Rewrite)]);

    private static Graph Rewrite(Graph graph)
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var better = Round(graph);
            if (ReferenceEquals(better, graph))
            {
                break;
            }

            graph = better;
        }

        return graph;
    }

    private static Graph Round(Graph graph)
    {
        var changed = false;
        var known = new Dictionary<OpValue, (Node Node, ImmutableArray<OpValue> Operands)>();
        var result = GraphRewriter.Rewrite(graph, (builder, node, operands) =>
        {
            var site = new SimplifySite(builder, node, operands, known);
            foreach (var rule in SimplifyRules.For(node.Op))
            {
                if (rule(site) is { } better && better.Type == graph.TypeOf(node.Results[0]))
                {
                    changed = true;
                    return [better];
                }
            }

            var results = builder.Copy(node, graph, operands);
            foreach (var copy in results)
            {
                known[copy] = (node, operands);
            }

            return results;
        });
        return changed ? result : graph;
    }
}

/// <summary>What a rule sees: a node, its operands in the new graph, and the nodes that made them.</summary>
internal sealed class SimplifySite(
    GraphBuilder builder, Node node, ImmutableArray<OpValue> operands, Dictionary<OpValue, (Node Node, ImmutableArray<OpValue> Operands)> known)
{
    public GraphBuilder Builder => builder;

    public Node Node => node;

    public Attributes Attributes => node.Attributes;

    public ImmutableArray<OpValue> Operands => operands;

    public OpValue this[int operand] => operands[operand];

    /// <summary>The type of the node's result, were its operands these.</summary>
    public TensorType TypeWith(ImmutableArray<OpValue> others)
    {
        var attributes = node.Attributes;
        return node.Op.InferTypes([.. others.Select(o => o.Type)], ref attributes)[0];
    }

    public TensorType Type => TypeWith(operands);

    /// <summary>The node that made a value, if it is of this op.</summary>
    public (Node Node, ImmutableArray<OpValue> Operands)? MadeBy(OpValue value, OpCode op) =>
        known.TryGetValue(value, out var maker) && maker.Node.Op.Code == op ? maker : null;

    /// <summary>The number as the dtype holds it, when the value is the same constant everywhere.</summary>
    public double? Constant(OpValue value)
    {
        while (true)
        {
            if ((MadeBy(value, OpCode.Constant) ?? MadeBy(value, OpCode.Full)) is { } constant)
            {
                return Rounded.To(value.DType, constant.Node.Attributes.Float("value"));
            }

            if ((MadeBy(value, OpCode.BroadcastTo) ?? MadeBy(value, OpCode.Reshape)) is not { } view)
            {
                return null;
            }

            value = view.Operands[0];
        }
    }

    /// <summary>The same number everywhere.</summary>
    public OpValue Fill(TensorType type, double value) =>
        type.Rank == 0 ? builder.Scalar(type.DType, value) : builder.Full(type.Shape, type.DType, value);
}
