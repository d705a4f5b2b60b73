using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns attention into the packing of its keys and values, and one kernel that holds no weights.</summary>
internal static class AttentionBuilder
{
    /// <param name="views">How each value lies in memory.</param>
    /// <param name="result">Where the result goes, dense.</param>
    public static void Add(ProgramBuilder program, Node node, ImmutableArray<View> views, BufferRef result)
    {
        var graph = program.Graph;
        var shape = graph.TypeOf(node.Results[0]).Shape;
        var batch = shape.Dims[..^2];
        var (query, key, value) = (Place(0), Place(1), Place(2));
        var (queries, width) = (shape[shape.Rank - 2], shape[shape.Rank - 1]);
        Shape queryShape = ShapeOf(0), keyShape = ShapeOf(1);
        var (depth, keys) = (queryShape[queryShape.Rank - 1], keyShape[keyShape.Rank - 2]);
        var (packedKeys, keyStrides) = PackOperand.Add(program, key.Ref, DType.F32, batch, key.Batch, [new(depth, key.Columns)], new(keys, key.Rows), node.Source);
        var (packedValues, valueStrides) = PackOperand.Add(program, value.Ref, DType.F32, batch, value.Batch, [new(keys, value.Rows)], new(width, value.Columns), node.Source);
        var strides = View.DenseStrides(shape);
        var order = query.Columns.Is(1) ? MatrixOrder.KInner : query.Rows.Is(1) ? MatrixOrder.KOuter : MatrixOrder.Strided;
        var isCausal = node.Attributes.Bool("causal");
        var batches = batch.Aggregate(Dim.One, (x, y) => x * y);
        program.AddLaunch(
            new AttentionKernel(batch.Length, isCausal, node.Attributes.Float("scale"), order),
            [query.Ref, new BufferRef(packedKeys, Dim.Zero), new BufferRef(packedValues, Dim.Zero), result],
            [.. batch, queries, keys, depth, width, .. query.Batch, query.Rows, query.Columns, .. keyStrides, .. valueStrides, .. strides[..^1]],
            batches * Dim.CeilDiv(queries, Tile.Rows),
            Dim.One,
            AttentionKernel.ScratchBytes(depth, width),
            batches * queries * keys * (depth + width) * (isCausal ? 1 : 2),
            null,
            $"attention {new Shape(batch)}[{queries},{depth}]x[{keys},{width}]",
            node.Source);

        Shape ShapeOf(int operand) => graph.TypeOf(node.Operands[operand]).Shape;

        Operand Place(int operand)
        {
            var (own, view) = (ShapeOf(operand), views[node.Operands[operand]]);
            var lead = shape.Rank - own.Rank;
            return new Operand(
                program.Ref(view.Owner, view.Offset, DType.F32),
                [.. Enumerable.Range(0, batch.Length).Select(a => a < lead || own[a - lead].Is(1) ? Dim.Zero : view.Strides[a - lead])],
                view.Strides[^2],
                view.Strides[^1]);
        }
    }

    /// <summary>A stack of matrices in memory: strides in elements.</summary>
    private sealed record Operand(BufferRef Ref, ImmutableArray<Dim> Batch, Dim Rows, Dim Columns);
}
