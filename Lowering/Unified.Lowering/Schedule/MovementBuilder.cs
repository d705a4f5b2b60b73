using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns ops that put whole values into parts of others into launches that copy, fill and add.</summary>
internal static class MovementBuilder
{
    public static void AddScatter(ProgramBuilder program, Node node)
    {
        var (indices, updates, result) = (program.Graph.TypeOf(node.Operands[0]), program.Graph.TypeOf(node.Operands[1]), program.Graph.TypeOf(node.Results[0]));
        var rows = indices.Shape.Size;
        var columns = new Shape(result.Shape.Dims[1..]).Size;
        var kernels = new KernelClass(KernelFamily.Scatter, false);
        var kernel = new ScatterKernel(result.DType, indices.DType) { Block = program.Tuning.For(kernels)[TunableTable.ColumnBlock] };

        // Zeros go to a large table past the caches, in order; the rows that are added to are few.
        AddFill(program, node, 0);
        program.AddLaunch(
            kernel,
            kernels,
            [program.RefOf(node.Operands[0]), program.RefOf(node.Operands[1]), program.RefOf(node.Results[0])],
            [rows, columns, result.Shape[0], Dim.One, columns, columns],
            Dim.CeilDiv(columns, kernel.Block),
            Dim.One, Dim.Zero, updates.Shape.Size, null, $"scatter_add {updates.Shape} into {result.Shape}", node.Source);
    }

    public static void AddConcat(ProgramBuilder program, Node node)
    {
        var result = program.Graph.TypeOf(node.Results[0]);
        var axis = OpAxes.One(node.Attributes, result.Rank);
        var strides = View.DenseStrides(result.Shape);
        var at = Dim.Zero;
        foreach (var operand in node.Operands)
        {
            AddCopy(program, node, operand, at * strides[axis], strides);
            at += program.Graph.TypeOf(operand).Shape[axis];
        }
    }

    public static void AddPad(ProgramBuilder program, Node node)
    {
        var result = program.Graph.TypeOf(node.Results[0]);
        AddFill(program, node, node.Attributes.Float("value"));
        var strides = View.DenseStrides(result.Shape);
        var offset = node.Attributes.Dims("low").Select((l, a) => l * strides[a]).Aggregate(Dim.Zero, (a, b) => a + b);
        AddCopy(program, node, node.Operands[0], offset, strides);
    }

    // Writes one value all over the node's result.
    private static void AddFill(ProgramBuilder program, Node node, double value)
    {
        var result = program.Graph.TypeOf(node.Results[0]);
        var kernels = ProgramBuilder.RowsOf(result.Shape.Size);
        var tuning = program.Tuning.For(kernels);
        program.AddLaunch(
            new RowKernel(
                [new KernelBuffer(result.DType, true)], 1, 1, [new ConstantNode(result.DType, value)],
                [new Stage([], [new Store(0, [Stride.One], 0)])]) { Plan = RowPlan.Of(tuning) },
            kernels,
            [program.RefOf(node.Results[0])], [result.Shape.Size], result.Shape.Size, tuning[TunableTable.Grain], Dim.Zero, Dim.Zero, null, $"fill {result.Shape}", node.Source);
    }

    // Copies a value into a part of the node's result.
    private static void AddCopy(ProgramBuilder program, Node node, int value, Dim offset, ImmutableArray<Dim> strides)
    {
        var type = program.Graph.TypeOf(value);
        var (from, owner) = (program.Views[value], node.Results[0]);
        var axes = new List<(Dim Extent, Dim From, Dim To)>();
        foreach (var a in Enumerable.Range(0, type.Rank).Where(a => !type.Shape[a].Is(1)))
        {
            // Neighbours that lie in one piece on both sides are one axis: long rows.
            var (extent, source, target) = (type.Shape[a], from.Strides[a], strides[a]);
            var isPiece = axes.Count > 0 && axes[^1].From == source * extent && axes[^1].To == target * extent;
            axes = isPiece ? [.. axes.SkipLast(1), (axes[^1].Extent * extent, source, target)] : [.. axes, (extent, source, target)];
        }

        var parameters = axes.Select(a => a.Extent).DefaultIfEmpty(Dim.One).ToList();
        Stride Walk(Dim stride)
        {
            if (stride.Is(0) || stride.Is(1))
            {
                return stride.Is(0) ? Stride.Zero : Stride.One;
            }

            parameters.Add(stride);
            return Stride.Of(parameters.Count - 1);
        }

        ImmutableArray<Stride> Strides(Func<(Dim Extent, Dim From, Dim To), Dim> side) => axes.Count == 0 ? [Stride.Zero] : [.. axes.Select(a => Walk(side(a)))];
        var load = new LoadNode(type.DType, 0, Strides(a => a.From));
        var store = new Store(1, Strides(a => a.To), 0);
        var count = Math.Max(1, axes.Count);
        var units = count == 1 ? parameters[0] : parameters.Take(count - 1).Aggregate(Dim.One, (a, b) => a * b);
        var (rows, copies) = (ProgramBuilder.RowsOf(parameters[count - 1]), new KernelClass(KernelFamily.Copies, false));
        var tuning = program.Tuning.For(rows);
        program.AddLaunch(
            new RowKernel([new KernelBuffer(type.DType, false), new KernelBuffer(type.DType, true)], parameters.Count, count, [load], [new Stage([], [store])])
            {
                Plan = RowPlan.Of(tuning),
            },
            count == 1 ? rows : copies,
            [program.Ref(from.Owner, from.Offset, type.DType), program.Ref(owner, offset, type.DType)],
            parameters, units, count == 1 ? tuning[TunableTable.Grain] : program.Tuning.For(copies)[TunableTable.CopyGrain], Dim.Zero, Dim.Zero, null, $"{node.Op.Name} {type.Shape}", node.Source);
    }
}
