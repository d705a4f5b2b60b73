using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns blocks of a row's scores into weights, one block after the other: each row has its highest score so far, the total of its weights, and the factor by
/// which all that was summed before this block is scaled down (Milakov and Gimelshein, 2018).
/// </summary>
internal sealed class SoftmaxBlocks
{
    /// <summary>Numbers that are kept for a row.</summary>
    public const int NumbersPerRow = 3;

    private const int Lanes = KernelBuilder.Lanes;

    private static readonly Fold s_max = new(OpCode.ReduceMax, DType.F32);
    private static readonly Fold s_sum = new(OpCode.Sum, DType.F32);

    private readonly KernelBuilder _k;
    private readonly LlvmValue _scale;
    private readonly LlvmValue _rows;
    private readonly LlvmValue _maximum;
    private readonly LlvmValue _total;
    private readonly LlvmValue _factor;

    /// <param name="scale">The factor of the scores; 0: 1/√depth.</param>
    /// <param name="memory">Room for <see cref="NumbersPerRow"/> numbers for each row.</param>
    /// <param name="rows">How many rows the memory holds.</param>
    public SoftmaxBlocks(KernelBuilder k, double scale, LlvmValue depth, LlvmValue memory, LlvmValue rows)
    {
        (_k, _rows) = (k, rows);
        _scale = scale != 0 ? F32.Real(scale) : k.B.FDiv(F32.Real(1), k.Sqrt(k.B.SIToFP(depth, F32)));
        LlvmValue Part(int i) => k.B.Gep(F32, memory, k.Mul(k.I64(i), rows));
        (_maximum, _total, _factor) = (Part(0), Part(1), Part(2));
    }

    private LlvmType F32 => _k.Context.F32;

    /// <summary>Before the first block.</summary>
    public void Begin() => _k.Loop(_k.I64(0), _rows, 1, row =>
    {
        _ = _k.B.Store(F32.Real(double.NegativeInfinity), At(_maximum, row));
        _ = _k.B.Store(F32.Zero, At(_total, row));
    });

    /// <summary>Writes weights over the scores.</summary>
    /// <param name="vectors">How many vectors of scores there are.</param>
    /// <param name="address">Where each is.</param>
    /// <param name="first">The key of the first score.</param>
    /// <param name="limit">The first key that is hidden; null: none is.</param>
    /// <param name="keys">The first key that does not exist.</param>
    public void Emit(LlvmValue row, LlvmValue vectors, Func<LlvmValue, LlvmValue> address, LlvmValue first, LlvmValue? limit, LlvmValue keys)
    {
        var b = _k.B;
        var maximum = _k.Loop(_k.I64(0), vectors, 1, [s_max.Identity(_k)], (vector, state) =>
        {
            var place = address(vector);
            var key = _k.Add(first, _k.Mul(vector, _k.I64(Lanes)));
            var score = b.FMul(_k.Load(F32, place, null), b.Splat(_scale, Lanes));
            if (limit is { } hidden)
            {
                score = b.Select(_k.LanesBelow(b.Sub(hidden, key)), score, score.Type.Real(AttentionKernel.Hidden));
            }

            score = b.Select(_k.LanesBelow(b.Sub(keys, key)), score, score.Type.Real(double.NegativeInfinity));
            _k.Store(score, place, null);
            return [s_max.Step(_k, state[0], score)];
        });

        // Where all is minus infinity nothing may be taken off it.
        LlvmValue former = b.Load(F32, At(_maximum, row)), highest = s_max.Across(_k, maximum[0]);
        highest = b.Select(b.FCmp(LlvmRealPredicate.Ogt, former, highest), former, highest);
        var shift = b.Select(_k.Is(LlvmRealPredicate.Oeq, highest, double.NegativeInfinity), F32.Zero, highest);
        var totals = _k.Loop(_k.I64(0), vectors, 1, [s_sum.Identity(_k)], (vector, state) =>
        {
            var place = address(vector);
            var weight = Exponential.Emit(_k, b.FSub(_k.Load(F32, place, null), b.Splat(shift, Lanes)));
            _k.Store(weight, place, null);
            return [b.FAdd(state[0], weight)];
        });
        var factor = b.ExtractElement(Exponential.Emit(_k, b.Splat(b.FSub(former, shift), Lanes)), 0);
        _ = b.Store(highest, At(_maximum, row));
        _ = b.Store(factor, At(_factor, row));
        _ = b.Store(_k.MultiplyAdd(b.Load(F32, At(_total, row)), factor, s_sum.Across(_k, totals[0])), At(_total, row));
    }

    /// <summary>What the sums of the blocks before are scaled down by.</summary>
    public LlvmValue Factor(LlvmValue row) => _k.B.Load(F32, At(_factor, row));

    /// <summary>After the last block: what the sums of all blocks are multiplied by. Without keys the sum is empty: zero.</summary>
    public LlvmValue Inverse(LlvmValue row, LlvmValue keys)
    {
        var b = _k.B;
        return b.FDiv(F32.Real(1), b.Select(b.ICmp(LlvmIntPredicate.Eq, keys, _k.I64(0)), F32.Real(1), b.Load(F32, At(_total, row))));
    }

    private LlvmValue At(LlvmValue address, LlvmValue row) => _k.B.Gep(F32, address, row);
}
