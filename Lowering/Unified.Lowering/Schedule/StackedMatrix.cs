using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Matrices in memory, one for each place of some batch axes.</summary>
/// <param name="Batch">Strides in elements, zero where a matrix is shared.</param>
internal sealed record StackedMatrix(BufferRef Ref, ImmutableArray<Dim> Batch, OperandAxis Rows, OperandAxis Columns)
{
    /// <summary>As a left operand that is summed over its columns.</summary>
    public MatrixOrder Order => Columns.Stride.Is(1) ? MatrixOrder.KInner : Rows.Stride.Is(1) ? MatrixOrder.KOuter : MatrixOrder.Strided;

    /// <summary>An operand of a node, its axes before the last two broadcast to <paramref name="batch"/>.</summary>
    public static StackedMatrix Of(ProgramBuilder program, Node node, int operand, ImmutableArray<Dim> batch, ImmutableArray<View> views)
    {
        var (type, view) = (program.Graph.TypeOf(node.Operands[operand]), views[node.Operands[operand]]);
        var lead = batch.Length + 2 - type.Rank;
        return new StackedMatrix(
            program.Ref(view.Owner, view.Offset, type.DType),
            [.. Enumerable.Range(0, batch.Length).Select(a => a < lead || type.Shape[a - lead].Is(1) ? Dim.Zero : view.Strides[a - lead])],
            new OperandAxis(type.Shape.Dims[^2], view.Strides[^2]),
            new OperandAxis(type.Shape.Dims[^1], view.Strides[^1]));
    }
}
