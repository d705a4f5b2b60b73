using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a contraction into loops over (batch, block of rows, block of columns): pack the rows of A, then for each panel of B and each row tile
/// compute a tile of sums into scratch, and run the epilogue over it while it is in the first-level cache: at once, or beside the sums of the next
/// tile. Units that follow each other and share their rows pack them once.
/// </summary>
internal sealed class ContractionEmitter
{
    private readonly KernelBuilder _k;
    private readonly ContractionKernel _kernel;
    private readonly ContractionParameters _parameters;
    private readonly TileEpilogue _epilogue;
    private readonly MicroKernel _micro;
    private readonly LeftRows _left;
    private readonly DigitRows? _digits;
    private readonly LlvmType _sum;
    private readonly LlvmValue _tile;
    private readonly LlvmValue _panelSize;
    private readonly LlvmValue _scalesSize;
    private readonly LlvmValue _allRows;

    private ContractionEmitter(KernelBuilder k, ContractionKernel kernel)
    {
        (_k, _kernel, _parameters) = (k, kernel, new ContractionParameters(k, kernel));
        _epilogue = new TileEpilogue(k, kernel, _parameters.RowAxes);
        var depth = _parameters.Depth;
        _micro = new MicroKernel(k, kernel.Type, kernel.Group, kernel.RightType)
        {
            Scaled = kernel.Scaled is { } s ? (s.PerByte, _parameters.GroupLength) : null,
            Unroll = kernel.Plan.Unroll,
            LowPanels = kernel.Plan.LowPanels,
            PanelsAhead = kernel.Plan.PanelsAhead / kernel.RightType.Bytes(),
            FewRowsAhead = kernel.Plan.FewRowsAhead,
            OneRowAhead = kernel.Plan.OneRowAhead / kernel.RightType.Bytes(),
        };
        _sum = MicroKernel.SumType(k, kernel.Type);
        var packed = k.AlignUp(k.Scratch);
        _tile = k.AlignUp(k.B.Gep(_sum, packed, k.Mul(k.Add(k.Mul(k.CeilDiv(_parameters.RowsPerUnit, Tile.Rows), depth), k.I64(16)), k.I64(Tile.Rows))));
        _left = new LeftRows(k, kernel, _parameters, _micro, packed);
        _digits = DigitRows.CanHold(k, kernel) ? DigitRows.Of(k, kernel, _parameters, packed) : null;
        _panelSize = kernel.Scaled is { } scaled
            ? k.Mul(k.B.UDiv(depth, k.I64(scaled.PerByte)), k.I64(Tile.Columns))
            : k.Mul(kernel.Group == 1 ? depth : k.CeilDiv(depth, kernel.Group), k.I64(Tile.Columns * kernel.Group));
        _scalesSize = kernel.Scaled is null ? depth : k.Mul(k.B.UDiv(depth, _parameters.GroupLength), k.I64(Tile.Columns));
        _allRows = _parameters.RowAxes.Select(r => r.Extent).Aggregate(k.Mul);
    }

    // How rows are divided into units changes no bit: the last of many are not multiplied in another way than the rest.
    private LlvmValue AreFew => _kernel.Rows == RowCount.Few ? _k.Context.I1.Int(1) : _k.B.ICmp(LlvmIntPredicate.Sle, _allRows, _k.I64(Tile.FewRows));

    public static void Emit(KernelBuilder k, ContractionKernel kernel) => new ContractionEmitter(k, kernel).Emit();

    private void Emit()
    {
        LlvmValue blocks = _k.CeilDiv(_allRows, _parameters.RowsPerUnit), columnBlocks = _k.CeilDiv(_parameters.Columns, _parameters.ColumnsPerUnit);
        _k.Loop(_k.Begin, _k.End, 1, unit =>
        {
            var indices = _k.Unravel(unit, [.. _parameters.Batch, blocks, columnBlocks]);
            var firstRow = _k.Mul(indices[^2], _parameters.RowsPerUnit);
            LlvmValue offsetA = _k.I64(0), offsetB = _k.I64(0);
            for (var axis = 0; axis < _kernel.BatchAxes; axis++)
            {
                offsetA = _k.Add(offsetA, _k.Mul(indices[axis], _parameters.StrideOfA(axis)));
                offsetB = _k.Add(offsetB, _k.Mul(indices[axis], _parameters.StrideOfPacked(axis)));
            }

            var rows = _k.Min(_parameters.RowsPerUnit, _k.B.Sub(_allRows, firstRow));
            var isFew = _kernel.Rows == RowCount.Any ? _k.B.ICmp(LlvmIntPredicate.Sle, rows, _k.I64(Tile.FewRows)) : _k.Context.I1.Int(_kernel.Rows == RowCount.Few ? 1 : 0);
            EmitUnit(
                new Unit(
                    indices[..^2], firstRow, rows, isFew,
                    _k.B.GepUnchecked(_k.ElementOf(0), _k.Buffer(0), offsetA), _k.B.Gep(_k.ElementOf(1), _k.Buffer(1), offsetB)),
                indices[^1],
                _k.B.Or(_k.B.ICmp(LlvmIntPredicate.Eq, unit, _k.Begin), _k.B.ICmp(LlvmIntPredicate.Eq, indices[^1], _k.I64(0))));
        });
    }

    private void EmitUnit(Unit unit, LlvmValue columnBlock, LlvmValue isNew)
    {
        void Pack() => _left.Pack(unit.A, unit.FirstRow, unit.Rows);
        if (!_left.ReadsFewInPlace)
        {
            _k.If(isNew, Pack);
        }
        else if (_kernel.Rows != RowCount.Few)
        {
            _k.If(_k.B.And(isNew, _k.B.Not(unit.IsFew)), Pack);
        }

        if (_digits is { } digits)
        {
            _k.If(_k.B.And(isNew, AreFew), () => digits.Pack(row => _left.RowAt(unit.A, unit.FirstRow, row), unit.Rows));
        }

        var firstPanel = _k.Mul(columnBlock, _k.B.UDiv(_parameters.ColumnsPerUnit, _k.I64(Tile.Columns)));
        var lastPanel = _k.CeilDiv(_k.Min(_parameters.Columns, _k.Mul(_k.Add(columnBlock, _k.I64(1)), _parameters.ColumnsPerUnit)), Tile.Columns);
        void Few() => _k.Loop(firstPanel, lastPanel, 1, panel =>
            EmitEpilogue(unit, unit.FirstRow, unit.Rows, _k.Mul(panel, _k.I64(Tile.Columns)), EmitFew(unit, panel, firstPanel, lastPanel)));
        void Many() => EmitMany(unit, firstPanel, lastPanel);
        switch (_kernel.Rows)
        {
            case RowCount.Few:
                Few();
                break;
            case RowCount.Many:
                Many();
                break;
            default:
                _k.If(unit.IsFew, Few, Many);
                break;
        }
    }

    private void EmitMany(Unit unit, LlvmValue firstPanel, LlvmValue lastPanel)
    {
        // What is handed from tile to tile: one whose epilogue is still to come.
        var isBeside = _epilogue.Divides && _micro.HasTurns(Tile.Rows);
        var last = _k.Loop(firstPanel, lastPanel, 1, isBeside ? PendingTile.None(_k).Values : [], (number, left) =>
        {
            var (panel, firstColumn) = (PanelAt(unit, number), _k.Mul(number, _k.I64(Tile.Columns)));
            return _k.Loop(_k.I64(0), _k.CeilDiv(unit.Rows, Tile.Rows), 1, left, (t, before) =>
            {
                if (isBeside)
                {
                    return EmitTileBeside(unit, t, firstColumn, panel, PendingTile.Of(before)).Values;
                }

                EmitTile(unit, t, firstColumn, panel);
                return [];
            });
        });
        if (isBeside)
        {
            EmitPending(unit, PendingTile.Of(last), _k.I64(0));
        }
    }

    private Panel PanelAt(Unit unit, LlvmValue number) => new(
        _k.B.Gep(_k.ElementOf(1), unit.B, _k.Mul(number, _panelSize)),
        _kernel.Scaled is null ? null : _k.B.Gep(_k.Context.F32, _k.Buffer(2), _k.Mul(number, _scalesSize)));

    // Few rows, with several panels ahead as far as these go. Returns where the sums of this panel are.
    private LlvmValue EmitFew(Unit unit, LlvmValue panel, LlvmValue firstPanel, LlvmValue lastPanel)
    {
        var together = _micro.PanelsOf(unit.Rows);
        var ahead = _k.B.URem(_k.B.Sub(panel, firstPanel), together);
        var isWhole = _k.B.ICmp(LlvmIntPredicate.Sle, _k.Add(_k.B.Sub(panel, ahead), together), lastPanel);
        void Few(bool isOne) => _micro.EmitFew(
            unit.Rows, row => _left.FewRow(unit.A, unit.FirstRow, unit.Rows, row), p => PanelAt(unit, _k.Add(panel, _k.I64(p))), isOne, _parameters.Depth, _tile);
        var place = _k.B.Gep(_sum, _tile, _k.B.Select(isWhole, _k.Mul(ahead, _micro.FewPlace(unit.Rows)), _k.I64(0)));
        void AsTheyAre() => _k.If(
            isWhole,
            () => _k.If(_k.B.ICmp(LlvmIntPredicate.Eq, ahead, _k.I64(0)), () => Few(isOne: false)),
            () => Few(isOne: true));
        if (_digits is { } digits)
        {
            _k.If(_k.B.And(AreFew, digits.Hold), () => new DigitPiece(_k, digits, _kernel.Plan.FewRowsAhead).Emit(unit.Rows, PanelAt(unit, panel), place), AsTheyAre);
        }
        else
        {
            AsTheyAre();
        }

        return place;
    }

    private void EmitTile(Unit unit, LlvmValue number, LlvmValue firstColumn, Panel panel)
    {
        var (row, left, height) = TileAt(unit, number);
        _epilogue.Ask(unit.Batch, row, height, firstColumn);
        _micro.EmitLowest(left, _left.TileAt(number), panel, _parameters.Depth, _tile);
        EmitEpilogue(unit, row, height, firstColumn, _tile);
    }

    // The tile's first row, the rows from there on, and those that are its own.
    private (LlvmValue Row, LlvmValue Left, LlvmValue Height) TileAt(Unit unit, LlvmValue number)
    {
        var first = _k.Mul(number, _k.I64(Tile.Rows));
        var left = _k.B.Sub(unit.Rows, first);
        return (_k.Add(unit.FirstRow, first), left, _k.Min(left, _k.I64(Tile.Rows)));
    }

    private void EmitEpilogue(Unit unit, LlvmValue row, LlvmValue rows, LlvmValue firstColumn, LlvmValue sums)
    {
        var columns = _k.B.Sub(_parameters.Columns, firstColumn);
        _k.If(
            _k.B.ICmp(LlvmIntPredicate.Sge, columns, _k.I64(Tile.Columns)),
            () => _epilogue.Emit(unit.Batch, row, rows, firstColumn, null, sums),
            () => _epilogue.Emit(unit.Batch, row, rows, firstColumn, columns, sums));
    }

    // The same, but for the epilogue of a tile that is wide: it is left to the next tile, whose sums it takes turns with, row by row. Returns what is left.
    private PendingTile EmitTileBeside(Unit unit, LlvmValue number, LlvmValue firstColumn, Panel panel, PendingTile pending)
    {
        var (row, left, height) = TileAt(unit, number);

        // What there are no turns for comes first.
        var turns = _k.B.Select(_k.B.ICmp(LlvmIntPredicate.Sgt, left, _k.I64(Tile.FewRows)), _k.Min(pending.Rows, _micro.Turns(_parameters.Depth)), _k.I64(0));
        EmitPending(unit, pending, turns);
        _epilogue.Ask(unit.Batch, _k.Add(row, turns), _k.B.Sub(height, turns), firstColumn);

        // The other of two places.
        var place = _k.B.Sub(_k.I64(Tile.Rows * Tile.Columns), pending.Place);
        var tile = _k.B.Gep(_sum, _tile, place);
        _micro.EmitLowest(left, h => _micro.Emit(
            _left.TileAt(number), panel, _parameters.Depth, tile, h,
            _micro.HasTurns(h) ? _epilogue.Beside(unit.Batch, turns, (row, firstColumn), (pending.FirstRow, pending.FirstColumn), SumsOf(pending)) : null));
        var columns = _k.B.Sub(_parameters.Columns, firstColumn);
        var isWide = _k.B.ICmp(LlvmIntPredicate.Sge, columns, _k.I64(Tile.Columns));
        _k.If(_k.B.Not(isWide), () => _epilogue.Emit(unit.Batch, row, height, firstColumn, columns, tile));
        return new PendingTile(row, _k.B.Select(isWide, height, _k.I64(0)), firstColumn, place);
    }

    private LlvmValue SumsOf(PendingTile pending) => _k.B.Gep(_sum, _tile, pending.Place);

    private void EmitPending(Unit unit, PendingTile pending, LlvmValue from) => _epilogue.Emit(
        unit.Batch, _k.Add(pending.FirstRow, from), _k.B.Sub(pending.Rows, from), pending.FirstColumn, null, _k.B.Gep(_sum, SumsOf(pending), _k.Mul(from, _k.I64(Tile.Columns))));

    /// <summary>A tile whose epilogue is still to come.</summary>
    /// <param name="Rows">0: there is none.</param>
    /// <param name="Place">Of its sums, in elements from the first tile's.</param>
    private sealed record PendingTile(LlvmValue FirstRow, LlvmValue Rows, LlvmValue FirstColumn, LlvmValue Place)
    {
        public static PendingTile None(KernelBuilder k) => new(k.I64(0), k.I64(0), k.I64(0), k.I64(0));

        public static PendingTile Of(LlvmValue[] values) => new(values[0], values[1], values[2], values[3]);

        public LlvmValue[] Values => [FirstRow, Rows, FirstColumn, Place];
    }

    /// <param name="IsFew">Whether the rows are multiplied as few.</param>
    /// <param name="A">The batch's left operand.</param>
    /// <param name="B">The batch's packed panels.</param>
    private sealed record Unit(LlvmValue[] Batch, LlvmValue FirstRow, LlvmValue Rows, LlvmValue IsFew, LlvmValue A, LlvmValue B);
}
