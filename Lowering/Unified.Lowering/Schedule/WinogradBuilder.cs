using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns a convolution of 3 × 3 and the elementwise work after it into the transformation of its weights and one kernel over tiles of the image.</summary>
internal sealed class WinogradBuilder(ProgramBuilder program, Grouping grouping, Group group, ImmutableArray<View> views, int side)
{
    // The bound of the classes of size (KernelFamily).
    private const int FewTiles = 64;

    public void Add(Node node, ContractionOperand b)
    {
        // Zeros around the image may have no memory.
        var pad = program.Absorbed.GetValueOrDefault(node.Operands[0]);
        var source = pad?.Operands[0] ?? node.Operands[0];
        var (top, left) = pad?.Attributes.Dims("low") is { } low ? (low[1], low[2]) : (Dim.Zero, Dim.Zero);
        var (image, view, domain, weights) = (program.Graph.TypeOf(source).Shape, views[source], group.Domain, b.Kept[0].Extent);
        var (channels, span) = (image[3], side + WinogradTransform.Kernel - 1);
        var panels = Dim.CeilDiv(weights, Tile.Columns);
        var packed = program.AddTemporary(panels * Tile.Columns * channels * (span * span * sizeof(float)));
        program.AddLaunch(
            new WinogradPackKernel(side),
            null,
            [program.Ref(b.View.Owner, b.View.Offset, b.Type), new BufferRef(packed, Dim.Zero)],
            [channels, weights, b.Summed[0].Stride, b.Summed[1].Stride, b.Summed[2].Stride, b.Kept[0].Stride],
            panels * channels,
            WinogradKernel.Lanes,
            Dim.Zero,
            Dim.Zero,
            null,
            $"pack tiles of {side} [{channels},{weights}]",
            node.Source,
            mayBeKept: true);

        var space = new KernelSpace(program.Graph, grouping, group, views);
        var stores = program.Stored(group).Select(v => (Access: space.StoreOf(v), Node: space.Emit(v))).ToList();
        var accessA = new Access(view.Owner, DType.F32, view.Offset, [.. view.Strides[..^1], Dim.Zero], false);
        var settled = new SettledSpace(space, domain, stores.Select(s => s.Access).Append(accessA), kept: WinogradKernel.Axes, apart: WinogradKernel.Axes);
        var kernels = KernelClass.Of(KernelFamily.Winograd, Tiles(domain[0], domain[1], domain[2]), FewTiles);
        var tuning = program.Tuning.For(kernels);

        // Parameters, in the order of the kernel; units and their sizes are said in terms of them.
        ImmutableArray<Dim> extents = [.. settled.Extents.Select(settled.NamedParameter)];
        var (unitTiles, unitChannels) = (Tiles(extents[0], extents[1], extents[2]), settled.NamedParameter(channels));
        var tilesPerUnit = settled.NamedParameter(TilesPerUnit(unitTiles, unitChannels, span, tuning[TunableTable.UnitBytes]));
        var blocks = Dim.CeilDiv(unitTiles, tilesPerUnit);
        var columns = settled.NamedParameter(Dim.Max(
            tuning[TunableTable.TileColumns], Dim.RoundUp(Dim.CeilDiv(weights, Dim.CeilDiv(tuning[TunableTable.EnoughTiles], Dim.Max(blocks, 1))), Tile.Columns)));
        foreach (var parameter in (IEnumerable<Dim>)[image[1], image[2], top, left, .. view.Strides[..^1]])
        {
            settled.Parameter(parameter);
        }

        // The operands come first among the buffers; no owner has a negative number.
        settled.Buffer(accessA);
        settled.Buffer(new Access(-1, DType.F32, Dim.Zero, [], false));
        settled.Settle(_ => throw new InvalidOperationException("a convolution has no reductions after it"));
        ImmutableArray<Store> list = [.. stores.Select(s => settled.Store(s.Access, s.Node))];
        program.AddLaunch(
            new WinogradKernel(settled.Buffers, settled.Parameters.Count, side, settled.Nodes, list) { Plan = WinogradPlan.Of(tuning) },
            kernels,
            settled.BufferKeys.Select(k => k.Owner < 0 ? new BufferRef(packed, Dim.Zero) : program.Ref(k.Owner, k.Offset, k.Type)),
            settled.Parameters,
            blocks * Dim.CeilDiv(weights, columns),
            Dim.One,
            WinogradKernel.ScratchBytes(tilesPerUnit, unitChannels, side),
            domain.Size * channels * (2 * WinogradTransform.Kernel * WinogradTransform.Kernel),
            group,
            $"tiles of {side} {program.LabelOf(group)}",
            program.SourceOf(group));

        Dim Tiles(Dim images, Dim height, Dim width) => images * Dim.CeilDiv(height, side) * Dim.CeilDiv(width, side);
    }

    private static Dim TilesPerUnit(Dim tiles, Dim channels, int span, int mostBytes)
    {
        var perRow = (channels + Tile.Columns) * (span * span * Tile.Rows * sizeof(float));
        var most = Dim.Max(1, Dim.FloorDiv(mostBytes, Dim.Max(perRow, 1))) * Tile.Rows;
        return Dim.Max(Tile.Rows, Dim.RoundUp(Dim.CeilDiv(tiles, Dim.Max(1, Dim.CeilDiv(tiles, most))), Tile.Rows));
    }
}
