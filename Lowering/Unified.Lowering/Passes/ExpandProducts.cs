using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Turns matrix products of 64-bit integers, which no machine has vectors for, into products of elements that one loop sums.</summary>
public sealed class ExpandProducts : IPass
{
    public string Name => "expand-products";

    public GraphModule Run(GraphModule module) => new([.. module.Graphs.Select(g =>
        g.Nodes.Any(n => IsExpanded(n, g.TypeOf(n.Results[0]).DType)) ? GraphRewriter.Rewrite(g, Expand) : g)]);

    private static bool IsExpanded(Node node, DType dtype) => node.Op.Code == OpCode.MatMul && dtype == DType.I64;

    private static ImmutableArray<OpValue>? Expand(GraphBuilder builder, Node node, ImmutableArray<OpValue> operands)
    {
        if (operands.IsEmpty || !IsExpanded(node, operands[0].DType))
        {
            return null;
        }

        var x = node.Attributes.Bool("transposeA") ? builder.SwapLast(operands[0]) : operands[0];
        var y = node.Attributes.Bool("transposeB") ? operands[1] : builder.SwapLast(operands[1]);
        var rows = builder.Reshape(x, new Shape(x.Shape.Dims.Insert(x.Shape.Rank - 1, Dim.One)));
        var columns = builder.Reshape(y, new Shape(y.Shape.Dims.Insert(y.Shape.Rank - 2, Dim.One)));
        var products = rows * columns;
        return [builder.Sum(products, [products.Shape.Rank - 1])];
    }
}
