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

    private readonly KernelBuilder _k;
    private readonly ScoreWeights _weights;
    private readonly LlvmValue _scores, _highest, _shift;
    private readonly int _stride;

    /// <summary>Elements of <see cref="Begin"/>'s memory.</summary>
    public const int StateSize = (Tile.Rows + 1) * Lanes;

    /// <summary>Elements of the memory that is shared by all tiles.</summary>
    public const int SharedSize = (Tile.Rows + 2) * Lanes;

    /// <param name="scores">A tile's scores, then weights, row by row.</param>
    /// <param name="stride">Elements from one row of them to the next.</param>
    /// <param name="memory">Room for <see cref="SharedSize"/> numbers.</param>
    public SoftmaxTile(KernelBuilder k, ScoreWeights weights, LlvmValue scores, int stride, LlvmValue memory)
    {
        (_k, _weights, _scores, _stride, _highest) = (k, weights, scores, stride, memory);
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
        _k.Store(_weights.Least, state, null);
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

        var former = _k.Load(F32, state, null);
        var highest = _weights.Higher(_weights.HighestOfRows(_highest), former);
        var shift = _weights.Shift(highest);
        _k.Store(highest, state, null);
        _k.Store(shift, _shift, null);
        _k.Store(_weights.Weight(former, shift), Factors, null);
        _k.Loop(_k.I64(0), rows, 1, row =>
        {
            LlvmValue line = At(_scores, row, _stride), total = At(state, _k.Add(row, _k.I64(1)), Lanes);
            LlvmValue Of(LlvmValue numbers) => b.Splat(b.Load(F32, At(numbers, row)), Lanes);
            var shifts = Of(_shift);
            var sum = _k.Loop(_k.I64(0), vectors, 1, [b.FMul(_k.Load(F32, total, null), Of(Factors))], (vector, sums) =>
            {
                var place = At(line, vector, Lanes);
                var weight = _weights.Weight(_k.Load(F32, place, null), shifts);
                _k.Store(weight, place, null);
                return [b.FAdd(sums[0], weight)];
            });
            _k.Store(sum[0], total, null);
        });
    }

    /// <summary>After the last block: what the sums of all blocks are multiplied by, a row in a lane. Without keys the sum is empty: zero.</summary>
    public LlvmValue Inverse(LlvmValue state, LlvmValue keys)
    {
        var total = _weights.SumOfRows(At(state, _k.I64(Lanes)));
        return _k.B.FDiv(Vector.Real(1), _k.B.Select(_k.B.ICmp(LlvmIntPredicate.Eq, keys, _k.I64(0)), Vector.Real(1), total));
    }

    // Lane by lane. Hidden scores and those that do not exist are written anew.
    private LlvmValue Highest(LlvmValue row, LlvmValue vectors, LlvmValue first, LlvmValue? limit, LlvmValue keys)
    {
        var b = _k.B;
        LlvmValue line = At(_scores, row, _stride), left = b.Sub(limit is { } end ? _k.Min(end, keys) : keys, first);
        var whole = _k.Min(vectors, b.AShr(left, left.Type.Int(4)));
        var highest = _k.Loop(_k.I64(0), whole, 1, [_weights.Least], (vector, state) => [_weights.Higher(_k.Load(F32, At(line, vector, Lanes), null), state[0])]);
        whole = b.Select(b.ICmp(LlvmIntPredicate.Slt, whole, _k.I64(0)), _k.I64(0), whole);
        return _k.Loop(whole, vectors, 1, highest, (vector, state) =>
            [_weights.Higher(_weights.Masked(At(line, vector, Lanes), _k.Add(first, _k.Mul(vector, _k.I64(Lanes))), limit, keys), state[0])])[0];
    }

    private LlvmValue At(LlvmValue address, LlvmValue elements) => _k.B.Gep(F32, address, elements);

    private LlvmValue At(LlvmValue address, LlvmValue number, int size) => At(address, _k.Mul(number, _k.I64(size)));
}
