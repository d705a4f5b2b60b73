using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>
/// Turns matrix products that no kernel multiplies into ones that there are: halves are multiplied and summed in f32 and rounded once, as eager
/// code does; whole numbers are multiplied element by element and summed in one loop.
/// </summary>
public sealed class WidenProducts : IPass
{
    public string Name => "widen-products";

    public GraphModule Run(GraphModule module) => new([.. module.Graphs.Select(g => g.Nodes.Any(IsNarrow) ? GraphRewriter.Rewrite(g, Widen) : g)]);

    private static bool IsNarrow(Node node) => node.Op.Code == OpCode.MatMul;

    private static ImmutableArray<OpValue>? Widen(GraphBuilder builder, Node node, ImmutableArray<OpValue> operands)
    {
        if (!IsNarrow(node) || operands[0].DType is DType.F32 or DType.F64)
        {
            return null;
        }

        var dtype = operands[0].DType;
        if (dtype.IsFloat())
        {
            var wide = builder.Apply(node.Op, [.. operands.Select(o => builder.Cast(o, DType.F32))], node.Attributes)[0];
            return [builder.Cast(wide, dtype)];
        }

        var x = node.Attributes.Bool("transposeA") ? builder.SwapLast(operands[0]) : operands[0];
        var y = node.Attributes.Bool("transposeB") ? operands[1] : builder.SwapLast(operands[1]);
        var rows = builder.Reshape(x, new Shape(x.Shape.Dims.Insert(x.Shape.Rank - 1, Dim.One)));
        var columns = builder.Reshape(y, new Shape(y.Shape.Dims.Insert(y.Shape.Rank - 2, Dim.One)));
        var products = rows * columns;
        return [builder.Sum(products, [products.Shape.Rank - 1])];
    }
}
