using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns vectors of attention's scores, as the product of queries and keys gives them, into their highest and their weights e^(scale · (score − highest)).</summary>
internal sealed class ScoreWeights
{
    private const int Lanes = KernelBuilder.Lanes;

    private static readonly Fold s_sum = new(OpCode.Sum, DType.F32);

    private readonly KernelBuilder _k;
    private readonly LlvmValue _scale;
    private readonly int _sign;

    /// <param name="scale">The factor of the scores; 0: 1/√depth.</param>
    public ScoreWeights(KernelBuilder k, double scale, LlvmValue depth)
    {
        (_k, _sign) = (k, scale < 0 ? -1 : 1);
        Scale = scale != 0 ? F32.Real(scale) : k.B.FDiv(F32.Real(1), k.Sqrt(k.B.SIToFP(depth, F32)));
        _scale = k.B.Splat(k.B.FMul(Scale, F32.Real(Math.Log2(Math.E))), Lanes);
    }

    /// <summary>The factor of the scores.</summary>
    public LlvmValue Scale { get; }

    /// <summary>Below any other score, once scaled.</summary>
    public LlvmValue Least => Vector.Real(_sign > 0 ? double.NegativeInfinity : double.PositiveInfinity);

    private LlvmType F32 => _k.Context.F32;

    private LlvmType Vector => F32.Vector(Lanes);

    /// <summary>Which of them is higher once it is scaled; y if x is NaN, whose weight is NaN all the same.</summary>
    public LlvmValue Higher(LlvmValue x, LlvmValue y) => _k.B.Select(_k.B.FCmp(_sign > 0 ? LlvmRealPredicate.Ogt : LlvmRealPredicate.Olt, x, y), x, y);

    /// <summary>What is taken off the scores: where all are <see cref="Least"/>, nothing may be.</summary>
    public LlvmValue Shift(LlvmValue highest) => _k.B.Select(_k.B.FCmp(LlvmRealPredicate.Oeq, highest, Least), Vector.Zero, highest);

    public LlvmValue Weight(LlvmValue score, LlvmValue shift) => PowerOfTwo.Emit(_k, _k.B.FMul(_k.B.FSub(score, shift), _scale));

    /// <summary>The scores of keys from <paramref name="key"/> on, those of hidden keys and of keys that do not exist written anew.</summary>
    /// <param name="limit">The first key that is hidden; null: none is.</param>
    /// <param name="keys">The first key that does not exist.</param>
    public LlvmValue Masked(LlvmValue place, LlvmValue key, LlvmValue? limit, LlvmValue keys)
    {
        var (b, score) = (_k.B, _k.Load(F32, place, null));
        if (limit is { } hidden)
        {
            score = b.Select(_k.LanesBelow(b.Sub(hidden, key)), score, Vector.Real(_sign * AttentionKernel.Hidden));
        }

        score = b.Select(_k.LanesBelow(b.Sub(keys, key)), score, Least);
        _k.Store(score, place, null);
        return score;
    }

    /// <summary>The highest of each row of a tile: row r's in lane r.</summary>
    /// <param name="lines">A vector for each row.</param>
    public LlvmValue HighestOfRows(LlvmValue lines) => AcrossRows(lines, Higher);

    /// <summary>The sum of each row of a tile: row r's in lane r.</summary>
    /// <param name="lines">A vector for each row.</param>
    public LlvmValue SumOfRows(LlvmValue lines) => AcrossRows(lines, (x, y) => s_sum.Step(_k, x, y));

    private LlvmValue AcrossRows(LlvmValue lines, Func<LlvmValue, LlvmValue, LlvmValue> step)
    {
        LlvmValue[] rows = [.. Enumerable.Range(0, Lanes).Select(r => _k.Load(F32, _k.B.Gep(F32, lines, _k.I64(r % Tile.Rows * Lanes)), null))];
        for (var width = Lanes / 2; width >= 1; width /= 2)
        {
            // Blocks of lanes of one row, and at their side those of another, half of them in each operand.
            int[] low = new int[Lanes], high = new int[Lanes];
            for (var lane = 0; lane < Lanes; lane++)
            {
                var place = lane & ~width;
                low[lane] = (lane & width) == 0 ? place : Lanes + place;
                high[lane] = low[lane] + width;
            }

            rows = [.. Enumerable.Range(0, width).Select(r => step(_k.B.Shuffle(rows[r], rows[r + width], low), _k.B.Shuffle(rows[r], rows[r + width], high)))];
        }

        return rows[0];
    }
}
