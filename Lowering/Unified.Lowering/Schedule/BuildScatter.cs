using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns a scatter into its kernel.</summary>
internal static class BuildScatter
{
    public static ScheduledLaunch Build(GroupTable groups, FusionGroup group)
    {
        var graph = groups.Graph;
        var node = group.Node!;
        var (indices, updates) = (graph.TypeOf(node.Operands[0]), graph.TypeOf(node.Operands[1]));
        var rows = indices.Shape.Size;
        var columns = new Shape([.. updates.Shape.Skip(indices.Rank)]).Size;
        var (index, update) = (group.Operands[0], group.Operands[1]);
        var indexStride = Strides.Reshape(indices.Shape, index.Strides, Shape.From(rows))!.Value[0];
        var updateStride = Strides.Reshape(updates.Shape, update.Strides, Shape.From(rows, columns))!.Value[0];
        var result = groups.Layouts[node.Results[0]];
        var size = rows * columns;
        var bytes = graph.TypeOf(node.Results[0]).Bytes + updates.Bytes + indices.Bytes;
        return new ScheduledLaunch(
            $"scatter_add {updates.Shape}", new ScatterKernel(updates.DType, indices.DType),
            [new(index.Storage, index.Offset), new(update.Storage, update.Offset), new(result.Storage, result.Offset)],
            [rows, columns, node.Attributes.Dim("size"), indexStride, updateStride, columns],
            Dim.CeilDiv(columns, ColumnKernel.ColumnBlock), Dim.One, Dim.Zero, updates.DType.IsFloat() ? size : Dim.Zero, bytes, node.Source);
    }
}
