using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns rows of digits (<see cref="DigitRows"/>) and a panel of whole numbers of 4 or 8 bits into sums: an instruction multiplies a digit of four neighbours in k with 16 columns.
/// After a block the digits' sums, which are exact, are joined.
/// </summary>
/// <param name="K">Where code goes.</param>
/// <param name="Rows">What the panel is multiplied with.</param>
/// <param name="Ahead">Bytes of the panel that are asked for before they are read; 0: none.</param>
internal sealed record DigitPiece(KernelBuilder K, DigitRows Rows, int Ahead)
{
    private const int Lanes = KernelBuilder.Lanes, Vectors = Tile.Columns / Lanes, BytesOfWord = 4;

    // As many sums of digits as leave room for the rest.
    private const int MostSums = 24;

    private LlvmType Words => K.Context.I32.Vector(Lanes);

    private LlvmType Numbers => K.Context.F32.Vector(Lanes);

    /// <summary>The product with one panel, to a tile of <see cref="Tile.Columns"/> a row.</summary>
    /// <param name="rows">1 to <see cref="Tile.FewRows"/>.</param>
    public void Emit(LlvmValue rows, Panel panel, LlvmValue tile) => K.If(
        K.B.ICmp(LlvmIntPredicate.Eq, rows, K.I64(1)),
        () => Emit(1, panel, tile),
        () => K.If(K.B.ICmp(LlvmIntPredicate.Eq, rows, K.I64(2)), () => Emit(2, panel, tile), () => Emit(Tile.FewRows, panel, tile)));

    private void Emit(int height, Panel panel, LlvmValue tile)
    {
        var together = height * DigitRows.Digits * Vectors <= MostSums ? Vectors : 1;
        LlvmValue[] start = [.. Enumerable.Repeat(Numbers.Zero, height * Vectors)];
        var sums = K.Loop(K.I64(0), Rows.Blocks, 1, start, (block, state) =>
        {
            var next = new LlvmValue[state.Length];
            for (var first = 0; first < Vectors; first += together)
            {
                var digits = SumDigits(height, panel, block, first, together);
                for (var r = 0; r < height; r++)
                {
                    var step = K.B.Splat(K.B.Load(K.Context.F32, K.B.Offset(Rows.BlockAt(r, block), DigitRows.BytesOfFour)), Lanes);
                    for (var v = first; v < first + together; v++)
                    {
                        var at = ((r * together) + v - first) * DigitRows.Digits;
                        var whole = Joined(digits.AsSpan(at, DigitRows.Digits));
                        next[(r * Vectors) + v] = panel.Scales is { } scales
                            ? K.MultiplyAdd(K.B.FMul(whole, step), K.B.Load(Numbers, K.B.Gep(K.Context.F32, scales, K.Add(K.Mul(block, K.I64(Tile.Columns)), K.I64(v * Lanes))), 4), state[(r * Vectors) + v])
                            : K.MultiplyAdd(whole, step, state[(r * Vectors) + v]);
                    }
                }
            }

            return next;
        });
        for (var i = 0; i < sums.Length; i++)
        {
            K.B.Store(sums[i], K.B.Gep(K.Context.F32, tile, K.I64((i / Vectors * Tile.Columns) + (i % Vectors * Lanes))), sizeof(float));
        }
    }

    // Row by row, of a row vector by vector, of a vector digit by digit.
    private LlvmValue[] SumDigits(int height, Panel panel, LlvmValue block, int first, int together)
    {
        var (perWord, step) = (BytesOfWord * Rows.PerByte, DigitRows.Step(height));
        var begin = K.Mul(block, Rows.Block);
        var count = K.CeilDiv(K.Min(Rows.Block, K.B.Sub(Rows.Depth, begin)), perWord);
        var words = K.B.GepUnchecked(K.Context.I8, panel.Numbers, K.Mul(begin, K.I64(Tile.Columns / Rows.PerByte)));
        var digits = Rows.DigitsAt(height, begin);
        LlvmValue[] start =
        [
            .. from r in Enumerable.Range(0, height) from v in Enumerable.Range(0, together) from d in Enumerable.Range(0, DigitRows.Digits)
                select K.B.Splat(K.B.Load(K.Context.I32, K.B.Offset(Rows.BlockAt(r, block), d * BytesOfWord)), Lanes),
        ];
        return K.Loop(K.I64(0), count, 1, start, (word, state) =>
        {
            LlvmValue[] At(Func<LlvmValue, LlvmValue> part) => [.. Enumerable.Range(first, together).Select(v => part(K.B.Load(
                Words, K.B.GepUnchecked(K.Context.I8, words, K.Add(K.Mul(word, K.I64(Tile.Columns * BytesOfWord)), K.I64(v * KernelBuilder.Line))), 1)))];
            for (var v = first; v < first + together && Ahead > 0 && (height > 1 || Rows.PerByte == 2); v++)
            {
                K.Prefetch(
                    K.B.GepUnchecked(K.Context.I8, words, K.Add(K.Mul(word, K.I64(Tile.Columns * BytesOfWord)), K.I64(Ahead + (v * KernelBuilder.Line)))),
                    isWritten: false, KernelBuilder.SecondLevel);
            }

            var low = Words.Int(0x0f0f0f0f);
            LlvmValue[][] parts = Rows.PerByte == 1
                ? [At(w => K.B.Xor(w, Words.Int(unchecked((int)0x80808080))))]
                : [At(w => K.B.And(w, low)), At(w => K.B.And(K.B.LShr(w, Words.Int(4)), low))];
            for (var part = 0; part < parts.Length; part++)
            {
                var (columns, place) = (parts[part], part);
                state = [.. state.Select((sum, i) =>
                {
                    var (r, v, d) = (i / (together * DigitRows.Digits), i / DigitRows.Digits % together, i % DigitRows.Digits);
                    var digit = K.B.Load(K.Context.I32, K.B.Gep(K.Context.I8, digits, K.Add(
                        K.Mul(word, K.I64(step * Rows.PerByte)), K.I64((step * place) + (r * DigitRows.BytesOfFour) + (d * BytesOfWord)))));
                    return K.B.CallIntrinsic(K.Cpu, "llvm.x86.avx512.vpdpbusd.512", [], sum, columns[v], K.B.Splat(digit, Lanes));
                })];
            }

            return state;
        });
    }

    private LlvmValue Joined(ReadOnlySpan<LlvmValue> digits)
    {
        var joined = K.B.SIToFP(digits[^1], Numbers);
        for (var d = digits.Length - 2; d >= 0; d--)
        {
            joined = K.MultiplyAdd(joined, Numbers.Real(256), K.B.SIToFP(digits[d], Numbers));
        }

        return joined;
    }
}
