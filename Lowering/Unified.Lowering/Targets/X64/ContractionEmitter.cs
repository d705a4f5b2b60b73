using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a contraction into loops over (batch, block of rows, block of columns): pack the rows of A, then for each panel of B and each row tile
/// compute a tile of sums into scratch, and run the epilogue over it while it is in the first-level cache. Units that follow each other and
/// share their rows pack them once.
/// </summary>
internal sealed class ContractionEmitter
{
    private readonly KernelBuilder _k;
    private readonly ContractionKernel _kernel;
    private readonly NodeEmitter _nodes;
    private readonly MicroKernel _micro;
    private readonly LlvmType _sum;

    private ContractionEmitter(KernelBuilder k, ContractionKernel kernel)
    {
        (_k, _kernel) = (k, kernel);
        _nodes = new NodeEmitter(k, kernel.Epilogue, kernel.Axes, reducedIsVector: true);
        _micro = new MicroKernel(k, kernel.Type, kernel.Group, kernel.RightType)
        {
            Scaled = kernel.Scaled is { } s ? (s.PerByte, GroupLength) : null,
            Unroll = kernel.Plan.Unroll,
            LowPanels = kernel.Plan.LowPanels,
            PanelsAhead = kernel.Plan.PanelsAhead / kernel.RightType.Bytes(),
            WordsAhead = kernel.Plan.WordsAhead,
        };
        _sum = MicroKernel.SumType(k, kernel.Type);
    }

    private int BatchAxes => _kernel.BatchAxes;

    /// <summary>Rows of a packed tile of A.</summary>
    private int PackedRows => _kernel.Rows == RowCount.Few ? Tile.FewRows : Tile.Rows;

    /// <summary>A row of A lies as it is multiplied: number by number, or group by group.</summary>
    private bool ReadsFewInPlace => _kernel.Windows is null && _kernel.OrderA == MatrixOrder.KInner
        && (_micro.MultipliesGroups ? _kernel.HasWholeGroups : _kernel.Type is DType.F32 or DType.F64 or DType.I32);

    private LlvmValue Columns => _k.Parameter(BatchAxes + _kernel.RowAxes);

    private LlvmValue Depth => _k.Parameter(BatchAxes + _kernel.RowAxes + 1);

    private LlvmValue RowsPerUnit => _k.Parameter(BatchAxes + _kernel.RowAxes + 2);

    private LlvmValue ColumnsPerUnit => _k.Parameter(BatchAxes + _kernel.RowAxes + 3);

    private int FirstStride => BatchAxes + _kernel.RowAxes + 4;

    public static void Emit(KernelBuilder k, ContractionKernel kernel) => new ContractionEmitter(k, kernel).Emit();

    private LlvmValue StrideOfA(int axis) => _k.Parameter(FirstStride + axis);

    private LlvmValue StrideOfPacked(int axis) => _k.Parameter(FirstStrideOfPacked + axis);

    private int FirstStrideOfPacked => FirstStride + BatchAxes + (_kernel.Windows is { } w ? 2 * (w.Rows + w.Depth) : 2);

    private LlvmValue GroupLength => _k.Parameter(FirstStrideOfPacked + BatchAxes);

    // Extents and strides of A's axes of m, or of k; of a matrix there is one each, without an extent of its own.
    private (LlvmValue Extent, LlvmValue Stride)[] AxesOfA(int first, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (StrideOfA(BatchAxes + first + i), StrideOfA(BatchAxes + first + count + i)))];

    private void Emit()
    {
        (LlvmValue Extent, LlvmValue Stride)[] rowAxes = [.. Enumerable.Range(0, _kernel.RowAxes).Select(i => (_k.Parameter(BatchAxes + i), _k.I64(0)))];
        var allRows = rowAxes.Select(a => a.Extent).Aggregate(_k.Mul);
        LlvmValue blocks = _k.CeilDiv(allRows, RowsPerUnit), columnBlocks = _k.CeilDiv(Columns, ColumnsPerUnit);
        var packedA = _k.AlignUp(_k.Scratch);
        var room = _k.Add(_k.Mul(RowsPerUnit, Depth), _k.I64(16 * Tile.Rows));
        var tile = _k.AlignUp(_k.B.Gep(_sum, packedA, room));
        var writer = new PanelWriter(_k, _kernel.Type, Convert: true, _kernel.OrderA, PackedRows) { MayOverrun = _kernel.Windows is not null, RowsAhead = _kernel.Plan.RowsAhead };
        LlvmType elementA = _k.ElementOf(0), elementB = _k.ElementOf(1);
        var windows = _kernel.Windows;
        var rowsOfA = windows is { } w ? AxesOfA(0, w.Rows) : [];
        (LlvmValue Extent, LlvmValue Stride)[] depthOfA = windows is { } d ? AxesOfA(2 * d.Rows, d.Depth) : [(Depth, StrideOfA(BatchAxes + 1))];
        var groups = _kernel.Group == 1 ? Depth : _k.CeilDiv(Depth, _kernel.Group);
        var tileSize = _k.Mul(_micro.MultipliesGroups ? groups : Depth, _k.I64(Tile.Rows));
        var panelSize = _kernel.Scaled is { } s ? _k.Mul(_k.B.UDiv(Depth, _k.I64(s.PerByte)), _k.I64(Tile.Columns)) : _k.Mul(groups, _k.I64(Tile.Columns * _kernel.Group));
        var scalesSize = _kernel.Scaled is null ? Depth : _k.Mul(_k.B.UDiv(Depth, GroupLength), _k.I64(Tile.Columns));
        _k.Loop(_k.Begin, _k.End, 1, unit =>
        {
            var indices = _k.Unravel(unit, [.. Enumerable.Range(0, BatchAxes).Select(_k.Parameter), blocks, columnBlocks]);
            var firstRow = _k.Mul(indices[^2], RowsPerUnit);
            var rows = _k.Min(RowsPerUnit, _k.B.Sub(allRows, firstRow));
            LlvmValue offsetA = _k.I64(0), offsetB = _k.I64(0);
            for (var axis = 0; axis < BatchAxes; axis++)
            {
                offsetA = _k.Add(offsetA, _k.Mul(indices[axis], StrideOfA(axis)));
                offsetB = _k.Add(offsetB, _k.Mul(indices[axis], StrideOfPacked(axis)));
            }

            var a = _k.B.GepUnchecked(elementA, _k.Buffer(0), offsetA);
            var b = _k.B.Gep(elementB, _k.Buffer(1), offsetB);
            var tiles = _k.CeilDiv(rows, Tile.Rows);
            var isFew = _kernel.Rows == RowCount.Any ? _k.B.ICmp(LlvmIntPredicate.Sle, rows, _k.I64(Tile.FewRows)) : _k.Context.I1.Int(_kernel.Rows == RowCount.Few ? 1 : 0);
            var isNew = _k.B.Or(_k.B.ICmp(LlvmIntPredicate.Eq, unit, _k.Begin), _k.B.ICmp(LlvmIntPredicate.Eq, indices[^1], _k.I64(0)));
            void Pack() => _k.Loop(_k.I64(0), tiles, 1, t =>
            {
                LlvmValue first = _k.Mul(t, _k.I64(Tile.Rows)), count = _k.B.Sub(rows, first), row = _k.Add(firstRow, first);
                var target = _k.B.Gep(_sum, packedA, _k.Mul(t, tileSize));
                if (windows is not null)
                {
                    writer.Emit(a, PanelLines.Of(_k, row, count, PackedRows, rowsOfA), count, PackedRows, depthOfA, target);
                    return;
                }

                var stride = StrideOfA(BatchAxes);
                var (source, lines) = (_k.B.GepUnchecked(elementA, a, _k.Mul(row, stride)), PanelLines.Apart(_k, stride));
                if (_micro.MultipliesGroups)
                {
                    new GroupWriter(_k, _kernel.OrderA, PackedRows, _kernel.Group).Emit(source, lines, count, PackedRows, depthOfA[0], target);
                }
                else
                {
                    writer.Emit(source, lines, count, PackedRows, depthOfA, target);
                }
            });
            if (!ReadsFewInPlace)
            {
                _k.If(isNew, Pack);
            }
            else if (_kernel.Rows != RowCount.Few)
            {
                _k.If(_k.B.And(isNew, _k.B.Not(isFew)), Pack);
            }

            (LlvmValue Start, int Depth) FewRow(int r)
            {
                var number = r == 0 ? _k.I64(0) : _k.Min(_k.I64(r), _k.B.Sub(rows, _k.I64(1)));
                return ReadsFewInPlace ? (_k.B.GepUnchecked(elementA, a, _k.Mul(_k.Add(firstRow, number), StrideOfA(BatchAxes))), 1) : (_k.B.Gep(_sum, packedA, number), PackedRows);
            }

            var firstPanel = _k.Mul(indices[^1], _k.B.UDiv(ColumnsPerUnit, _k.I64(Tile.Columns)));
            var lastPanel = _k.CeilDiv(_k.Min(Columns, _k.Mul(_k.Add(indices[^1], _k.I64(1)), ColumnsPerUnit)), Tile.Columns);
            _k.Loop(firstPanel, lastPanel, 1, panel =>
            {
                var firstColumn = _k.Mul(panel, _k.I64(Tile.Columns));
                Panel PanelAt(LlvmValue number) => new(
                    _k.B.Gep(elementB, b, _k.Mul(number, panelSize)), _kernel.Scaled is null ? null : _k.B.Gep(_k.Context.F32, _k.Buffer(2), _k.Mul(number, scalesSize)));
                var here = PanelAt(panel);
                var sums = tile;
                if (_kernel.Rows != RowCount.Many)
                {
                    // With several panels ahead, as far as these go.
                    var together = _micro.PanelsOf(rows);
                    var ahead = _k.B.URem(_k.B.Sub(panel, firstPanel), together);
                    var isWhole = _k.B.ICmp(LlvmIntPredicate.Sle, _k.Add(_k.B.Sub(panel, ahead), together), lastPanel);
                    void Few(bool isOne) => _micro.EmitFew(rows, FewRow, p => PanelAt(_k.Add(panel, _k.I64(p))), isOne, Depth, tile);
                    void Sums() => _k.If(
                        isWhole,
                        () => _k.If(_k.B.ICmp(LlvmIntPredicate.Eq, ahead, _k.I64(0)), () => Few(isOne: false)),
                        () => Few(isOne: true));
                    if (_kernel.Rows == RowCount.Few)
                    {
                        Sums();
                    }
                    else
                    {
                        _k.If(isFew, Sums);
                    }

                    sums = _k.B.Gep(_sum, tile, _k.B.Select(_k.B.And(isFew, isWhole), _k.Mul(ahead, _micro.FewPlace(rows)), _k.I64(0)));
                }

                _k.Loop(_k.I64(0), tiles, 1, t =>
                {
                    var first = _k.Mul(t, _k.I64(Tile.Rows));
                    var index = _k.Unravel(_k.Add(firstRow, first), [.. rowAxes.Select(r => r.Extent)]);
                    var height = _k.Min(_k.B.Sub(rows, first), _k.I64(Tile.Rows));
                    void Many()
                    {
                        // What the epilogue needs is on its way while the sums are computed.
                        if (_kernel.Plan.EpilogueAhead)
                        {
                            _k.Loop(_k.I64(0), height, 1, index, (_, at) =>
                            {
                                _nodes.EnterRow([.. indices[..^2], .. at]);
                                _nodes.PrefetchRow(firstColumn, Tile.Columns, _kernel.Stores);
                                return PanelLines.Next(_k, at, rowAxes);
                            });
                        }

                        _micro.EmitLowest(_k.B.Sub(rows, first), _k.B.Gep(_sum, packedA, _k.Mul(t, tileSize)), here, Depth, tile);
                    }

                    if (_kernel.Rows == RowCount.Many)
                    {
                        Many();
                    }
                    else if (_kernel.Rows == RowCount.Any)
                    {
                        _k.If(isFew, then: static () => { }, Many);
                    }

                    EmitEpilogue(indices[..^2], index, rowAxes, height, firstColumn, sums);
                });
            });
        });
    }

    private void EmitEpilogue(
        LlvmValue[] batch, LlvmValue[] first, (LlvmValue Extent, LlvmValue Stride)[] rowAxes, LlvmValue rows, LlvmValue firstColumn, LlvmValue tile)
    {
        var columns = _k.B.Sub(Columns, firstColumn);
        _k.If(
            _k.B.ICmp(LlvmIntPredicate.Sge, columns, _k.I64(Tile.Columns)),
            () => EmitRows(batch, first, rowAxes, rows, firstColumn, null, tile),
            () => EmitRows(batch, first, rowAxes, rows, firstColumn, columns, tile));
    }

    private void EmitRows(
        LlvmValue[] batch, LlvmValue[] first, (LlvmValue Extent, LlvmValue Stride)[] rowAxes, LlvmValue rows, LlvmValue firstColumn, LlvmValue? columns, LlvmValue tile)
    {
        _nodes.EnterRow([.. batch, .. first]);
        var points = EpiloguePoints.Of(_k, _nodes, _kernel.Stores, firstColumn, columns);
        _k.Loop(_k.I64(0), rows, 1, first, (row, index) =>
        {
            _nodes.EnterRow([.. batch, .. index]);
            points.Emit(_k.B.Gep(_sum, tile, _k.Mul(row, _k.I64(Tile.Columns))), _sum, _kernel.Stores, _kernel.Buffers);
            return PanelLines.Next(_k, index, rowAxes);
        });
    }
}
