using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>An axis of an operand: its extent, and the elements between neighbours.</summary>
internal readonly record struct OperandAxis(Dim Extent, Dim Stride);

/// <summary>What the numbers of a right operand are multiplied by: a number for each group of neighbours in k, and column.</summary>
/// <param name="Groups">The groups, in the order of k.</param>
/// <param name="PerByte">2: the operand's bytes hold two numbers of k each, and its summed axis is that of the bytes.</param>
internal sealed record GroupScale(View View, OperandAxis Groups, OperandAxis Kept, int PerByte);

/// <summary>One operand of a contraction in memory: which of its axes are batches, which are kept in the result, which are summed over.</summary>
/// <param name="Batch">Strides along the result's batch axes, zero where the operand is shared.</param>
/// <param name="Kept">Axes of the result, outermost first; of the right operand one.</param>
/// <param name="Summed">In the same order for both operands.</param>
internal sealed record ContractionOperand(View View, DType Type, ImmutableArray<Dim> Batch, ImmutableArray<OperandAxis> Kept, ImmutableArray<OperandAxis> Summed)
{
    private static readonly Dictionary<OpCode, Func<Graph, Node, IReadOnlyList<View>, (ContractionOperand A, ContractionOperand B)>> s_rules = new()
    {
        [OpCode.MatMul] = MatMul,
        [OpCode.WindowProduct] = WindowProduct,
        [OpCode.WindowGradient] = WindowGradient,
        [OpCode.QuantizedMatMul] = QuantizedMatMul,
    };

    /// <summary>Null: the numbers are the operand.</summary>
    public GroupScale? Scale { get; init; }

    /// <summary>The two operands of a contraction.</summary>
    public static (ContractionOperand A, ContractionOperand B) Of(Graph graph, Node node, IReadOnlyList<View> views) => s_rules[node.Op.Code](graph, node, views);

    /// <summary>Neighbouring axes that lie in one piece, as one; an axis of size 1 is none.</summary>
    public static ImmutableArray<OperandAxis> Merged(ImmutableArray<OperandAxis> axes)
    {
        var merged = new List<OperandAxis>();
        foreach (var axis in axes.Where(a => !a.Extent.Is(1)))
        {
            if (merged.Count > 0 && merged[^1].Stride == axis.Stride * axis.Extent)
            {
                merged[^1] = new OperandAxis(merged[^1].Extent * axis.Extent, axis.Stride);
            }
            else
            {
                merged.Add(axis);
            }
        }

        return merged.Count == 0 ? [new OperandAxis(Dim.One, Dim.One)] : [.. merged];
    }

    private static (ContractionOperand A, ContractionOperand B) MatMul(Graph graph, Node node, IReadOnlyList<View> views)
    {
        var batch = graph.TypeOf(node.Results[0]).Rank - 2;
        return (Matrix(0, node.Attributes.Bool("transposeA")), Matrix(1, !node.Attributes.Bool("transposeB")));

        ContractionOperand Matrix(int operand, bool summedFirst)
        {
            var (type, view) = (graph.TypeOf(node.Operands[operand]), views[node.Operands[operand]]);
            var (shape, lead) = (type.Shape, batch + 2 - type.Rank);
            OperandAxis first = new(shape.Dims[^2], view.Strides[^2]), second = new(shape.Dims[^1], view.Strides[^1]);
            return new ContractionOperand(
                view, type.DType,
                [.. Enumerable.Range(0, batch).Select(a => a < lead || shape[a - lead].Is(1) ? Dim.Zero : view.Strides[a - lead])],
                [summedFirst ? second : first], [summedFirst ? first : second]);
        }
    }

    // x [B…, m, k], and weight [n, bytes of k] and scale [n, groups of k], which have no batches.
    private static (ContractionOperand A, ContractionOperand B) QuantizedMatMul(Graph graph, Node node, IReadOnlyList<View> views)
    {
        var (seen, numbers, factors) = (views[node.Operands[0]], views[node.Operands[1]], views[node.Operands[2]]);
        var (x, weight, scale) = (graph.TypeOf(node.Operands[0]), graph.TypeOf(node.Operands[1]), graph.TypeOf(node.Operands[2]).Shape);
        var batch = x.Rank - 2;
        return (
            new(seen, x.DType, BatchOf(seen, x.Shape, batch), [new(x.Shape[batch], seen.Strides[batch])], [new(x.Shape[batch + 1], seen.Strides[batch + 1])]),
            new(numbers, weight.DType, [.. Enumerable.Repeat(Dim.Zero, batch)], [new(weight.Shape[0], numbers.Strides[0])], [new(weight.Shape[1], numbers.Strides[1])])
            {
                Scale = new(factors, new(scale[1], factors.Strides[1]), new(scale[0], factors.Strides[0]), weight.DType == DType.U8 ? 2 : 1),
            });
    }

    // x [B…, N, S…, C] and weight [B…, k…, C, O]: the windows' places are kept, what is inside a window is summed.
    private static (ContractionOperand A, ContractionOperand B) WindowProduct(Graph graph, Node node, IReadOnlyList<View> views)
    {
        var (seen, factors) = (views[node.Operands[0]], views[node.Operands[1]]);
        var (x, weight, result) = (graph.TypeOf(node.Operands[0]), graph.TypeOf(node.Operands[1]).Shape, graph.TypeOf(node.Results[0]).Shape);
        var spatial = node.Attributes.Dims("strides").Length;
        var batch = x.Rank - 2 - spatial;
        var (places, inside) = Windows(node, seen, batch, result.Dims[(batch + 1)..^1], weight.Dims[batch..^2]);
        return (
            new(seen, x.DType, BatchOf(seen, x.Shape, batch), [new(result[batch], seen.Strides[batch]), .. places], [.. inside, new(x.Shape.Dims[^1], seen.Strides[^1])]),
            new(
                factors, x.DType, BatchOf(factors, weight, batch), [new(weight.Dims[^1], factors.Strides[^1])],
                [.. Enumerable.Range(batch, spatial + 1).Select(a => new OperandAxis(weight[a], factors.Strides[a]))]));
    }

    // x [B…, N, S…, C] and dy [B…, N, places…, O]: the other way round.
    private static (ContractionOperand A, ContractionOperand B) WindowGradient(Graph graph, Node node, IReadOnlyList<View> views)
    {
        var (seen, flow) = (views[node.Operands[0]], views[node.Operands[1]]);
        var (x, dy) = (graph.TypeOf(node.Operands[0]), graph.TypeOf(node.Operands[1]).Shape);
        var spatial = node.Attributes.Dims("strides").Length;
        var batch = x.Rank - 2 - spatial;
        var (places, inside) = Windows(node, seen, batch, dy.Dims[(batch + 1)..^1], node.Attributes.Dims("kernel"));
        return (
            new(seen, x.DType, BatchOf(seen, x.Shape, batch), [.. inside, new(x.Shape.Dims[^1], seen.Strides[^1])], [new(dy[batch], seen.Strides[batch]), .. places]),
            new(
                flow, x.DType, BatchOf(flow, dy, batch), [new(dy.Dims[^1], flow.Strides[^1])],
                [.. Enumerable.Range(batch, spatial + 1).Select(a => new OperandAxis(dy[a], flow.Strides[a]))]));
    }

    private static (IEnumerable<OperandAxis> Places, IEnumerable<OperandAxis> Inside) Windows(
        Node node, View seen, int batch, ImmutableArray<Dim> places, ImmutableArray<Dim> kernel)
    {
        var (strides, dilations) = (node.Attributes.Dims("strides"), node.Attributes.Dims("dilations"));
        return (
            places.Select((p, i) => new OperandAxis(p, seen.Strides[batch + 1 + i] * strides[i])),
            kernel.Select((k, i) => new OperandAxis(k, seen.Strides[batch + 1 + i] * dilations[i])));
    }

    private static ImmutableArray<Dim> BatchOf(View view, Shape shape, int batch) =>
        [.. Enumerable.Range(0, batch).Select(a => shape[a].Is(1) ? Dim.Zero : view.Strides[a])];
}
