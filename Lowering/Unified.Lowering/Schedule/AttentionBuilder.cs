using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns attention, or its gradient, into the packing of its keys and values and one kernel that never holds all weights.</summary>
internal static class AttentionBuilder
{
    /// <param name="views">How each value lies in memory.</param>
    /// <param name="result">Where the result goes, dense.</param>
    public static void Add(ProgramBuilder program, Node node, ImmutableArray<View> views, BufferRef result)
    {
        var shape = program.Graph.TypeOf(node.Results[0]).Shape;
        var batch = shape.Dims[..^2];
        StackedMatrix Place(int operand) => StackedMatrix.Of(program, node, operand, batch, views);
        var (query, key, value) = (Place(0), Place(1), Place(2));
        var (queries, depth, keys, width) = (query.Rows.Extent, query.Columns.Extent, key.Rows.Extent, value.Columns.Extent);
        var (packedKeys, keyStrides) = PackOperand.Add(program, key.Ref, DType.F32, batch, key.Batch, [key.Columns], key.Rows, node.Source);
        var (packedValues, valueStrides) = PackOperand.Add(program, value.Ref, DType.F32, batch, value.Batch, [value.Rows], value.Columns, node.Source);
        var strides = View.DenseStrides(shape);
        var isCausal = node.Attributes.Bool("causal");
        var batches = batch.Aggregate(Dim.One, (x, y) => x * y);
        program.AddLaunch(
            new AttentionKernel(batch.Length, isCausal, node.Attributes.Float("scale"), query.Order),
            [query.Ref, new BufferRef(packedKeys, Dim.Zero), new BufferRef(packedValues, Dim.Zero), result],
            [.. batch, queries, keys, depth, width, .. query.Batch, query.Rows.Stride, query.Columns.Stride, .. keyStrides, .. valueStrides, .. strides[..^1]],
            batches * Dim.CeilDiv(queries, Tile.Rows),
            Dim.One,
            AttentionKernel.ScratchBytes(depth, width),
            batches * queries * keys * (depth + width) * (isCausal ? 1 : 2),
            null,
            $"attention {new Shape(batch)}[{queries},{depth}]x[{keys},{width}]",
            node.Source);
    }

    /// <param name="views">How each value lies in memory.</param>
    /// <param name="result">Where the three gradients go, dense.</param>
    public static void AddGradient(ProgramBuilder program, Node node, ImmutableArray<View> views, BufferRef result)
    {
        var batch = program.Graph.TypeOf(node.Results[0]).Shape.Dims[..^1];
        StackedMatrix Place(int operand) => StackedMatrix.Of(program, node, operand, batch, views);
        var (query, key, value, flow) = (Place(0), Place(1), Place(2), Place(3));
        var (queries, depth, keys, width) = (query.Rows.Extent, query.Columns.Extent, key.Rows.Extent, value.Columns.Extent);
        var (keysByDepth, keyStrides) = PackOperand.Add(program, key.Ref, DType.F32, batch, key.Batch, [key.Columns], key.Rows, node.Source);
        var (valuesByWidth, valueStrides) = PackOperand.Add(program, value.Ref, DType.F32, batch, value.Batch, [value.Columns], value.Rows, node.Source);
        var (keysByKey, rowStrides) = PackOperand.Add(program, key.Ref, DType.F32, batch, key.Batch, [key.Rows], key.Columns, node.Source);
        var isCausal = node.Attributes.Bool("causal");
        var batches = batch.Aggregate(Dim.One, (x, y) => x * y);
        program.AddLaunch(
            new AttentionGradientKernel(batch.Length, isCausal, node.Attributes.Float("scale"), query.Order, flow.Order),
            [query.Ref, new(keysByDepth, Dim.Zero), new(valuesByWidth, Dim.Zero), new(keysByKey, Dim.Zero), flow.Ref, result],
            [
                .. batch, queries, keys, depth, width, .. query.Batch, query.Rows.Stride, query.Columns.Stride, .. flow.Batch, flow.Rows.Stride, flow.Columns.Stride,
                .. keyStrides, .. valueStrides, .. rowStrides,
            ],
            batches,
            Dim.One,
            AttentionGradientKernel.ScratchBytes(keys, depth, width),
            batches * queries * keys * ((depth * 3) + (width * 2)) * (isCausal ? 1 : 2),
            null,
            $"attention_gradient {new Shape(batch)}[{queries},{depth}]x[{keys},{width}]",
            node.Source);
    }
}
