using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns blocks of the scores of a row tile into weights, one block after the other: each row has its highest score so far, the total of its weights, lane by lane, and
/// the factor by which all that was summed before this block is scaled down (Milakov and Gimelshein, 2018). What is kept for rows is computed for all of them at once, a row in a lane.
/// </summary>
internal sealed class SoftmaxTile
{
    private const int Lanes = KernelBuilder.Lanes;

    private static readonly Fold s_sum = new(OpCode.Sum, DType.F32);

    private readonly KernelBuilder _k;
    private readonly LlvmValue _scale, _scores, _highest, _shift;
    private readonly int _stride, _sign;

    /// <summary>Elements of <see cref="Begin"/>'s memory.</summary>
    public const int StateSize = (Tile.Rows + 1) * Lanes;

    /// <summary>Elements of the memory that is shared by all tiles.</summary>
    public const int SharedSize = (Tile.Rows + 2) * Lanes;

    /// <param name="scale">The factor of the scores; 0: 1/√depth.</param>
    /// <param name="scores">A tile's scores, then weights, row by row.</param>
    /// <param name="stride">Elements from one row of them to the next.</param>
    /// <param name="memory">Room for <see cref="SharedSize"/> numbers.</param>
    public SoftmaxTile(KernelBuilder k, double scale, LlvmValue depth, LlvmValue scores, int stride, LlvmValue memory)
    {
        (_k, _scores, _stride, _sign) = (k, scores, stride, scale < 0 ? -1 : 1);
        var factor = scale != 0 ? F32.Real(scale) : k.B.FDiv(F32.Real(1), k.Sqrt(k.B.SIToFP(depth, F32)));
        _scale = k.B.Splat(k.B.FMul(factor, F32.Real(Math.Log2(Math.E))), Lanes);
        _highest = memory;
        (_shift, Factors) = (At(memory, k.I64(Tile.Rows * Lanes)), At(memory, k.I64((Tile.Rows + 1) * Lanes)));
    }

    /// <summary>What the sums of the blocks before are scaled down by, row by row.</summary>
    public LlvmValue Factors { get; }

    private LlvmType F32 => _k.Context.F32;

    private LlvmType Vector => F32.Vector(Lanes);

    /// <summary>Before a tile's first block.</summary>
    /// <param name="state">The tile's memory.</param>
    public void Begin(LlvmValue state)
    {
        _k.Store(Least, state, null);
        _k.Loop(_k.I64(Lanes), _k.I64(StateSize), Lanes, at => _k.Store(Vector.Zero, At(state, at), null));
    }

    /// <summary>Writes weights over the scores.</summary>
    /// <param name="state">The tile's memory.</param>
    /// <param name="rows">Rows of the tile.</param>
    /// <param name="vectors">How many vectors of scores a row has.</param>
    /// <param name="first">The key of the first score.</param>
    /// <param name="limit">The first key that is hidden from the first row, one more for each row further on; null: none is.</param>
    /// <param name="keys">The first key that does not exist.</param>
    public void Emit(LlvmValue state, LlvmValue rows, LlvmValue vectors, LlvmValue first, LlvmValue? limit, LlvmValue keys)
    {
        var b = _k.B;
        _k.Loop(_k.I64(0), rows, 1, row => _k.Store(Highest(row, vectors, first, limit is { } hidden ? _k.Add(hidden, row) : null, keys), At(_highest, row, Lanes), null));

        // Where all is minus infinity nothing may be taken off it.
        var former = _k.Load(F32, state, null);
        var highest = Higher(AcrossRows([.. Enumerable.Range(0, Lanes).Select(r => _k.Load(F32, At(_highest, _k.I64(r % Tile.Rows), Lanes), null))]), former);
        var shift = b.Select(b.FCmp(LlvmRealPredicate.Oeq, highest, Least), Vector.Zero, highest);
        _k.Store(highest, state, null);
        _k.Store(shift, _shift, null);
        _k.Store(Weight(former, shift), Factors, null);
        _k.Loop(_k.I64(0), rows, 1, row =>
        {
            LlvmValue line = At(_scores, row, _stride), total = At(state, _k.Add(row, _k.I64(1)), Lanes);
            LlvmValue Of(LlvmValue numbers) => b.Splat(b.Load(F32, At(numbers, row)), Lanes);
            var shifts = Of(_shift);
            var sum = _k.Loop(_k.I64(0), vectors, 1, [b.FMul(_k.Load(F32, total, null), Of(Factors))], (vector, sums) =>
            {
                var place = At(line, vector, Lanes);
                var weight = Weight(_k.Load(F32, place, null), shifts);
                _k.Store(weight, place, null);
                return [b.FAdd(sums[0], weight)];
            });
            _k.Store(sum[0], total, null);
        });
    }

    /// <summary>After the last block: what the sums of all blocks are multiplied by. Without keys the sum is empty: zero.</summary>
    public LlvmValue Inverse(LlvmValue state, LlvmValue row, LlvmValue keys)
    {
        var total = s_sum.Across(_k, _k.Load(F32, At(state, _k.Add(row, _k.I64(1)), Lanes), null));
        return _k.B.FDiv(F32.Real(1), _k.B.Select(_k.B.ICmp(LlvmIntPredicate.Eq, keys, _k.I64(0)), F32.Real(1), total));
    }

    // Below any other score, once scaled.
    private LlvmValue Least => Vector.Real(_sign > 0 ? double.NegativeInfinity : double.PositiveInfinity);

    private LlvmValue Weight(LlvmValue score, LlvmValue shift) => PowerOfTwo.Emit(_k, _k.B.FMul(_k.B.FSub(score, shift), _scale));

    // Which of them is higher once it is scaled. The second if the first is NaN: its weight is NaN all the same.
    private LlvmValue Higher(LlvmValue x, LlvmValue y) => _k.B.Select(_k.B.FCmp(_sign > 0 ? LlvmRealPredicate.Ogt : LlvmRealPredicate.Olt, x, y), x, y);

    // Lane by lane. Hidden scores and those that do not exist are written anew.
    private LlvmValue Highest(LlvmValue row, LlvmValue vectors, LlvmValue first, LlvmValue? limit, LlvmValue keys)
    {
        var b = _k.B;
        LlvmValue line = At(_scores, row, _stride), left = b.Sub(limit is { } end ? _k.Min(end, keys) : keys, first);
        var whole = _k.Min(vectors, b.AShr(left, left.Type.Int(4)));
        var highest = _k.Loop(_k.I64(0), whole, 1, [Least], (vector, state) => [Higher(_k.Load(F32, At(line, vector, Lanes), null), state[0])]);
        whole = b.Select(b.ICmp(LlvmIntPredicate.Slt, whole, _k.I64(0)), _k.I64(0), whole);
        return _k.Loop(whole, vectors, 1, highest, (vector, state) =>
        {
            var place = At(line, vector, Lanes);
            var key = _k.Add(first, _k.Mul(vector, _k.I64(Lanes)));
            var score = _k.Load(F32, place, null);
            if (limit is { } hidden)
            {
                score = b.Select(_k.LanesBelow(b.Sub(hidden, key)), score, Vector.Real(_sign * AttentionKernel.Hidden));
            }

            score = b.Select(_k.LanesBelow(b.Sub(keys, key)), score, Least);
            _k.Store(score, place, null);
            return [Higher(score, state[0])];
        })[0];
    }

    // Of 16 vectors: the highest of vector r in lane r.
    private LlvmValue AcrossRows(LlvmValue[] rows)
    {
        for (var width = Lanes / 2; width >= 1; width /= 2)
        {
            // Pairs of blocks of lanes: those of one vector, those of the other.
            int[] low = new int[Lanes], high = new int[Lanes];
            for (var lane = 0; lane < Lanes; lane++)
            {
                var place = lane & ~width;
                low[lane] = (lane & width) == 0 ? place : Lanes + place;
                high[lane] = low[lane] + width;
            }

            rows = [.. Enumerable.Range(0, width).Select(r => Higher(_k.B.Shuffle(rows[r], rows[r + width], low), _k.B.Shuffle(rows[r], rows[r + width], high)))];
        }

        return rows[0];
    }

    private LlvmValue At(LlvmValue address, LlvmValue elements) => _k.B.Gep(F32, address, elements);

    private LlvmValue At(LlvmValue address, LlvmValue number, int size) => At(address, _k.Mul(number, _k.I64(size)));
}
