using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>What follows a contraction, for the rows of a tile whose sums are in scratch.</summary>
internal sealed class TileEpilogue(KernelBuilder k, ContractionKernel kernel, (LlvmValue Extent, LlvmValue Stride)[] rowAxes)
{
    private readonly NodeEmitter _nodes = new(k, kernel.Epilogue, kernel.Axes, reducedIsVector: true);
    private readonly LlvmType _sum = MicroKernel.SumType(k, kernel.Type);

    /// <summary>Whether the divider is busy for so long that taking turns with the sums of another tile pays.</summary>
    public bool Divides => _nodes.Reach(kernel.Stores.Select(s => s.Node)).Where(n => !_nodes.IsRowConstant(n)).Select(n => kernel.Epilogue[n]).OfType<ComputeNode>()
        .Sum(n => Elementwise.DividerCost(n.Op, kernel.Epilogue[n.Operands[^1]].Type)) >= kernel.Plan.BesideCost;

    /// <summary>Asks for what rows will need, so that it is on its way while their sums are computed.</summary>
    public void Ask(LlvmValue[] batch, LlvmValue row, LlvmValue rows, LlvmValue firstColumn)
    {
        if (kernel.Plan.EpilogueAhead)
        {
            k.Loop(k.I64(0), rows, 1, IndexOf(row), (_, at) => Ask(batch, at, firstColumn));
        }
    }

    /// <param name="columns">How many columns there are, where they may be fewer than a tile's.</param>
    /// <param name="tile">The sums of the first row.</param>
    public void Emit(LlvmValue[] batch, LlvmValue row, LlvmValue rows, LlvmValue firstColumn, LlvmValue? columns, LlvmValue tile)
    {
        var first = IndexOf(row);
        _nodes.EnterRow([.. batch, .. first]);
        var points = EpiloguePoints.Of(k, _nodes, kernel.Stores, firstColumn, columns);
        k.Loop(k.I64(0), rows, 1, first, (number, index) =>
        {
            _nodes.EnterRow([.. batch, .. index]);
            points.Emit(SumsOf(tile, number), _sum, kernel.Stores, kernel.Buffers);
            return PanelLines.Next(k, index, rowAxes);
        });
    }

    /// <summary>A row in each turn: asks for what a row of a tile will need, and finishes one of another tile, whose columns all exist.</summary>
    /// <param name="sums">Of the tile to finish.</param>
    public BesideProduct Beside(LlvmValue[] batch, LlvmValue turns, (LlvmValue Row, LlvmValue Column) ask, (LlvmValue Row, LlvmValue Column) finish, LlvmValue sums) => new(
        turns, [.. IndexOf(ask.Row), .. IndexOf(finish.Row)], (turn, index) =>
        {
            var (asked, finished) = (index[..rowAxes.Length], index[rowAxes.Length..]);
            if (kernel.Plan.EpilogueAhead)
            {
                asked = Ask(batch, asked, ask.Column);
            }

            // The registers hold sums: nothing that all rows share is kept in others.
            _nodes.EnterRow([.. batch, .. finished]);
            var pieces = EpiloguePoints.Of(k, _nodes, kernel.Stores, finish.Column, null, keeps: false).Pieces(SumsOf(sums, turn), _sum, kernel.Stores, kernel.Buffers);
            return (pieces, [.. asked, .. PanelLines.Next(k, finished, rowAxes)]);
        });

    // Returns the next row.
    private LlvmValue[] Ask(LlvmValue[] batch, LlvmValue[] index, LlvmValue firstColumn)
    {
        _nodes.EnterRow([.. batch, .. index]);
        _nodes.PrefetchRow(firstColumn, Tile.Columns, kernel.Stores);
        return PanelLines.Next(k, index, rowAxes);
    }

    private LlvmValue[] IndexOf(LlvmValue row) => k.Unravel(row, [.. rowAxes.Select(r => r.Extent)]);

    private LlvmValue SumsOf(LlvmValue tile, LlvmValue row) => k.B.Gep(_sum, tile, k.Mul(row, k.I64(Tile.Columns)));
}
