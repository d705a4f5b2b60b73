using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns a contraction and the elementwise work after it into the packing of its right operand and one kernel.</summary>
internal sealed class ContractionBuilder(ProgramBuilder program, Grouping grouping, Group group, ImmutableArray<View> views)
{
    // Owners of what no value of the graph is.
    private const int Packed = -1, Scales = -2;

    // Blocks of rows fewer than this are shared evenly; of more it costs little that one thread has one more.
    private const int FewBlocks = 8;

    private readonly Graph _graph = program.Graph;

    public void Add()
    {
        var node = group.Nodes.Select(n => _graph.Nodes[n]).First(n => n.Op.Has(OpTraits.Contraction));
        var domain = group.Domain;
        var (a, b) = ContractionOperand.Of(_graph, node, views);
        if (ChooseWinograd.Side(_graph, node, views, program.Convolutions, program.DirectCost) is { } side)
        {
            new WinogradBuilder(program, grouping, group, views, side).Add(node, b);
            return;
        }

        var wall = a.Batch.Length;
        var rowsOfA = ContractionOperand.Merged(a.Kept);
        var depthOfA = ContractionOperand.Merged(a.Summed);
        var windows = a.Kept.Length > 1 || a.Summed.Length > 1 ? new WindowAxes(rowsOfA.Length, depthOfA.Length) : null;
        var isMatrix = windows is null or { Rows: 1, Depth: 1 };
        var depth = Product(a.Summed.Select(s => s.Extent));

        var space = new KernelSpace(_graph, grouping, group, views);
        var stores = program.Stored(group).Select(v => (Access: space.StoreOf(v), Node: space.Emit(v))).ToList();

        // Where A is windows, its rows are found by their number: they do not hinder the epilogue from walking all rows as one axis.
        var rowStrides = windows is null ? [a.Kept[0].Stride] : View.DenseStrides(new Shape(domain.Dims[wall..^1]));
        var accessA = new Access(a.View.Owner, a.Type, a.View.Offset, [.. a.Batch, .. rowStrides, Dim.Zero], false);
        var accessB = new Access(b.View.Owner, b.Type, b.View.Offset, [.. b.Batch, .. rowStrides.Select(_ => Dim.Zero), b.Kept[0].Stride], false);
        var settled = new SettledSpace(
            space, domain, stores.Select(s => s.Access).Append(accessA).Append(accessB), kept: 2, apart: 1, wall: windows is null ? 0 : wall);
        var rowAxes = windows is null ? 1 : settled.Extents.Length - 1 - settled.BeforeWall;
        var (batch, rows, n) = (settled.Extents[..^(rowAxes + 1)], settled.Extents[^(rowAxes + 1)..^1], settled.Extents[^1]);
        var (stridesA, stridesB) = (settled.StridesOf(accessA.Strides)[..batch.Length], settled.StridesOf(accessB.Strides)[..batch.Length]);

        var depthOfB = ContractionOperand.Merged(b.Summed);

        // Rounded to bf16 as it is packed.
        var isRounded = a.Type == DType.BF16 && b.Type == DType.F32;
        var typeOfB = isRounded ? a.Type : b.Type;
        var scaled = b.Scale is null ? null : new ScaledGroups(b.Scale.PerByte);
        var dotGroup = scaled?.Bytes ?? (isMatrix && depthOfB.Length == 1 ? Tile.GroupOf(a.Type, typeOfB) : 1);
        var (packed, packedStrides) = PackOperand.Add(
            program, program.Ref(b.View.Owner, b.View.Offset, b.Type), typeOfB, batch, stridesB, depthOfB, new OperandAxis(n, b.Kept[0].Stride), node.Source, dotGroup,
            isRounded ? b.Type : null);
        var scales = b.Scale is { } scale ? PackOperand.Add(
            program, program.Ref(scale.View.Owner, scale.View.Offset, DType.F32), DType.F32, [], [], [scale.Groups], scale.Kept, node.Source).Buffer : -1;
        var m = Product(rows);
        var kernels = KernelClass.Of(scaled is not null ? KernelFamily.Scaled : dotGroup > 1 && a.Type != DType.F32 ? KernelFamily.Dots : KernelFamily.Product, m, Tile.Rows);
        var tuning = program.Tuning.For(kernels);

        // Parameters, in the order of the kernel; units and their sizes are said in terms of them.
        var (unitBatch, unitRows) = (Named(batch), Named(rows));
        var (unitN, unitDepth) = (settled.NamedParameter(n), settled.NamedParameter(depth));
        var mostRows = Dim.Max(
            Tile.Rows,
            Dim.Min(tuning[TunableTable.RowsPerUnit], Dim.FloorDiv(tuning[TunableTable.PackedElements], Dim.Max(unitDepth * Tile.Rows, 1)) * Tile.Rows));
        var rowsPerUnit = settled.NamedParameter(RowsPerUnit(unitRows, mostRows, tuning[TunableTable.FewRows], Tile.RowStep(scaled)));
        var rowBlocks = unitBatch * Dim.CeilDiv(unitRows, rowsPerUnit);

        // A few rows are not packed, so that nothing is lost by small units, which threads share evenly.
        var columns = settled.NamedParameter(m.IsConstant && m.Value <= Tile.FewRows && windows is null
            ? tuning[TunableTable.FewRowsColumns]
            : Dim.Max(
                tuning[TunableTable.FewestColumns],
                Dim.RoundUp(Dim.CeilDiv(unitN, Dim.CeilDiv(tuning[TunableTable.EnoughUnits], Dim.Max(rowBlocks, 1))), Tile.Columns)));

        IEnumerable<Dim> placeOfA = isMatrix
            ? [windows is null ? settled.StridesOf(accessA.Strides)[^2] : rowsOfA[0].Stride, windows is null ? a.Summed[0].Stride : depthOfA[0].Stride]
            : [.. rowsOfA.Select(r => r.Extent), .. rowsOfA.Select(r => r.Stride), .. depthOfA.Select(r => r.Extent), .. depthOfA.Select(r => r.Stride)];
        foreach (var parameter in (IEnumerable<Dim>)[.. stridesA, .. placeOfA, .. packedStrides])
        {
            settled.Parameter(parameter);
        }

        // The operands come first among the buffers; no owner has a negative number.
        settled.Buffer(accessA);
        settled.Buffer(new Access(Packed, typeOfB, Dim.Zero, [], false));
        if (b.Scale is not null)
        {
            settled.Parameter(Dim.FloorDiv(depth, b.Scale.Groups.Extent));
            settled.Buffer(new Access(Scales, DType.F32, Dim.Zero, [], false));
        }

        settled.Settle(_ => throw new InvalidOperationException("a contraction has no reductions after it"));
        ImmutableArray<Store> list = [.. stores.Select(s => settled.Store(s.Access, s.Node))];
        var (strideM, strideK) = windows is null ? (settled.StridesOf(accessA.Strides)[^2], a.Summed[0].Stride) : (rowsOfA[^1].Stride, depthOfA[^1].Stride);
        var orderA = strideK.Is(1) ? MatrixOrder.KInner : strideM.Is(1) ? MatrixOrder.KOuter : MatrixOrder.Strided;
        var kernel = new ContractionKernel(settled.Buffers, settled.Parameters.Count, a.Type, batch.Length, orderA, settled.Nodes, list)
        {
            RowAxes = rowAxes,
            Group = dotGroup,
            Windows = isMatrix ? null : windows,
            Scaled = scaled,
            Plan = ProductPlan.Of(tuning),
            Rows = !m.IsConstant ? RowCount.Any : m.Value <= Tile.FewRows ? RowCount.Few : RowCount.Many,
            HasWholeGroups = dotGroup > 1 && scaled is null && depth.IsConstant && depth.Value % dotGroup == 0,
        };
        program.AddLaunch(
            kernel,
            kernels,
            settled.BufferKeys.Select(k => k.Owner switch
            {
                Packed => new BufferRef(packed, Dim.Zero),
                Scales => new BufferRef(scales, Dim.Zero),
                _ => program.Ref(k.Owner, k.Offset, k.Type),
            }),
            settled.Parameters,
            rowBlocks * Dim.CeilDiv(unitN, columns),
            Dim.One,
            Tile.ScratchBytes(rowsPerUnit, unitDepth, a.Type),
            Product(batch) * m * n * depth * 2,
            group,
            $"{(batch.IsEmpty ? "" : new Shape(batch))}[{m},{depth}]x[{depth},{n}] {program.LabelOf(group)}",
            program.SourceOf(group),
            narrowed: isRounded ? _graph.TypeOf(b.View.Owner).Shape.Size * (b.Type.Bytes() - typeOfB.Bytes()) : null);

        Dim Named(ImmutableArray<Dim> extents) => extents.Aggregate(Dim.One, (product, e) => product * settled.NamedParameter(e));
    }

    /// <summary>
    /// Rows are divided into blocks as equal as can be, and as few as <paramref name="most"/> allows. A few blocks are even in number, and of one size even
    /// where tiles are not all high then: two threads have the same number of rows, and each those that it has written.
    /// </summary>
    /// <param name="few">The fewest rows, beyond whole blocks, that are worth one of their own.</param>
    /// <param name="step">What rows of a block can be a multiple of.</param>
    private static Dim RowsPerUnit(Dim m, Dim most, int few, int step)
    {
        var blocks = Dim.Max(1, Dim.FloorDiv(m + most - few, most));

        // One of one, else the even number that is no less.
        var even = Dim.Max(1, Dim.Min((blocks * 2) - 1, Dim.FloorDiv(m + (most * 2) - few, most * 2) * 2));
        return Dim.Max(Of(even, step), Dim.Min(Dim.FloorDiv(m, most * FewBlocks), 1) * most);

        Dim Of(Dim blocks, int step) => Dim.Max(Tile.Rows, Dim.RoundUp(Dim.CeilDiv(m, blocks), step));
    }

    private static Dim Product(IEnumerable<Dim> extents) => extents.Aggregate(Dim.One, (x, y) => x * y);
}
