using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a convolution by transformed tiles into loops over (block of tiles, block of columns): transform the image's tiles into scratch, packed as rows of a
/// product for each place of the tile; then for each panel of weights, place by place, the products; then each tile's sums back, and the epilogue. Units that follow each other
/// and share their tiles transform them once.
/// </summary>
internal sealed class WinogradEmitter
{
    private const int Lanes = WinogradKernel.Lanes;

    private readonly KernelBuilder _k;
    private readonly WinogradKernel _kernel;
    private readonly WinogradLines _lines;
    private readonly int _side;
    private readonly int _span;
    private readonly LlvmType _f32;
    private readonly NodeEmitter _nodes;
    private readonly MicroKernel _micro;
    private readonly LlvmValue _tilesHigh;
    private readonly LlvmValue _tilesWide;
    private readonly LlvmValue _transformed;
    private readonly LlvmValue _sums;
    private readonly LlvmValue _result;
    private readonly LlvmValue _pixels;
    private readonly LlvmValue _zeros;

    private WinogradEmitter(KernelBuilder k, WinogradKernel kernel)
    {
        var transform = WinogradTransform.Of(kernel.Side);
        (_k, _kernel, _side, _span, _f32) = (k, kernel, transform.Side, transform.Span, k.Context.F32);
        _lines = new WinogradLines(k, transform);
        _nodes = new NodeEmitter(k, kernel.Epilogue, WinogradKernel.Axes, reducedIsVector: true);
        _micro = new MicroKernel(k, DType.F32) { LeftBlock = Lanes, PanelsAhead = kernel.Plan.WeightsAhead, Unroll = Lanes };
        (_tilesHigh, _tilesWide) = (k.CeilDiv(Height, _side), k.CeilDiv(Width, _side));
        _transformed = k.AlignUp(k.Scratch);
        _sums = k.AlignUp(k.B.Gep(_f32, _transformed, k.Mul(TilesPerUnit, k.Mul(Channels, k.I64(Places)))));
        _result = k.AlignUp(k.B.Gep(_f32, _sums, k.Mul(TilesPerUnit, k.I64(Places * Tile.Columns))));
        _pixels = k.AlignUp(k.B.Gep(_f32, _result, k.I64(_side * _side * Tile.Columns)));
        _zeros = k.AlignUp(k.B.Gep(k.Context.I64, _pixels, k.I64(Places)));
    }

    private int Places => _span * _span;

    private LlvmValue Images => _k.Parameter(0);

    private LlvmValue Height => _k.Parameter(1);

    private LlvmValue Width => _k.Parameter(2);

    private LlvmValue Columns => _k.Parameter(3);

    private LlvmValue Channels => _k.Parameter(4);

    private LlvmValue TilesPerUnit => _k.Parameter(5);

    private LlvmValue ColumnsPerUnit => _k.Parameter(6);

    public static void Emit(KernelBuilder k, WinogradKernel kernel) => new WinogradEmitter(k, kernel).Emit();

    private void Emit()
    {
        var allTiles = _k.Mul(Images, _k.Mul(_tilesHigh, _tilesWide));
        LlvmValue blocks = _k.CeilDiv(allTiles, TilesPerUnit), columnBlocks = _k.CeilDiv(Columns, ColumnsPerUnit);
        _k.Loop(_k.I64(0), Channels, Lanes, c => _k.Store(_f32.Vector(Lanes).Zero, _k.B.Gep(_f32, _zeros, c), null));
        _k.Loop(_k.Begin, _k.End, 1, unit =>
        {
            var at = _k.Unravel(unit, [blocks, columnBlocks]);
            var first = _k.Mul(at[0], TilesPerUnit);
            var count = _k.Min(TilesPerUnit, _k.B.Sub(allTiles, first));
            var isNew = _k.B.Or(_k.B.ICmp(LlvmIntPredicate.Eq, unit, _k.Begin), _k.B.ICmp(LlvmIntPredicate.Eq, at[1], _k.I64(0)));
            _k.If(isNew, () => _k.Loop(_k.I64(0), count, 1, tile => EmitImage(_k.Add(first, tile), tile)));
            var firstPanel = _k.Mul(at[1], _k.B.UDiv(ColumnsPerUnit, _k.I64(Tile.Columns)));
            var lastPanel = _k.CeilDiv(_k.Min(Columns, _k.Mul(_k.Add(at[1], _k.I64(1)), ColumnsPerUnit)), Tile.Columns);
            _k.Loop(firstPanel, lastPanel, 1, panel =>
            {
                EmitProducts(count, panel);
                _k.Loop(_k.I64(0), count, 1, tile => EmitResult(_k.Add(first, tile), tile, _k.Mul(panel, _k.I64(Tile.Columns))));
            });
        });
    }

    // (image, first row of the result, first column)
    private LlvmValue[] PlaceOf(LlvmValue tile)
    {
        var at = _k.Unravel(tile, [Images, _tilesHigh, _tilesWide]);
        return [at[0], _k.Mul(at[1], _k.I64(_side)), _k.Mul(at[2], _k.I64(_side))];
    }

    // Where row `tile` of a unit begins in memory of `size` elements for each row tile, whose rows are `step` apart.
    private LlvmValue RowOf(LlvmValue start, LlvmValue tile, LlvmValue size, int step) => _k.B.Gep(
        _f32, start, _k.Add(_k.Mul(_k.B.UDiv(tile, _k.I64(Tile.Rows)), size), _k.Mul(_k.B.URem(tile, _k.I64(Tile.Rows)), _k.I64(step))));

    private void EmitImage(LlvmValue number, LlvmValue tile)
    {
        var (height, width) = (_k.Parameter(7), _k.Parameter(8));
        var place = PlaceOf(number);
        var (top, left) = (_k.B.Sub(place[1], _k.Parameter(9)), _k.B.Sub(place[2], _k.Parameter(10)));
        var image = _k.B.GepUnchecked(_f32, _k.Buffer(0), _k.Mul(place[0], _k.Parameter(11)));
        _k.Loop(_k.I64(0), _k.I64(_span), 1, i =>
        {
            var y = _k.Add(top, i);
            var row = _k.B.GepUnchecked(_f32, image, _k.Mul(y, _k.Parameter(12)));
            var isRow = _k.B.ICmp(LlvmIntPredicate.Ult, y, height);
            for (var j = 0; j < _span; j++)
            {
                var x = _k.Add(left, _k.I64(j));
                var exists = _k.B.And(isRow, _k.B.ICmp(LlvmIntPredicate.Ult, x, width));
                var pixel = _k.B.Select(exists, _k.B.GepUnchecked(_f32, row, _k.Mul(x, _k.Parameter(13))), _zeros);
                _k.B.Store(pixel, _k.B.Gep(_k.Context.Ptr, _pixels, _k.Add(_k.Mul(i, _k.I64(_span)), _k.I64(j))));
            }
        });

        var step = _k.Mul(Channels, _k.I64(Tile.Rows));
        var target = RowOf(_transformed, tile, _k.Mul(step, _k.I64(Places)), Lanes);
        _k.Loop(_k.I64(0), Channels, Lanes, c =>
        {
            LlvmValue Pixel(int y, int x) => _k.Load(
                _f32, _k.B.Gep(_f32, _k.B.Load(_k.Context.Ptr, _k.B.Gep(_k.Context.Ptr, _pixels, _k.I64((y * _span) + x))), c), null);
            var to = _k.B.Gep(_f32, target, _k.Mul(c, _k.I64(Tile.Rows)));
            foreach (var value in _lines.Image(Pixel))
            {
                _k.Store(value, to, null);
                to = _k.B.Gep(_f32, to, step);
            }
        });
    }

    private void EmitProducts(LlvmValue count, LlvmValue panel)
    {
        var step = _k.Mul(Channels, _k.I64(Tile.Rows));
        var weights = _k.B.Gep(_f32, _k.Buffer(1), _k.Mul(panel, _k.Mul(Channels, _k.I64(Places * Tile.Columns))));
        _k.Loop(_k.I64(0), _k.I64(Places), 1, place =>
        {
            var factors = _k.B.Gep(_f32, weights, _k.Mul(place, _k.Mul(Channels, _k.I64(Tile.Columns))));
            _k.Loop(_k.I64(0), _k.CeilDiv(count, Tile.Rows), 1, t => _micro.EmitLowest(
                _k.B.Sub(count, _k.Mul(t, _k.I64(Tile.Rows))),
                _k.B.Gep(_f32, _transformed, _k.Mul(_k.Add(_k.Mul(t, _k.I64(Places)), place), step)),
                factors,
                Channels,
                _k.B.Gep(_f32, _sums, _k.Mul(_k.Add(_k.Mul(t, _k.I64(Places)), place), _k.I64(Tile.Rows * Tile.Columns)))));
        });
    }

    private void EmitResult(LlvmValue number, LlvmValue tile, LlvmValue firstColumn)
    {
        // Where the results go is on its way while they are computed.
        var place = PlaceOf(number);
        EmitRows(place, (_, _) => _nodes.PrefetchRow(firstColumn, Tile.Columns, _kernel.Stores));
        var sums = RowOf(_sums, tile, _k.I64(Places * Tile.Rows * Tile.Columns), Tile.Columns);
        _k.Loop(_k.I64(0), _k.I64(Tile.Columns), Lanes, column =>
        {
            var results = _lines.Result((y, x) => _k.Load(
                _f32, _k.B.Gep(_f32, sums, _k.Add(column, _k.I64(((y * _span) + x) * Tile.Rows * Tile.Columns))), null));
            for (var i = 0; i < results.Length; i++)
            {
                _k.Store(results[i], _k.B.Gep(_f32, _result, _k.Add(column, _k.I64(i * Tile.Columns))), null);
            }
        });

        var columns = _k.B.Sub(Columns, firstColumn);
        _k.If(
            _k.B.ICmp(LlvmIntPredicate.Sge, columns, _k.I64(Tile.Columns)),
            () => EmitEpilogue(place, firstColumn, null),
            () => EmitEpilogue(place, firstColumn, columns));
    }

    private void EmitEpilogue(LlvmValue[] place, LlvmValue firstColumn, LlvmValue? columns)
    {
        _nodes.EnterRow(place);
        var points = EpiloguePoints.Of(_k, _nodes, _kernel.Stores, firstColumn, columns);
        EmitRows(place, (y, x) => points.Emit(
            _k.B.Gep(_f32, _result, _k.Mul(_k.Add(_k.Mul(y, _k.I64(_side)), x), _k.I64(Tile.Columns))), _f32, _kernel.Stores, _kernel.Buffers));
    }

    // The rows of a tile's result: those within the image.
    private void EmitRows(LlvmValue[] place, Action<LlvmValue, LlvmValue> body)
    {
        LlvmValue rows = _k.Min(_k.B.Sub(Height, place[1]), _k.I64(_side)), across = _k.Min(_k.B.Sub(Width, place[2]), _k.I64(_side));
        _k.Loop(_k.I64(0), rows, 1, y => _k.Loop(_k.I64(0), across, 1, x =>
        {
            _nodes.EnterRow([place[0], _k.Add(place[1], y), _k.Add(place[2], x)]);
            body(y, x);
        }));
    }
}
