using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns a matrix product and the elementwise work after it into the packing of its right operand and one contraction.</summary>
internal sealed class ContractionBuilder(ProgramBuilder program, Grouping grouping, Group group, ImmutableArray<View> views)
{
    // Rows that one unit packs and multiplies: few enough for two threads to share a small product evenly.
    private const int RowsPerUnit = 4 * Tile.Rows;

    // With few blocks of rows the columns are divided too, into pieces that are worth packing the rows for.
    private const int EnoughUnits = 16, FewestColumns = 8 * Tile.Columns;

    private readonly Graph _graph = program.Graph;

    public void Add()
    {
        var node = group.Nodes.Select(n => _graph.Nodes[n]).First(n => n.Op.Has(OpTraits.Contraction));
        var domain = group.Domain;
        var dtype = _graph.TypeOf(node.Operands[0]).DType;
        if (dtype is not (DType.F32 or DType.F64))
        {
            throw new GraphCompileException($"a product of {dtype.Text()} cannot be compiled yet; cast to f32", node.Source) { EagerIsPossible = true };
        }

        var (a, strideK) = Operand(node, 0, node.Attributes.Bool("transposeA"), keptAxis: domain.Rank - 2);
        var (b, strideBk) = Operand(node, 1, !node.Attributes.Bool("transposeB"), keptAxis: domain.Rank - 1);
        var depth = DepthOf(node);

        var space = new KernelSpace(_graph, grouping, group, views);
        var stores = program.Stored(group).Select(v => (Access: space.StoreOf(v), Node: space.Emit(v))).ToList();
        var settled = new SettledSpace(space, domain, stores.Select(s => s.Access).Append(a).Append(b), kept: 2, apart: 1);
        var batch = settled.Extents[..^2];
        var (m, n) = (settled.Extents[^2], settled.Extents[^1]);
        var (stridesA, stridesB) = (settled.StridesOf(a.Strides), settled.StridesOf(b.Strides));

        var (packed, packedStrides) = PackOperand.Add(program, program.Ref(b.Owner, b.Offset, dtype), dtype, batch, stridesB, strideBk, depth, n, node.Source);
        var rowBlocks = batch.Aggregate(Dim.CeilDiv(m, RowsPerUnit), (x, y) => x * y);
        var columns = Dim.Max(FewestColumns, Dim.RoundUp(Dim.CeilDiv(n, Dim.CeilDiv(EnoughUnits, Dim.Max(rowBlocks, 1))), Tile.Columns));
        foreach (var parameter in (IEnumerable<Dim>)[.. batch, m, n, depth, RowsPerUnit, columns, .. stridesA[..^2], stridesA[^2], strideK, .. packedStrides])
        {
            settled.Parameter(parameter);
        }

        // The operands come first among the buffers; no owner has a negative number.
        settled.Buffer(a);
        settled.Buffer(new Access(-1, dtype, Dim.Zero, [], false));
        settled.Settle(_ => throw new InvalidOperationException("a contraction has no reductions after it"));
        ImmutableArray<Store> list = [.. stores.Select(s => settled.Store(s.Access, s.Node))];
        var orderA = strideK.Is(1) ? MatrixOrder.KInner : stridesA[^2].Is(1) ? MatrixOrder.KOuter : MatrixOrder.Strided;
        var kernel = new ContractionKernel(settled.Buffers, settled.Parameters.Count, dtype, batch.Length, orderA, settled.Nodes, list);
        var rows = batch.Aggregate(m, (x, y) => x * y);
        program.AddLaunch(
            kernel,
            settled.BufferKeys.Select(k => k.Owner < 0 ? new BufferRef(packed, Dim.Zero) : program.Ref(k.Owner, k.Offset, k.Type)),
            settled.Parameters,
            rowBlocks * Dim.CeilDiv(n, columns),
            Dim.One,
            Tile.ScratchBytes(RowsPerUnit, depth, dtype),
            rows * n * depth * 2,
            group,
            $"{(batch.IsEmpty ? "" : new Shape(batch))}[{m},{depth}]x[{depth},{n}] {program.LabelOf(group)}",
            program.SourceOf(group));
    }

    // A matrix operand as an access over (batch…, m, n), and its stride along the summed axis, which lies last unless `summedFirst`.
    private (Access Access, Dim SummedStride) Operand(Node node, int operand, bool summedFirst, int keptAxis)
    {
        var value = node.Operands[operand];
        var shape = _graph.TypeOf(value).Shape;
        var view = views[value];
        var domain = group.Domain;
        var strides = Enumerable.Repeat(Dim.Zero, domain.Rank).ToArray();
        for (var axis = 0; axis < shape.Rank - 2; axis++)
        {
            strides[axis + domain.Rank - shape.Rank] = shape[axis].Is(1) ? Dim.Zero : view.Strides[axis];
        }

        strides[keptAxis] = view.Strides[summedFirst ? shape.Rank - 1 : shape.Rank - 2];
        return (new Access(view.Owner, _graph.TypeOf(value).DType, view.Offset, [.. strides], false), view.Strides[summedFirst ? shape.Rank - 2 : shape.Rank - 1]);
    }

    private Dim DepthOf(Node node)
    {
        var shape = _graph.TypeOf(node.Operands[0]).Shape;
        return node.Attributes.Bool("transposeA") ? shape[shape.Rank - 2] : shape[shape.Rank - 1];
    }
}
