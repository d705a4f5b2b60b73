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

    private static readonly Fold s_max = new(OpCode.ReduceMax, DType.F32);
    private static readonly Fold s_sum = new(OpCode.Sum, DType.F32);

    private readonly KernelBuilder _k;
    private readonly AttentionGradientKernel _kernel;
    private readonly MicroKernel _micro;
    private readonly LlvmValue _panels, _depthPanels, _widthPanels, _scale;
    private readonly LlvmValue _leftQuery, _leftDy, _rightQuery, _rightDy, _dQuery, _weights, _dWeights, _dKeys, _dValues, _rowMaximum, _rowInverse, _rowShare;

    private AttentionGradientEmitter(KernelBuilder k, AttentionGradientKernel kernel)
    {
        (_k, _kernel, _micro) = (k, kernel, new MicroKernel(k, DType.F32) { Unroll = kernel.Plan.Unroll });
        (_panels, _depthPanels, _widthPanels) = (k.CeilDiv(Keys, Tile.Columns), k.CeilDiv(Depth, Tile.Columns), k.CeilDiv(Width, Tile.Columns));
        _scale = kernel.Scale != 0 ? F32.Real(kernel.Scale) : k.B.FDiv(F32.Real(1), k.Sqrt(k.B.SIToFP(Depth, F32)));
        var next = k.Scratch;
        LlvmValue Room(LlvmValue elements)
        {
            var room = k.AlignUp(next);
            next = At(room, k.Add(elements, k.I64(Lanes)));
            return room;
        }

        _leftQuery = Room(k.Mul(Depth, k.I64(Rows)));
        _leftDy = Room(k.Mul(Width, k.I64(Rows)));
        _rightQuery = Room(k.Mul(_depthPanels, k.I64(BlockSize)));
        _rightDy = Room(k.Mul(_widthPanels, k.I64(BlockSize)));
        _dQuery = Room(k.Mul(_depthPanels, k.I64(BlockSize)));
        _weights = Room(k.Mul(_panels, k.I64(BlockSize)));
        _dWeights = Room(k.Mul(_panels, k.I64(BlockSize)));
        _dKeys = Room(k.Mul(k.Mul(_panels, _depthPanels), k.I64(PanelSquare)));
        _dValues = Room(k.Mul(k.Mul(_panels, _widthPanels), k.I64(PanelSquare)));
        _rowMaximum = Room(k.I64(Rows * Lanes));
        _rowInverse = Room(k.I64(Rows));
        _rowShare = Room(k.I64(Rows));
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
        int query = Batch + 4, dy = (2 * Batch) + 6, packed = (3 * Batch) + 8;
        LlvmValue sizeOfQuery = _k.Mul(Queries, Depth), sizeOfKeys = _k.Mul(Keys, Depth);
        var size = _k.Add(_k.Add(sizeOfQuery, sizeOfKeys), _k.Mul(Keys, Width));
        _k.Loop(_k.Begin, _k.End, 1, unit =>
        {
            var indices = _k.Unravel(unit, [.. Enumerable.Range(0, Batch).Select(_k.Parameter)]);
            LlvmValue Start(int buffer, int firstStride) => _k.Start(buffer, indices.AsSpan(0, Batch), firstStride, F32);

            LlvmValue queries = Start(0, query), flow = Start(4, dy);
            LlvmValue keysByDepth = Start(1, packed), valuesByWidth = Start(2, packed + Batch), keys = Start(3, packed + (2 * Batch));
            var result = At(_k.Buffer(5), _k.Mul(unit, size));
            Clear(_dKeys, _k.Mul(_panels, _depthPanels), PanelSquare);
            Clear(_dValues, _k.Mul(_panels, _widthPanels), PanelSquare);
            _k.Loop(zero, Queries, Rows, first =>
            {
                var rows = _k.Min(_k.I64(Rows), b.Sub(Queries, first));
                Pack(queries, (_k.Parameter(query + Batch), _k.Parameter(query + Batch + 1)), _kernel.OrderQ, first, rows, Depth, _leftQuery, _rightQuery);
                Pack(flow, (_k.Parameter(dy + Batch), _k.Parameter(dy + Batch + 1)), _kernel.OrderDy, first, rows, Width, _leftDy, _rightDy);
                Clear(_dQuery, _depthPanels, BlockSize);
                Clear(_rowMaximum, _k.I64(Rows), Lanes, double.NegativeInfinity);

                // The keys that the first row sees, and those that any row needs.
                var seen = _kernel.IsCausal ? _k.Add(b.Sub(Keys, Queries), _k.Add(first, _k.I64(1))) : Keys;
                var last = _k.Min(Keys, _kernel.IsCausal ? _k.Add(seen, b.Sub(rows, _k.I64(1))) : Keys);
                last = b.Select(b.ICmp(LlvmIntPredicate.Slt, seen, _k.I64(1)), Keys, last);
                var panels = _k.CeilDiv(last, Tile.Columns);
                _k.Loop(zero, panels, 1, panel => EmitScores(panel, keysByDepth, valuesByWidth, seen, rows));
                _k.Loop(zero, rows, 1, row => EmitRow(row, panels));
                _k.Loop(zero, panels, 1, panel => EmitProducts(panel, keys, rows));
                Write(At(result, _k.Mul(first, Depth)), rows, Depth, (panel, row) => At(_dQuery, _k.Add(_k.Mul(panel, _k.I64(BlockSize)), _k.Mul(row, _k.I64(Tile.Columns)))));
            });

            LlvmValue Sum(LlvmValue sums, LlvmValue panel, LlvmValue row) => At(sums, _k.Add(_k.Mul(_k.Mul(panel, _panels), _k.I64(PanelSquare)), _k.Mul(row, _k.I64(Tile.Columns))));
            Write(At(result, sizeOfQuery), Keys, Depth, (panel, row) => Sum(_dKeys, panel, row));
            Write(At(result, _k.Add(sizeOfQuery, sizeOfKeys)), Keys, Width, (panel, row) => Sum(_dValues, panel, row));
        });
    }

    private void Clear(LlvmValue address, LlvmValue count, int size, double value = 0) =>
        _k.Loop(_k.I64(0), _k.Mul(count, _k.I64(size)), Lanes, at => _k.Store(F32.Vector(Lanes).Real(value), At(address, at), null));

    // A block of rows as a left operand, and as a right one that is summed over the rows.
    private void Pack(LlvmValue source, (LlvmValue Row, LlvmValue Column) strides, MatrixOrder order, LlvmValue first, LlvmValue rows, LlvmValue columns, LlvmValue left, LlvmValue right)
    {
        var block = _k.B.GepUnchecked(F32, source, _k.Mul(first, strides.Row));
        var tiles = new PanelWriter(_k, DType.F32, Convert: true, order, Tile.Rows);
        _k.Loop(_k.I64(0), _k.CeilDiv(rows, Tile.Rows), 1, tile =>
        {
            var row = _k.Mul(tile, _k.I64(Tile.Rows));
            tiles.Emit(
                _k.B.GepUnchecked(F32, block, _k.Mul(row, strides.Row)), PanelLines.Apart(_k, strides.Row), _k.B.Sub(rows, row), Tile.Rows,
                [(columns, strides.Column)], At(left, _k.Mul(row, columns)));
        });

        var turned = order switch { MatrixOrder.KInner => MatrixOrder.KOuter, MatrixOrder.KOuter => MatrixOrder.KInner, _ => order };
        var stripes = new PanelWriter(_k, DType.F32, Convert: true, turned, Tile.Columns);
        _k.Loop(_k.I64(0), _k.CeilDiv(columns, Tile.Columns), 1, panel =>
        {
            for (var stripe = 0; stripe < Tile.Columns; stripe += Lanes)
            {
                var column = _k.Add(_k.Mul(panel, _k.I64(Tile.Columns)), _k.I64(stripe));
                stripes.Emit(
                    _k.B.GepUnchecked(F32, block, _k.Mul(column, strides.Column)), PanelLines.Apart(_k, strides.Column), _k.B.Sub(columns, column), Lanes,
                    [(rows, strides.Row)], At(right, _k.Add(_k.Mul(panel, _k.I64(BlockSize)), _k.I64(stripe))));
            }
        });
    }

    // Scores and dP of a panel of keys, each a block of rows × 32; the highest score of each row, lane by lane.
    private void EmitScores(LlvmValue panel, LlvmValue keysByDepth, LlvmValue valuesByWidth, LlvmValue seen, LlvmValue rows)
    {
        LlvmValue scores = At(_weights, panel, BlockSize), dWeights = At(_dWeights, panel, BlockSize);
        var keys = At(keysByDepth, _k.Mul(panel, _k.Mul(Depth, _k.I64(Tile.Columns))));
        var values = At(valuesByWidth, _k.Mul(panel, _k.Mul(Width, _k.I64(Tile.Columns))));
        _k.Loop(_k.I64(0), _k.CeilDiv(rows, Tile.Rows), 1, tile =>
        {
            var at = _k.Mul(tile, _k.I64(Tile.Rows * Tile.Columns));
            _micro.Emit(At(_leftQuery, _k.Mul(tile, _k.Mul(Depth, _k.I64(Tile.Rows)))), keys, Depth, At(scores, at), Tile.Rows);
            _micro.Emit(At(_leftDy, _k.Mul(tile, _k.Mul(Width, _k.I64(Tile.Rows)))), values, Width, At(dWeights, at), Tile.Rows);
        });
        var first = _k.Mul(panel, _k.I64(Tile.Columns));
        _k.Loop(_k.I64(0), rows, 1, row =>
        {
            var maximum = _k.Load(F32, At(_rowMaximum, row, Lanes), null);
            for (var column = 0; column < Tile.Columns; column += Lanes)
            {
                var key = _k.Add(first, _k.I64(column));
                var address = At(scores, _k.Add(_k.Mul(row, _k.I64(Tile.Columns)), _k.I64(column)));
                var score = _k.B.FMul(_k.Load(F32, address, null), _k.B.Splat(_scale, Lanes));
                if (_kernel.IsCausal)
                {
                    score = _k.B.Select(_k.LanesBelow(_k.B.Sub(_k.Add(seen, row), key)), score, score.Type.Real(AttentionKernel.Hidden));
                }

                score = _k.B.Select(_k.LanesBelow(_k.B.Sub(Keys, key)), score, score.Type.Real(double.NegativeInfinity));
                _k.Store(score, address, null);
                maximum = s_max.Step(_k, maximum, score);
            }

            _k.Store(maximum, At(_rowMaximum, row, Lanes), null);
        });
    }

    // The exponentials of a row, one over their sum, and the row's share δ.
    private void EmitRow(LlvmValue row, LlvmValue panels)
    {
        var b = _k.B;
        var highest = s_max.Across(_k, _k.Load(F32, At(_rowMaximum, row, Lanes), null));
        var shift = b.Splat(b.Select(_k.Is(LlvmRealPredicate.Oeq, highest, double.NegativeInfinity), F32.Zero, highest), Lanes);
        var sums = _k.Loop(_k.I64(0), panels, 1, [s_sum.Identity(_k), s_sum.Identity(_k)], (panel, state) =>
        {
            for (var column = 0; column < Tile.Columns; column += Lanes)
            {
                var at = _k.Add(_k.Mul(panel, _k.I64(BlockSize)), _k.Add(_k.Mul(row, _k.I64(Tile.Columns)), _k.I64(column)));
                var power = Exponential.Emit(_k, b.FSub(_k.Load(F32, At(_weights, at), null), shift));
                _k.Store(power, At(_weights, at), null);
                state = [b.FAdd(state[0], power), _k.MultiplyAdd(power, _k.Load(F32, At(_dWeights, at), null), state[1])];
            }

            return state;
        });
        var inverse = b.FDiv(F32.Real(1), s_sum.Across(_k, sums[0]));
        _ = b.Store(inverse, At(_rowInverse, row));
        _ = b.Store(b.FMul(s_sum.Across(_k, sums[1]), inverse), At(_rowShare, row));
    }

    // P and dS of a panel of keys, and what they add: dQ += dS·K, dK += dSᵀ·Q, dV += Pᵀ·dO.
    private void EmitProducts(LlvmValue panel, LlvmValue keys, LlvmValue rows)
    {
        var b = _k.B;
        LlvmValue weights = At(_weights, panel, BlockSize), dScores = At(_dWeights, panel, BlockSize);
        _k.Loop(_k.I64(0), rows, 1, row =>
        {
            var inverse = b.Splat(b.Load(F32, At(_rowInverse, row)), Lanes);
            var share = b.Splat(b.Load(F32, At(_rowShare, row)), Lanes);
            for (var column = 0; column < Tile.Columns; column += Lanes)
            {
                var at = _k.Add(_k.Mul(row, _k.I64(Tile.Columns)), _k.I64(column));
                var weight = b.FMul(_k.Load(F32, At(weights, at), null), inverse);
                var dScore = b.FMul(b.FMul(weight, b.FSub(_k.Load(F32, At(dScores, at), null), share)), b.Splat(_scale, Lanes));
                _k.Store(weight, At(weights, at), null);
                _k.Store(dScore, At(dScores, at), null);
            }
        });

        var first = _k.Mul(panel, _k.I64(Tile.Columns));
        var count = _k.Min(_k.I64(Tile.Columns), b.Sub(Keys, first));
        _k.Loop(_k.I64(0), _depthPanels, 1, part =>
        {
            var right = At(keys, _k.Mul(_k.Add(_k.Mul(part, Keys), first), _k.I64(Tile.Columns)));
            _k.Loop(_k.I64(0), _k.CeilDiv(rows, Tile.Rows), 1, tile => _micro.EmitAdd(
                At(dScores, tile, Tile.Rows * Tile.Columns), (Tile.Columns, 1), right, count,
                At(_dQuery, _k.Add(_k.Mul(part, _k.I64(BlockSize)), _k.Mul(tile, _k.I64(Tile.Rows * Tile.Columns)))), Tile.Rows));
            AddTransposed(dScores, At(_rightQuery, part, BlockSize), rows, SumOf(_dKeys, part, panel));
        });
        _k.Loop(_k.I64(0), _widthPanels, 1, part => AddTransposed(weights, At(_rightDy, part, BlockSize), rows, SumOf(_dValues, part, panel)));
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

    private void Write(LlvmValue target, LlvmValue rows, LlvmValue columns, Func<LlvmValue, LlvmValue, LlvmValue> source) => _k.Loop(_k.I64(0), rows, 1, row =>
        _k.Loop(_k.I64(0), _k.CeilDiv(columns, Tile.Columns), 1, panel =>
        {
            for (var column = 0; column < Tile.Columns; column += Lanes)
            {
                var at = _k.Add(_k.Mul(panel, _k.I64(Tile.Columns)), _k.I64(column));
                var value = _k.Load(F32, At(source(panel, row), _k.I64(column)), null);
                _k.Store(value, At(target, _k.Add(_k.Mul(row, columns), at)), _k.LanesBelow(_k.B.Sub(columns, at)));
            }
        }));
}
