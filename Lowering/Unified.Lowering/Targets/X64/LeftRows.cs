using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>The rows of A that a unit multiplies: packed into scratch by tiles, or, where they are few, read where they lie.</summary>
internal sealed class LeftRows
{
    private readonly KernelBuilder _k;
    private readonly ContractionKernel _kernel;
    private readonly ContractionParameters _parameters;
    private readonly MicroKernel _micro;
    private readonly LlvmType _sum;
    private readonly LlvmType _element;
    private readonly LlvmValue _packed;
    private readonly LlvmValue _tileSize;

    /// <param name="packed">Where tiles are packed to.</param>
    public LeftRows(KernelBuilder k, ContractionKernel kernel, ContractionParameters parameters, MicroKernel micro, LlvmValue packed)
    {
        (_k, _kernel, _parameters, _micro, _packed) = (k, kernel, parameters, micro, packed);
        (_sum, _element) = (MicroKernel.SumType(k, kernel.Type), k.ElementOf(0));
        _tileSize = k.Mul(micro.MultipliesGroups ? k.CeilDiv(parameters.Depth, kernel.Group) : parameters.Depth, k.I64(Tile.Rows));
    }

    /// <summary>A row lies as it is multiplied: number by number, or group by group. Few rows are not packed then.</summary>
    public bool ReadsFewInPlace => _kernel.Windows is null && _kernel.OrderA == MatrixOrder.KInner
        && (_micro.MultipliesGroups ? _kernel.HasWholeGroups : _kernel.Type is DType.F32 or DType.F64 or DType.I32);

    /// <summary>Rows of a packed tile.</summary>
    private int PackedRows => _kernel.Rows == RowCount.Few ? Tile.FewRows : Tile.Rows;

    /// <summary>A packed tile of rows.</summary>
    public LlvmValue TileAt(LlvmValue number) => _k.B.Gep(_sum, _packed, _k.Mul(number, _tileSize));

    /// <summary>One of a few rows, the last one's place for those beyond: where it begins, and what lies between its k, in elements.</summary>
    /// <param name="a">The batch's A.</param>
    /// <param name="firstRow">The unit's first row.</param>
    /// <param name="rows">How many rows the unit has.</param>
    public (LlvmValue Start, int Depth) FewRow(LlvmValue a, LlvmValue firstRow, LlvmValue rows, int row)
    {
        var number = row == 0 ? _k.I64(0) : _k.Min(_k.I64(row), _k.B.Sub(rows, _k.I64(1)));
        return ReadsFewInPlace
            ? (RowAt(a, firstRow, number), 1)
            : (_k.B.Gep(_sum, _packed, number), PackedRows);
    }

    /// <summary>Where a row of the unit, by its number there, begins in memory.</summary>
    public LlvmValue RowAt(LlvmValue a, LlvmValue firstRow, LlvmValue number) =>
        _k.B.GepUnchecked(_element, a, _k.Mul(_k.Add(firstRow, number), _parameters.RowStride));

    /// <summary>Packs the rows of a unit.</summary>
    public void Pack(LlvmValue a, LlvmValue firstRow, LlvmValue rows)
    {
        var writer = new PanelWriter(_k, _kernel.Type, Convert: true, _kernel.OrderA, PackedRows) { MayOverrun = _kernel.Windows is not null, RowsAhead = _kernel.Plan.RowsAhead };
        (LlvmValue Extent, LlvmValue Stride)[] windowRows = _parameters.WindowRows, depth = _parameters.DepthAxes;
        _k.Loop(_k.I64(0), _k.CeilDiv(rows, Tile.Rows), 1, t =>
        {
            LlvmValue first = _k.Mul(t, _k.I64(Tile.Rows)), count = _k.B.Sub(rows, first), row = _k.Add(firstRow, first);
            if (_kernel.Windows is not null)
            {
                writer.Emit(a, PanelLines.Of(_k, row, count, PackedRows, windowRows), count, PackedRows, depth, TileAt(t));
                return;
            }

            var stride = _parameters.RowStride;
            var (source, lines) = (_k.B.GepUnchecked(_element, a, _k.Mul(row, stride)), PanelLines.Apart(_k, stride));
            if (_micro.MultipliesGroups)
            {
                new GroupWriter(_k, _kernel.OrderA, PackedRows, _kernel.Group).Emit(source, lines, count, PackedRows, depth[0], TileAt(t));
            }
            else
            {
                writer.Emit(source, lines, count, PackedRows, depth, TileAt(t));
            }
        });
    }
}
