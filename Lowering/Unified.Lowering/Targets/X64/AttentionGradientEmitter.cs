using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns attention's gradient into a loop over blocks of queries; in each, for every panel of 32 keys the products that give scores and dP, then row by row
/// the exponentials, then for every panel again P and dS and their three products, which add to dQ, dK and dV where they lie in scratch.
/// </summary>
internal sealed class AttentionGradientEmitter
{
    private const int Lanes = KernelBuilder.Lanes;
    private const int PanelSquare = Tile.Columns * Tile.Columns;

    private readonly KernelBuilder _k;
    private readonly AttentionGradientKernel _kernel;
    private readonly MicroKernel _micro;
    private readonly LlvmValue _panels, _depthPanels, _widthPanels;
    private readonly ScoreWeights _score;
    private readonly LlvmValue _keysByDepth, _valuesByWidth, _keysByKey;
    private readonly LlvmValue _leftQuery, _leftDy, _rightQuery, _rightDy, _dQuery, _weights, _dWeights, _dKeys, _dValues, _rowNumbers, _rowShares, _shift, _inverse, _share;

    private AttentionGradientEmitter(KernelBuilder k, AttentionGradientKernel kernel)
    {
        (_k, _kernel, _micro) = (k, kernel, new MicroKernel(k, DType.F32) { Unroll = kernel.Plan.Unroll });
        (_panels, _depthPanels, _widthPanels) = (k.CeilDiv(Keys, Tile.Columns), k.CeilDiv(Depth, Tile.Columns), k.CeilDiv(Width, Tile.Columns));
        _score = new ScoreWeights(k, kernel.Scale, Depth);
        var next = k.Scratch;
        LlvmValue Room(LlvmValue elements)
        {
            var room = k.AlignUp(next);
            next = At(room, k.Add(elements, k.I64(Lanes)));
            return room;
        }

        _keysByDepth = Room(k.Mul(_panels, k.Mul(Depth, k.I64(Tile.Columns))));
        _valuesByWidth = Room(k.Mul(_panels, k.Mul(Width, k.I64(Tile.Columns))));
        _keysByKey = Room(k.Mul(_depthPanels, k.Mul(Keys, k.I64(Tile.Columns))));
        _leftQuery = Room(k.Mul(Depth, k.I64(Rows)));
        _leftDy = Room(k.Mul(Width, k.I64(Rows)));
        _rightQuery = Room(k.Mul(_depthPanels, k.I64(BlockSize)));
        _rightDy = Room(k.Mul(_widthPanels, k.I64(BlockSize)));
        _dQuery = Room(k.Mul(_depthPanels, k.I64(BlockSize)));
        _weights = Room(k.Mul(_panels, k.I64(BlockSize)));
        _dWeights = Room(k.Mul(_panels, k.I64(BlockSize)));
        _dKeys = Room(k.Mul(k.Mul(_panels, _depthPanels), k.I64(PanelSquare)));
        _dValues = Room(k.Mul(k.Mul(_panels, _widthPanels), k.I64(PanelSquare)));
        _rowNumbers = Room(k.I64(Rows * Lanes));
        _rowShares = Room(k.I64(Rows * Lanes));
        _shift = Room(k.I64(Rows));
        _inverse = Room(k.I64(Rows));
        _share = Room(k.I64(Rows));
    }

    private int Batch => _kernel.BatchAxes;

    private int Rows => _kernel.Plan.Rows;

    private int BlockSize => _kernel.BlockSize;

    private LlvmType F32 => _k.Context.F32;

    private LlvmValue Queries => _k.Parameter(Batch);

    private LlvmValue Keys => _k.Parameter(Batch + 1);

    private LlvmValue Depth => _k.Parameter(Batch + 2);

    private LlvmValue Width => _k.Parameter(Batch + 3);

    public static void Emit(KernelBuilder k, AttentionGradientKernel kernel) => new AttentionGradientEmitter(k, kernel).Emit();

    private LlvmValue At(LlvmValue address, LlvmValue elements) => _k.B.Gep(_k.Context.F32, address, elements);

    private LlvmValue At(LlvmValue address, LlvmValue number, int size) => At(address, _k.Mul(number, _k.I64(size)));

    private void Emit()
    {
        var (b, zero) = (_k.B, _k.I64(0));
        _k.Loop(_k.Begin, _k.End, 1, unit =>
        {
            var indices = _k.Unravel(unit, [.. Enumerable.Range(0, Batch).Select(_k.Parameter)]);
            Operand Of(int buffer, MatrixOrder order)
            {
                var strides = _kernel.StridesOf(buffer);
                return new(_k.Start(buffer, indices, strides, F32), _k.Parameter(strides + Batch), _k.Parameter(strides + Batch + 1), order);
            }

            Target To(int buffer)
            {
                var strides = _kernel.StridesOf(buffer);
                return new(_k.Start(buffer, indices, strides, F32), _k.Parameter(strides + Batch));
            }

            Operand queries = Of(0, _kernel.OrderQ), keys = Of(1, _kernel.OrderK), values = Of(2, _kernel.OrderV), flow = Of(3, _kernel.OrderDy);
            Target toQueries = To(4), toKeys = To(5), toValues = To(6);
            PackRight(keys, Keys, Depth, _keysByDepth, _k.Mul(Depth, _k.I64(Tile.Columns)));
            PackRight(values, Keys, Width, _valuesByWidth, _k.Mul(Width, _k.I64(Tile.Columns)));
            PackRight(keys.Turned, Depth, Keys, _keysByKey, _k.Mul(Keys, _k.I64(Tile.Columns)));
            Clear(_dKeys, _k.Mul(_panels, _depthPanels), PanelSquare);
            Clear(_dValues, _k.Mul(_panels, _widthPanels), PanelSquare);
            _k.Loop(zero, Queries, Rows, first =>
            {
                var rows = _k.Min(_k.I64(Rows), b.Sub(Queries, first));
                PackBlock(queries, first, rows, Depth, _leftQuery, _rightQuery);
                PackBlock(flow, first, rows, Width, _leftDy, _rightDy);
                Clear(_dQuery, _depthPanels, BlockSize);
                _k.Loop(zero, _k.I64(Rows * Lanes), Lanes, at => _k.Store(_score.Least, At(_rowNumbers, at), null));

                // The keys that the first row sees.
                var block = new QueryBlock(rows, _kernel.IsCausal ? _k.Add(b.Sub(Keys, Queries), _k.Add(first, _k.I64(1))) : null);
                var panels = PanelsOf(block, b.Sub(rows, _k.I64(1)));
                _k.Loop(zero, panels, 1, panel => EmitScores(panel, block));
                _k.Loop(zero, TilesOf(rows), 1, tile => EmitRows(tile, block));
                _k.Loop(zero, panels, 1, panel => EmitProducts(panel, block));
                Write(toQueries with { Start = At(toQueries.Start, _k.Mul(first, toQueries.Row)) }, rows, Depth, (panel, row) => At(_dQuery, _k.Add(_k.Mul(panel, _k.I64(BlockSize)), _k.Mul(row, _k.I64(Tile.Columns)))));
            });

            LlvmValue Sum(LlvmValue sums, LlvmValue panel, LlvmValue row) => At(sums, _k.Add(_k.Mul(_k.Mul(panel, _panels), _k.I64(PanelSquare)), _k.Mul(row, _k.I64(Tile.Columns))));
            Write(toKeys, Keys, Depth, (panel, row) => Sum(_dKeys, panel, row));
            Write(toValues, Keys, Width, (panel, row) => Sum(_dValues, panel, row));
        });
    }

    private void Clear(LlvmValue address, LlvmValue count, int size) =>
        _k.Loop(_k.I64(0), _k.Mul(count, _k.I64(size)), Lanes, at => _k.Store(F32.Vector(Lanes).Zero, At(address, at), null));

    private LlvmValue TilesOf(LlvmValue rows) => _k.CeilDiv(rows, Tile.Rows);

    // Panels that a row sees any key of. Where the first row sees none, it looks at all alike.
    private LlvmValue PanelsOf(QueryBlock block, LlvmValue row) => block.Seen is not { } seen ? _panels : _k.B.Select(
        _k.B.ICmp(LlvmIntPredicate.Slt, seen, _k.I64(1)), _panels, _k.CeilDiv(_k.Min(Keys, _k.Add(seen, row)), Tile.Columns));

    // The first row that sees any key of a panel.
    private LlvmValue FirstRowOf(QueryBlock block, LlvmValue panel)
    {
        if (block.Seen is not { } seen)
        {
            return _k.I64(0);
        }

        var first = _k.Add(_k.B.Sub(_k.Mul(panel, _k.I64(Tile.Columns)), seen), _k.I64(1));
        return _k.B.Select(_k.B.Or(_k.B.ICmp(LlvmIntPredicate.Slt, seen, _k.I64(1)), _k.B.ICmp(LlvmIntPredicate.Slt, first, _k.I64(0))), _k.I64(0), first);
    }

    // A block of rows as a left operand, and as a right one that is summed over the rows.
    private void PackBlock(Operand source, LlvmValue first, LlvmValue rows, LlvmValue columns, LlvmValue left, LlvmValue right)
    {
        var block = source with { Start = _k.B.GepUnchecked(F32, source.Start, _k.Mul(first, source.Row)) };
        var tiles = new PanelWriter(_k, DType.F32, Convert: true, block.Order, Tile.Rows);
        _k.Loop(_k.I64(0), TilesOf(rows), 1, tile =>
        {
            var row = _k.Mul(tile, _k.I64(Tile.Rows));
            tiles.Emit(
                _k.B.GepUnchecked(F32, block.Start, _k.Mul(row, block.Row)), PanelLines.Apart(_k, block.Row), _k.B.Sub(rows, row), Tile.Rows,
                [(columns, block.Column)], At(left, _k.Mul(row, columns)));
        });
        PackRight(block.Turned, columns, rows, right, _k.I64(BlockSize));
    }

    // The lines of an operand as columns of panels, which are summed over its columns.
    private void PackRight(Operand source, LlvmValue lines, LlvmValue depth, LlvmValue target, LlvmValue panelSize)
    {
        var stripes = new PanelWriter(_k, DType.F32, Convert: true, source.Order, Tile.Columns);
        _k.Loop(_k.I64(0), _k.CeilDiv(lines, Tile.Columns), 1, panel =>
        {
            for (var stripe = 0; stripe < Tile.Columns; stripe += Lanes)
            {
                var line = _k.Add(_k.Mul(panel, _k.I64(Tile.Columns)), _k.I64(stripe));
                stripes.Emit(
                    _k.B.GepUnchecked(F32, source.Start, _k.Mul(line, source.Row)), PanelLines.Apart(_k, source.Row), _k.B.Sub(lines, line), Lanes,
                    [(depth, source.Column)], At(target, _k.Add(_k.Mul(panel, panelSize), _k.I64(stripe))));
            }
        });
    }

    // Scores and dP of a panel of keys, each a block of rows × 32; the highest score of each row, lane by lane.
    private void EmitScores(LlvmValue panel, QueryBlock block)
    {
        LlvmValue scores = At(_weights, panel, BlockSize), dWeights = At(_dWeights, panel, BlockSize);
        var keys = At(_keysByDepth, _k.Mul(panel, _k.Mul(Depth, _k.I64(Tile.Columns))));
        var values = At(_valuesByWidth, _k.Mul(panel, _k.Mul(Width, _k.I64(Tile.Columns))));
        var firstTile = _k.B.UDiv(FirstRowOf(block, panel), _k.I64(Tile.Rows));
        _k.Loop(firstTile, TilesOf(block.Rows), 1, tile =>
        {
            var at = _k.Mul(tile, _k.I64(Tile.Rows * Tile.Columns));
            _micro.Emit(At(_leftQuery, _k.Mul(tile, _k.Mul(Depth, _k.I64(Tile.Rows)))), keys, Depth, At(scores, at), Tile.Rows);
            _micro.Emit(At(_leftDy, _k.Mul(tile, _k.Mul(Width, _k.I64(Tile.Rows)))), values, Width, At(dWeights, at), Tile.Rows);
        });

        void EachRow(LlvmValue begin, LlvmValue end, Func<LlvmValue, LlvmValue, int, LlvmValue> scoreAt) => _k.Loop(begin, end, 1, row =>
        {
            var highest = _k.Load(F32, At(_rowNumbers, row, Lanes), null);
            for (var column = 0; column < Tile.Columns; column += Lanes)
            {
                highest = _score.Higher(scoreAt(row, At(scores, _k.Add(_k.Mul(row, _k.I64(Tile.Columns)), _k.I64(column))), column), highest);
            }

            _k.Store(highest, At(_rowNumbers, row, Lanes), null);
        });

        // Some rows do not see all of the panel, and all do not if it is cut.
        var first = _k.Mul(panel, _k.I64(Tile.Columns));
        var (begin, end) = (_k.Mul(firstTile, _k.I64(Tile.Rows)), _k.Add(first, _k.I64(Tile.Columns)));
        var whole = block.Seen is { } seen ? _k.Min(block.Rows, _k.B.Sub(end, seen)) : _k.I64(0);
        whole = _k.B.Select(_k.B.ICmp(LlvmIntPredicate.Sgt, end, Keys), block.Rows, _k.B.Select(_k.B.ICmp(LlvmIntPredicate.Slt, whole, begin), begin, whole));
        EachRow(begin, whole, (row, place, column) => _score.Masked(place, _k.Add(first, _k.I64(column)), block.Seen is { } ofFirst ? _k.Add(ofFirst, row) : null, Keys));
        EachRow(whole, block.Rows, (_, place, _) => _k.Load(F32, place, null));
    }

    // The exponentials of a tile's rows, one over their sums, and the rows' shares δ.
    private void EmitRows(LlvmValue tile, QueryBlock block)
    {
        var b = _k.B;
        var first = _k.Mul(tile, _k.I64(Tile.Rows));
        LlvmValue last = _k.Min(block.Rows, _k.Add(first, _k.I64(Tile.Rows))), numbers = At(_rowNumbers, first, Lanes), shares = At(_rowShares, first, Lanes);
        var panels = PanelsOf(block, b.Sub(last, _k.I64(1)));
        _k.Store(_score.Shift(_score.HighestOfRows(numbers)), At(_shift, first), null);
        _k.Loop(first, last, 1, row =>
        {
            var shift = b.Splat(b.Load(F32, At(_shift, row)), Lanes);
            var zero = F32.Vector(Lanes).Zero;
            var sums = _k.Loop(_k.I64(0), panels, 1, [zero, zero], (panel, state) =>
            {
                for (var column = 0; column < Tile.Columns; column += Lanes)
                {
                    var at = _k.Add(_k.Mul(panel, _k.I64(BlockSize)), _k.Add(_k.Mul(row, _k.I64(Tile.Columns)), _k.I64(column)));
                    var weight = _score.Weight(_k.Load(F32, At(_weights, at), null), shift);
                    _k.Store(weight, At(_weights, at), null);
                    state = [b.FAdd(state[0], weight), _k.MultiplyAdd(weight, _k.Load(F32, At(_dWeights, at), null), state[1])];
                }

                return state;
            });
            _k.Store(sums[0], At(_rowNumbers, row, Lanes), null);
            _k.Store(sums[1], At(_rowShares, row, Lanes), null);
        });

        // The next tile's numbers overwrite what lies beyond the rows.
        var inverse = b.FDiv(F32.Vector(Lanes).Real(1), _score.SumOfRows(numbers));
        _k.Store(inverse, At(_inverse, first), null);
        _k.Store(b.FMul(_score.SumOfRows(shares), inverse), At(_share, first), null);
    }

    // P and dS of a panel of keys, and what they add: dQ += dS·K, dK += dSᵀ·Q, dV += Pᵀ·dO.
    private void EmitProducts(LlvmValue panel, QueryBlock block)
    {
        var b = _k.B;
        LlvmValue weights = At(_weights, panel, BlockSize), dScores = At(_dWeights, panel, BlockSize);
        var firstRow = FirstRowOf(block, panel);
        var firstTile = b.UDiv(firstRow, _k.I64(Tile.Rows));
        _k.Loop(_k.Mul(firstTile, _k.I64(Tile.Rows)), block.Rows, 1, row =>
        {
            var inverse = b.Splat(b.Load(F32, At(_inverse, row)), Lanes);
            var share = b.Splat(b.Load(F32, At(_share, row)), Lanes);
            for (var column = 0; column < Tile.Columns; column += Lanes)
            {
                var at = _k.Add(_k.Mul(row, _k.I64(Tile.Columns)), _k.I64(column));
                var weight = b.FMul(_k.Load(F32, At(weights, at), null), inverse);
                var dScore = b.FMul(b.FMul(weight, b.FSub(_k.Load(F32, At(dScores, at), null), share)), b.Splat(_score.Scale, Lanes));
                _k.Store(weight, At(weights, at), null);
                _k.Store(dScore, At(dScores, at), null);
            }
        });

        var first = _k.Mul(panel, _k.I64(Tile.Columns));
        var count = _k.Min(_k.I64(Tile.Columns), b.Sub(Keys, first));
        var (skipped, seeing) = (_k.Mul(firstRow, _k.I64(Tile.Columns)), b.Sub(block.Rows, firstRow));
        _k.Loop(_k.I64(0), _depthPanels, 1, part =>
        {
            var right = At(_keysByKey, _k.Mul(_k.Add(_k.Mul(part, Keys), first), _k.I64(Tile.Columns)));
            _k.Loop(firstTile, TilesOf(block.Rows), 1, tile => _micro.EmitAdd(
                At(dScores, tile, Tile.Rows * Tile.Columns), (Tile.Columns, 1), right, count,
                At(_dQuery, _k.Add(_k.Mul(part, _k.I64(BlockSize)), _k.Mul(tile, _k.I64(Tile.Rows * Tile.Columns)))), Tile.Rows));
            AddTransposed(At(dScores, skipped), At(At(_rightQuery, part, BlockSize), skipped), seeing, SumOf(_dKeys, part, panel));
        });
        _k.Loop(_k.I64(0), _widthPanels, 1, part => AddTransposed(At(weights, skipped), At(At(_rightDy, part, BlockSize), skipped), seeing, SumOf(_dValues, part, panel)));
    }

    private LlvmValue SumOf(LlvmValue sums, LlvmValue part, LlvmValue panel) => At(sums, _k.Add(_k.Mul(part, _panels), panel), PanelSquare);

    // 32 keys as rows: two tiles of twelve and one of eight, summed over the block's queries.
    private void AddTransposed(LlvmValue left, LlvmValue right, LlvmValue rows, LlvmValue sum)
    {
        const int Whole = Tile.Columns / Tile.Rows;
        _k.Loop(_k.I64(0), _k.I64(Whole), 1, tile => _micro.EmitAdd(
            At(left, tile, Tile.Rows), (1, Tile.Columns), right, rows, At(sum, tile, Tile.Rows * Tile.Columns), Tile.Rows));
        _micro.EmitAdd(
            At(left, _k.I64(Whole * Tile.Rows)), (1, Tile.Columns), right, rows, At(sum, _k.I64(Whole * Tile.Rows * Tile.Columns)), Tile.Columns % Tile.Rows);
    }

    private void Write(Target target, LlvmValue rows, LlvmValue columns, Func<LlvmValue, LlvmValue, LlvmValue> source) => _k.Loop(_k.I64(0), rows, 1, row =>
        _k.Loop(_k.I64(0), _k.CeilDiv(columns, Tile.Columns), 1, panel =>
        {
            for (var column = 0; column < Tile.Columns; column += Lanes)
            {
                var at = _k.Add(_k.Mul(panel, _k.I64(Tile.Columns)), _k.I64(column));
                var value = _k.Load(F32, At(source(panel, row), _k.I64(column)), null);
                _k.Store(value, At(target.Start, _k.Add(_k.Mul(row, target.Row), at)), _k.LanesBelow(_k.B.Sub(columns, at)));
            }
        }));

    /// <param name="Row">Elements from one row to the next.</param>
    private sealed record Target(LlvmValue Start, LlvmValue Row);

    /// <param name="Row">Elements from one row to the next.</param>
    /// <param name="Order">As a left operand that is summed over its columns.</param>
    private sealed record Operand(LlvmValue Start, LlvmValue Row, LlvmValue Column, MatrixOrder Order)
    {
        public Operand Turned => new(Start, Column, Row, Order switch { MatrixOrder.KInner => MatrixOrder.KOuter, MatrixOrder.KOuter => MatrixOrder.KInner, _ => Order });
    }

    /// <param name="Seen">The keys that the first row sees, one more for each row further on; null: all rows see all.</param>
    private sealed record QueryBlock(LlvmValue Rows, LlvmValue? Seen);
}
