using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns few rows of f32 into digits, so that whole numbers of 4 or 8 bits are multiplied as they lie, four by one instruction, instead of being widened: of each block of
/// neighbours in k a row's numbers are rounded to whole steps of a power of two and written with signed digits of 8 bits. The step is at most 2⁻²²
/// of the largest of the block, and a digit's sums are exact.
/// </summary>
/// <param name="K">Where code goes.</param>
/// <param name="PerByte">Numbers of k in a byte of a panel.</param>
/// <param name="Block">Numbers of k in a block; with two a byte a multiple of 8, else of 16.</param>
/// <param name="Depth">K.</param>
/// <param name="Memory">Room for four rows, aligned to lines: less than <see cref="Tile.ScratchBytes"/> has for packed rows.</param>
internal sealed record DigitRows(KernelBuilder K, int PerByte, LlvmValue Block, LlvmValue Depth, LlvmValue Memory)
{
    /// <summary>Bytes of four numbers' digits: four of each place, then those of the next. Of what is said about a block: what its sums begin with, then its step.</summary>
    public const int BytesOfFour = 16, BytesOfBlock = 32;

    public const int Digits = 3;

    private const int Lanes = KernelBuilder.Lanes, BytesOfWord = 4;

    // Of numbers of 8 bits, where a row is one group.
    private const int BlockOfBytes = 128;

    // Steps of larger and smaller numbers are no normal f32, or none at all: of infinity and NaN.
    private const int Bias = 127, Farthest = 90;

    /// <summary>What the panel's numbers are more than what they mean, as they are multiplied.</summary>
    private int Excess => PerByte == 2 ? 8 : 128;

    private LlvmType Word => K.Context.I32;

    private LlvmType Words => Word.Vector(Lanes);

    /// <summary>Whether a row lies in memory as digits are made of it, and the machine multiplies them.</summary>
    public static bool CanHold(KernelBuilder k, ContractionKernel kernel) =>
        k.HasAvx512 && k.Cpu.Has("avx512vnni") && kernel.Type == DType.F32 && kernel.Rows != RowCount.Many && kernel.Windows is null && kernel.OrderA == MatrixOrder.KInner
        && (kernel.Scaled, kernel.RightType, kernel.Group) is ({ PerByte: 2 }, DType.U8, _) or (null, DType.I8, BytesOfWord);

    /// <param name="parameters">Those of a kernel that <see cref="CanHold"/> is true of.</param>
    /// <param name="memory">See <see cref="Memory"/>.</param>
    public static DigitRows Of(KernelBuilder k, ContractionKernel kernel, ContractionParameters parameters, LlvmValue memory) => kernel.Scaled is null
        ? new(k, 1, k.I64(BlockOfBytes), parameters.Depth, memory)
        : new(k, 2, parameters.GroupLength, parameters.Depth, memory);

    public LlvmValue Blocks => K.CeilDiv(Depth, Block);

    private LlvmValue Known => K.B.Offset(Memory, KernelBuilder.Line);

    private LlvmValue FirstDigits => K.B.Gep(K.Context.I8, Known, K.Mul(Blocks, K.I64(Tile.FewRows * BytesOfBlock)));

    /// <summary>Whether all that was packed can be held; numbers that are too large or small, infinite or none are not.</summary>
    public LlvmValue Hold => K.B.ICmp(LlvmIntPredicate.Ne, K.B.Load(K.Context.I64, Memory), K.I64(0));

    /// <summary>What is known about a row's block.</summary>
    public LlvmValue BlockAt(int row, LlvmValue block) => BlockAt(K.I64(row), block);

    /// <summary>Bytes from the digits of four numbers to those of the next: rows lie side by side, for lines at equal places in pages would drive each other out of the cache.</summary>
    public static int Step(int height) => height == 1 ? BytesOfFour : Tile.FewRows * BytesOfFour;

    /// <summary>The digits of all rows, of which there are <paramref name="height"/> or a few less, from k on, a multiple of four.</summary>
    public LlvmValue DigitsAt(int height, LlvmValue k) => K.B.Gep(K.Context.I8, FirstDigits, K.Mul(k, K.I64(Step(height) / 4)));

    /// <param name="start">Where a row begins in memory.</param>
    /// <param name="rows">How many there are: 1 to <see cref="Tile.FewRows"/>; the last one is repeated.</param>
    public void Pack(Func<LlvmValue, LlvmValue> start, LlvmValue rows)
    {
        var one = K.B.ICmp(LlvmIntPredicate.Eq, rows, K.I64(1));
        var step = K.B.Select(one, K.I64(Step(1)), K.I64(Step(Tile.FewRows)));
        var holds = K.Loop(K.I64(0), K.B.Select(one, K.I64(1), K.I64(Tile.FewRows)), 1, [K.I64(1)], (row, all) =>
        {
            var source = start(K.Min(row, K.B.Sub(rows, K.I64(1))));
            return K.Loop(K.I64(0), Blocks, 1, all, (block, state) => [K.B.And(state[0], PackBlock(source, row, block, step))]);
        });
        K.B.Store(holds[0], Memory);
    }

    private LlvmValue BlockAt(LlvmValue row, LlvmValue block) =>
        K.B.Gep(K.Context.I8, Known, K.Mul(K.Add(K.Mul(row, Blocks), block), K.I64(BytesOfBlock)));

    // Gives 1 if it can be held.
    private LlvmValue PackBlock(LlvmValue source, LlvmValue row, LlvmValue block, LlvmValue step)
    {
        var first = K.Mul(block, Block);
        var count = K.Min(Block, K.B.Sub(Depth, first));
        LlvmValue Read(LlvmValue k) =>
            K.Load(K.Context.F32, K.B.GepUnchecked(K.Context.F32, source, K.Add(first, k)), K.LanesBelow(K.B.Sub(count, k)));

        // Of magnitudes the order of floats is that of their bits.
        var most = K.B.Reduce("umax", K.Loop(K.I64(0), count, Lanes, [Words.Zero], (k, state) =>
        {
            var bits = K.B.And(K.B.BitCast(Read(k), Words), Words.Int(int.MaxValue));
            return [K.B.Select(K.B.ICmp(LlvmIntPredicate.Ugt, bits, state[0]), bits, state[0])];
        })[0]);

        // The exponent of a power of two that is above, by as much as keeps the first digit below 128.
        var exponent = K.B.LShr(K.B.Add(most, Word.Int(0x18000)), Word.Int(23));
        exponent = K.B.Select(K.B.ICmp(LlvmIntPredicate.Eq, most, Word.Zero), Word.Int(Bias), exponent);
        var holds = K.B.ICmp(LlvmIntPredicate.Ult, K.B.Sub(exponent, Word.Int(Bias - Farthest)), Word.Int(2 * Farthest));

        // The largest is below 2^(exponent - 126), and takes 8 bits a digit, less the sign.
        LlvmValue Power(LlvmValue biased) => K.B.BitCast(K.B.Shl(biased, Word.Int(23)), K.Context.F32);
        var shift = (8 * Digits) - 1 + (Bias - 1);
        var steps = K.B.Splat(Power(K.B.Sub(Word.Int(shift + Bias), exponent)), Lanes);
        var ones = Words.Int(0x01010101);
        var sums = K.Loop(K.I64(0), count, Lanes, [Words.Zero], (k, state) =>
        {
            var digits = InPlaces(K.B.FPToSI(K.NearestEven(K.B.FMul(Read(k), steps)), Words));
            var four = K.B.UDiv(K.Add(first, k), K.I64(4));
            for (var i = 0; i < Lanes / 4; i++)
            {
                var to = K.B.Gep(K.Context.I8, FirstDigits, K.Add(K.Mul(K.Add(four, K.I64(i)), step), K.Mul(row, K.I64(BytesOfFour))));
                K.B.Store(K.B.Permute(digits, [.. Enumerable.Range(4 * i, 4)]), to, BytesOfFour);
            }

            return [K.B.CallIntrinsic(K.Cpu, "llvm.x86.avx512.vpdpbusd.512", [], state[0], ones, digits)];
        })[0];

        // Four sums, of four fours each.
        foreach (var distance in (int[])[8, 4])
        {
            sums = K.B.Add(sums, K.B.Permute(sums, [.. Enumerable.Range(0, Lanes).Select(l => (l + distance) % Lanes)]));
        }

        var known = BlockAt(row, block);
        K.B.Store(K.B.Mul(K.B.Permute(sums, 0, 1, 2, 3), Word.Vector(4).Int(-Excess)), known, 4);
        K.B.Store(Power(K.B.Sub(exponent, Word.Int(shift - Bias))), K.B.Offset(known, BytesOfFour), 4);
        return K.B.ZExt(holds, K.Context.I64);
    }

    // Digits of 16 numbers, those of one place together for each four that a word of the panel holds: with two a byte first every second of eight, then those between.
    private LlvmValue InPlaces(LlvmValue numbers)
    {
        // Bytes from 0 to 255 above the lowest digit, then the digits themselves.
        var lower = Words.Int(0x00008080);
        var digits = K.B.BitCast(K.B.Xor(K.B.Add(numbers, lower), lower), K.Context.Int(8).Vector(BytesOfWord * Lanes));
        var from = new int[BytesOfWord * Lanes];
        for (var i = 0; i < from.Length; i++)
        {
            var (four, place, part) = (i / BytesOfFour, i % BytesOfFour / 4, i % 4);
            var number = PerByte == 1 ? (4 * four) + part : (8 * (four / 2)) + (2 * part) + (four % 2);
            from[i] = (BytesOfWord * number) + place;
        }

        return K.B.BitCast(K.B.Permute(digits, from), Words);
    }
}
