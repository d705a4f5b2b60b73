using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Turns ops into cheaper ones with the same bits, by a list of rules.</summary>
public sealed class Simplify : IPass
{
    public string Name => "simplify";

    public GraphModule Run(GraphModule module) => new([.. module.Graphs.Select(Rewrite)]);

    private static Graph Rewrite(Graph graph)
    {
        var known = new Dictionary<OpValue, (Node Node, ImmutableArray<OpValue> Operands)>();
        return GraphRewriter.Rewrite(graph, (builder, node, operands) =>
        {
            var site = new SimplifySite(builder, node, operands, known);
            foreach (var rule in SimplifyRules.For(node.Op.Code))
            {
                if (rule(site) is { } better && better.Type == graph.TypeOf(node.Results[0]))
                {
                    return [better];
                }
            }

            var results = builder.Copy(node, graph, operands);
            known[results[0]] = (node, operands);
            return results;
        });
    }
}

/// <summary>What a rule sees: a node, its operands in the new graph, and the nodes that made them.</summary>
internal sealed class SimplifySite(
    GraphBuilder builder, Node node, ImmutableArray<OpValue> operands, Dictionary<OpValue, (Node Node, ImmutableArray<OpValue> Operands)> known)
{
    public GraphBuilder Builder => builder;

    public Node Node => node;

    public OpValue this[int operand] => operands[operand];

    public int Count => operands.Length;

    /// <summary>The node that made a value, if it is of this op.</summary>
    public (Node Node, ImmutableArray<OpValue> Operands)? MadeBy(OpValue value, OpCode op) =>
        known.TryGetValue(value, out var maker) && maker.Node.Op.Code == op ? maker : null;

    /// <summary>The number, when the value is the same constant everywhere.</summary>
    public double? Constant(OpValue value)
    {
        while (true)
        {
            if ((MadeBy(value, OpCode.Constant) ?? MadeBy(value, OpCode.Full)) is { } constant)
            {
                return constant.Node.Attributes.Float("value");
            }

            if ((MadeBy(value, OpCode.BroadcastTo) ?? MadeBy(value, OpCode.Reshape)) is not { } view)
            {
                return null;
            }

            value = view.Operands[0];
        }
    }

    /// <summary>A constant of the type of the node's result.</summary>
    public OpValue Fill(TensorType type, double value) =>
        type.Rank == 0 ? builder.Scalar(type.DType, value) : builder.Full(type.Shape, type.DType, value);
}
