using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns attention into a loop over (batch, row tile of queries); in each, a loop over blocks of keys: scores by the micro-kernel, their
/// exponentials, which are packed as a left operand, and a second product that adds to the sums of O.
/// </summary>
internal sealed class AttentionEmitter
{
    private const int Lanes = KernelBuilder.Lanes;
    private const int TileSize = Tile.Rows * Tile.Columns;

    private readonly KernelBuilder _k;
    private readonly AttentionKernel _kernel;
    private readonly MicroKernel _micro;
    private readonly LlvmValue _packedQuery;
    private readonly LlvmValue _scores;
    private readonly LlvmValue _packedWeights;
    private readonly LlvmValue _sums;
    private readonly LlvmValue _tile;
    private readonly SoftmaxBlocks _softmax;

    private AttentionEmitter(KernelBuilder k, AttentionKernel kernel)
    {
        (_k, _kernel, _micro) = (k, kernel, new MicroKernel(k, DType.F32) { Unroll = kernel.Plan.Unroll });
        _packedQuery = k.AlignUp(k.Scratch);
        _scores = k.AlignUp(At(_packedQuery, k.Mul(Depth, k.I64(Tile.Rows))));
        _packedWeights = At(_scores, k.I64(Tile.Rows * KeyBlock));
        _tile = k.AlignUp(At(_packedWeights, k.I64((Tile.Rows * KeyBlock) + Lanes)));
        _softmax = new SoftmaxBlocks(k, kernel.Scale, Depth, At(_tile, k.I64(TileSize)), k.I64(Lanes));
        _sums = At(_tile, k.I64(TileSize + (SoftmaxBlocks.NumbersPerRow * Lanes)));
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
        var panels = _k.CeilDiv(Width, Tile.Columns);
        _k.Loop(_k.Begin, _k.End, 1, unit =>
        {
            var indices = _k.Unravel(unit, [.. Enumerable.Range(0, Batch).Select(_k.Parameter), _k.CeilDiv(Queries, Tile.Rows)]);
            LlvmValue Start(int buffer, int firstStride) => _k.Start(buffer, indices.AsSpan(0, Batch), firstStride, _k.ElementOf(buffer));

            var first = _k.Mul(indices[^1], _k.I64(Tile.Rows));
            var rows = _k.Min(_k.I64(Tile.Rows), _k.B.Sub(Queries, first));
            var query = _k.B.Gep(_k.ElementOf(0), Start(0, Batch + 4), _k.Mul(first, rowStride));
            LlvmValue keys = Start(1, (2 * Batch) + 6), values = Start(2, (3 * Batch) + 6);
            writer.Emit(query, PanelLines.Apart(_k, rowStride), rows, Tile.Rows, [(Depth, depthStride)], _packedQuery);
            _softmax.Begin();
            _k.Loop(_k.I64(0), _k.Mul(panels, _k.I64(TileSize)), Lanes, at => _k.Store(F32.Vector(Lanes).Zero, At(_sums, at), null));

            // The keys that count, those of them that the first row sees, and those that any row needs.
            var counted = _kernel.Length is null ? Keys : KeyCount.Emit(_k, 4, Start(4, (5 * Batch) + 7), _kernel.IsCausal ? Queries : _k.I64(1), Keys);
            var seen = _kernel.IsCausal ? _k.Add(_k.B.Sub(counted, Queries), _k.Add(first, _k.I64(1))) : counted;
            var last = _k.Min(counted, _kernel.IsCausal ? _k.Add(seen, _k.B.Sub(rows, _k.I64(1))) : counted);
            last = _k.B.Select(_k.B.ICmp(LlvmIntPredicate.Slt, seen, _k.I64(1)), counted, last);
            _k.Loop(_k.I64(0), last, KeyBlock, block =>
            {
                EmitScores(keys, block, last, rows);
                EmitWeights(block, last, seen, counted, rows);
                EmitSums(values, block, last, panels, rows);
            });

            EmitRows(_k.B.Gep(_k.ElementOf(3), Start(3, (4 * Batch) + 6), _k.Mul(first, _k.Parameter((5 * Batch) + 6))), panels, rows);
        });
    }

    // Scores lie panel by panel, each as the micro-kernel writes it.
    private void EmitScores(LlvmValue keys, LlvmValue block, LlvmValue last, LlvmValue rows)
    {
        var panelSize = _k.Mul(Depth, _k.I64(Tile.Columns));
        var begin = _k.B.UDiv(block, _k.I64(Tile.Columns));
        _k.Loop(_k.I64(0), PanelsOf(block, last), 1, panel => _micro.EmitLowest(
            rows, _packedQuery, At(keys, _k.Mul(_k.Add(begin, panel), panelSize)), Depth, At(_scores, _k.Mul(panel, _k.I64(TileSize)))));
    }

    private LlvmValue PanelsOf(LlvmValue block, LlvmValue last) =>
        _k.CeilDiv(_k.Min(_k.I64(KeyBlock), _k.B.Sub(last, block)), Tile.Columns);

    private void EmitWeights(LlvmValue block, LlvmValue last, LlvmValue seen, LlvmValue keys, LlvmValue rows)
    {
        var b = _k.B;
        var vectors = _k.Mul(PanelsOf(block, last), _k.I64(Tile.Columns / Lanes));
        LlvmValue Address(LlvmValue row, LlvmValue vector)
        {
            var (panel, half) = (b.UDiv(vector, _k.I64(Tile.Columns / Lanes)), b.URem(vector, _k.I64(Tile.Columns / Lanes)));
            return At(_scores, _k.Add(_k.Mul(panel, _k.I64(TileSize)), _k.Add(_k.Mul(row, _k.I64(Tile.Columns)), _k.Mul(half, _k.I64(Lanes)))));
        }

        _k.Loop(_k.I64(0), rows, 1, row => _softmax.Emit(row, vectors, vector => Address(row, vector), block, _kernel.IsCausal ? _k.Add(seen, row) : null, keys));

        // Sixteen keys of all rows change places; the next key's numbers overwrite what lies beyond the rows.
        _k.Loop(_k.I64(0), vectors, 1, vector =>
        {
            LlvmValue[] lines = [.. Enumerable.Range(0, Lanes).Select(r => r < Tile.Rows ? _k.Load(F32, Address(_k.I64(r), vector), null) : F32.Vector(Lanes).Zero)];
            var columns = Transpose.Emit(b, lines);
            for (var i = 0; i < Lanes; i++)
            {
                _k.Store(columns[i], At(_packedWeights, _k.Mul(_k.Add(_k.Mul(vector, _k.I64(Lanes)), _k.I64(i)), _k.I64(Tile.Rows))), null);
            }
        });
    }

    private void EmitSums(LlvmValue values, LlvmValue block, LlvmValue last, LlvmValue panels, LlvmValue rows)
    {
        var depth = _k.Min(_k.Mul(PanelsOf(block, last), _k.I64(Tile.Columns)), _k.B.Sub(last, block));
        var panelSize = _k.Mul(Keys, _k.I64(Tile.Columns));
        _k.Loop(_k.I64(0), panels, 1, panel =>
        {
            var value = At(values, _k.Add(_k.Mul(panel, panelSize), _k.Mul(block, _k.I64(Tile.Columns))));
            _micro.EmitLowest(rows, _packedWeights, value, depth, _tile);
            var sums = At(_sums, _k.Mul(panel, _k.I64(TileSize)));
            _k.Loop(_k.I64(0), rows, 1, row =>
            {
                var factor = _k.B.Splat(_softmax.Factor(row), Lanes);
                for (var column = 0; column < Tile.Columns; column += Lanes)
                {
                    var at = _k.Add(_k.Mul(row, _k.I64(Tile.Columns)), _k.I64(column));
                    _k.Store(_k.MultiplyAdd(_k.Load(F32, At(sums, at), null), factor, _k.Load(F32, At(_tile, at), null)), At(sums, at), null);
                }
            });
        });
    }

    private void EmitRows(LlvmValue output, LlvmValue panels, LlvmValue rows)
    {
        var b = _k.B;
        _k.Loop(_k.I64(0), rows, 1, row =>
        {
            var inverse = b.Splat(_softmax.Inverse(row, Keys), Lanes);
            var target = b.Gep(_k.ElementOf(3), output, _k.Mul(row, _k.Parameter((5 * Batch) + 6)));
            _k.Loop(_k.I64(0), panels, 1, panel =>
            {
                for (var column = 0; column < Tile.Columns; column += Lanes)
                {
                    var at = _k.Add(_k.Mul(panel, _k.I64(Tile.Columns)), _k.I64(column));
                    var sum = _k.Load(F32, At(_sums, _k.Add(_k.Mul(panel, _k.I64(TileSize)), _k.Add(_k.Mul(row, _k.I64(Tile.Columns)), _k.I64(column)))), null);
                    _k.Store(Numbers.ToMemory(_k, b.FMul(sum, inverse), _kernel.Type), b.Gep(_k.ElementOf(3), target, at), _k.LanesBelow(b.Sub(Width, at)));
                }
            });
        });
    }
}
