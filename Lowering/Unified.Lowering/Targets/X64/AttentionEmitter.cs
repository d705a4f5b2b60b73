using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns attention into a loop over (batch, row tiles of queries); in each, a loop over blocks of keys, and in that one over the row tiles, for which keys and values
/// stay in a near cache: scores by the micro-kernel, their exponentials where they lie, and a second product that adds to the scaled sums of O.
/// </summary>
internal sealed class AttentionEmitter
{
    private const int Lanes = KernelBuilder.Lanes;
    private const int TileSize = Tile.Rows * Tile.Columns;

    private readonly KernelBuilder _k;
    private readonly AttentionKernel _kernel;
    private readonly MicroKernel _scoring, _summing;
    private readonly LlvmValue _panels, _packedQuery, _scores, _sums, _states;
    private readonly SoftmaxTile _softmax;

    private AttentionEmitter(KernelBuilder k, AttentionKernel kernel)
    {
        (_k, _kernel) = (k, kernel);
        _scoring = new MicroKernel(k, DType.F32) { Unroll = kernel.Plan.Unroll, TileStride = KeyBlock };
        _summing = new MicroKernel(k, DType.F32) { Unroll = kernel.Plan.Unroll };
        _panels = k.CeilDiv(Width, Tile.Columns);
        _scores = k.AlignUp(k.Scratch);
        var shared = At(_scores, k.I64(Tile.Rows * KeyBlock));
        _softmax = new SoftmaxTile(k, new ScoreWeights(k, kernel.Scale, Depth), _scores, KeyBlock, shared);
        _states = At(shared, k.I64(SoftmaxTile.SharedSize));
        _sums = At(_states, k.I64(kernel.Plan.Tiles * SoftmaxTile.StateSize));
        _packedQuery = At(_sums, k.Mul(_panels, k.I64(kernel.Plan.Tiles * TileSize)));
    }

    private int Batch => _kernel.BatchAxes;

    private int KeyBlock => _kernel.Plan.KeyBlock;

    private LlvmType F32 => _k.Context.F32;

    private LlvmValue Queries => _k.Parameter(Batch);

    private LlvmValue Keys => _k.Parameter(Batch + 1);

    private LlvmValue Depth => _k.Parameter(Batch + 2);

    private LlvmValue Width => _k.Parameter(Batch + 3);

    public static void Emit(KernelBuilder k, AttentionKernel kernel) => new AttentionEmitter(k, kernel).Emit();

    private LlvmValue At(LlvmValue address, LlvmValue elements) => _k.B.Gep(_k.Context.F32, address, elements);

    private void Emit()
    {
        LlvmValue rowStride = _k.Parameter((2 * Batch) + 4), depthStride = _k.Parameter((2 * Batch) + 5);
        var writer = new PanelWriter(_k, _kernel.Type, Convert: true, _kernel.OrderQ, Tile.Rows);
        var unitRows = _k.I64(_kernel.Plan.QueryRows);
        _k.Loop(_k.Begin, _k.End, 1, unit =>
        {
            var indices = _k.Unravel(unit, [.. Enumerable.Range(0, Batch).Select(_k.Parameter), _k.CeilDiv(Queries, unitRows)]);
            LlvmValue Start(int buffer, int firstStride) => _k.Start(buffer, indices.AsSpan(0, Batch), firstStride, _k.ElementOf(buffer));

            var first = _k.Mul(indices[^1], unitRows);
            var rows = _k.Min(unitRows, _k.B.Sub(Queries, first));
            LlvmValue query = Start(0, Batch + 4), keys = Start(1, (2 * Batch) + 6), values = Start(2, (3 * Batch) + 6), output = Start(3, (4 * Batch) + 6);

            // The keys that count, and those of them that the first row sees.
            var counted = _kernel.Length is null ? Keys : KeyCount.Emit(_k, 4, Start(4, (5 * Batch) + 7), _kernel.IsCausal ? Queries : _k.I64(1), Keys);
            LlvmValue Seen(LlvmValue row) => _kernel.IsCausal ? _k.Add(_k.B.Sub(counted, Queries), _k.Add(_k.Add(first, row), _k.I64(1))) : counted;
            RowTile TileOf(LlvmValue number)
            {
                var row = _k.Mul(number, _k.I64(Tile.Rows));
                return new(row, _k.Min(_k.I64(Tile.Rows), _k.B.Sub(rows, row)), At(_packedQuery, _k.Mul(row, Depth)), At(_states, _k.Mul(number, _k.I64(SoftmaxTile.StateSize))),
                    At(_sums, _k.Mul(number, _k.Mul(_panels, _k.I64(TileSize)))));
            }

            // The keys that any row from one on needs, as many as there are.
            LlvmValue LastOf(LlvmValue row, LlvmValue count)
            {
                var seen = Seen(row);
                var last = _k.Min(counted, _kernel.IsCausal ? _k.Add(seen, _k.B.Sub(count, _k.I64(1))) : counted);
                return _k.B.Select(_k.B.ICmp(LlvmIntPredicate.Slt, seen, _k.I64(1)), counted, last);
            }

            var tiles = _k.CeilDiv(rows, Tile.Rows);
            _k.Loop(_k.I64(0), tiles, 1, number =>
            {
                var tile = TileOf(number);
                var source = _k.B.Gep(_k.ElementOf(0), query, _k.Mul(_k.Add(first, tile.Row), rowStride));
                writer.Emit(source, PanelLines.Apart(_k, rowStride), tile.Rows, Tile.Rows, [(Depth, depthStride)], tile.Query);
                _softmax.Begin(tile.State);
                _k.Loop(_k.I64(0), _k.Mul(_panels, _k.I64(TileSize)), Lanes, at => _k.Store(F32.Vector(Lanes).Zero, At(tile.Sums, at), null));
            });
            _k.Loop(_k.I64(0), LastOf(_k.I64(0), rows), KeyBlock, block => _k.Loop(_k.I64(0), tiles, 1, number =>
            {
                var tile = TileOf(number);
                var count = _k.Min(_k.I64(KeyBlock), _k.B.Sub(LastOf(tile.Row, tile.Rows), block));
                _k.If(_k.B.ICmp(LlvmIntPredicate.Sgt, count, _k.I64(0)), () =>
                {
                    EmitScores(tile, keys, block, count);
                    _softmax.Emit(tile.State, tile.Rows, _k.CeilDiv(count, Lanes), block, _kernel.IsCausal ? Seen(tile.Row) : null, counted);
                    EmitSums(tile, values, block, count);
                });
            }));
            _k.Loop(_k.I64(0), tiles, 1, number =>
            {
                var tile = TileOf(number);
                EmitRows(tile, _k.B.Gep(_k.ElementOf(3), output, _k.Mul(_k.Add(first, tile.Row), _k.Parameter((5 * Batch) + 6))));
            });
        });
    }

    private void EmitScores(RowTile tile, LlvmValue keys, LlvmValue block, LlvmValue count)
    {
        var panelSize = _k.Mul(Depth, _k.I64(Tile.Columns));
        var begin = _k.B.UDiv(block, _k.I64(Tile.Columns));
        _k.Loop(_k.I64(0), _k.CeilDiv(count, Tile.Columns), 1, panel => _scoring.EmitLowest(
            tile.Rows, tile.Query, At(keys, _k.Mul(_k.Add(begin, panel), panelSize)), Depth, At(_scores, _k.Mul(panel, _k.I64(Tile.Columns)))));
    }

    private void EmitSums(RowTile tile, LlvmValue values, LlvmValue block, LlvmValue count)
    {
        var panelSize = _k.Mul(Keys, _k.I64(Tile.Columns));
        _k.Loop(_k.I64(0), _panels, 1, panel =>
        {
            var value = At(values, _k.Add(_k.Mul(panel, panelSize), _k.Mul(block, _k.I64(Tile.Columns))));
            _summing.EmitLowest(tile.Rows, height => _summing.EmitAddToScaled(
                _scores, (KeyBlock, 1), value, count, At(tile.Sums, _k.Mul(panel, _k.I64(TileSize))), _softmax.Factors, height));
        });
    }

    private void EmitRows(RowTile tile, LlvmValue output)
    {
        var b = _k.B;
        _k.Store(_softmax.Inverse(tile.State, Keys), _softmax.Factors, null);
        _k.Loop(_k.I64(0), tile.Rows, 1, row =>
        {
            var inverse = b.Splat(b.Load(F32, At(_softmax.Factors, row)), Lanes);
            var target = b.Gep(_k.ElementOf(3), output, _k.Mul(row, _k.Parameter((5 * Batch) + 6)));
            _k.Loop(_k.I64(0), _panels, 1, panel =>
            {
                for (var column = 0; column < Tile.Columns; column += Lanes)
                {
                    var at = _k.Add(_k.Mul(panel, _k.I64(Tile.Columns)), _k.I64(column));
                    var sum = _k.Load(F32, At(tile.Sums, _k.Add(_k.Mul(panel, _k.I64(TileSize)), _k.Add(_k.Mul(row, _k.I64(Tile.Columns)), _k.I64(column)))), null);
                    _k.Store(Numbers.ToMemory(_k, b.FMul(sum, inverse), _kernel.Type), b.Gep(_k.ElementOf(3), target, at), _k.LanesBelow(b.Sub(Width, at)));
                }
            });
        });
    }

    /// <param name="Row">Its first row of the unit's.</param>
    private sealed record RowTile(LlvmValue Row, LlvmValue Rows, LlvmValue Query, LlvmValue State, LlvmValue Sums);
}
