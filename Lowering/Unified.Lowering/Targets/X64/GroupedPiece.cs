using Unified.Ir;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns rows of A and panels of groups (<see cref="GroupWriter"/>) into sums in registers. Where the machine has an instruction that multiplies a group and adds it
/// up, the rows are packed as groups as well; elsewhere groups are taken apart.
/// </summary>
/// <param name="K">Where code goes.</param>
/// <param name="Type">Of A: bf16 or f32 with pairs of bf16, u8 or f32 with fours of i8.</param>
/// <param name="Sum">What sums are kept in.</param>
/// <param name="Group">2 or 4.</param>
/// <param name="Lanes">Columns of a register.</param>
/// <param name="Vectors">Registers of a panel.</param>
/// <param name="Unroll">Groups in one turn of the loop; where they are taken apart, elements.</param>
/// <param name="Ahead">Groups of a panel that are asked for ahead of those in use; 0: none.</param>
internal sealed record GroupedPiece(KernelBuilder K, DType Type, LlvmType Sum, int Group, int Lanes, int Vectors, int Unroll, int Ahead)
{
    private LlvmType Word => K.Context.I32;

    /// <summary>Whether the machine has the instruction.</summary>
    public static bool HasInstruction(KernelBuilder k, DType type, int group) => k.HasAvx512 && (type, group) switch
    {
        (DType.BF16, 2) => k.Cpu.Has("avx512bf16"),
        (DType.U8, 4) => k.Cpu.Has("avx512vnni"),
        _ => false,
    };

    /// <param name="a">The place of a row's packed element, or group, by its number.</param>
    public LlvmValue[] Emit(Func<int, LlvmValue, LlvmValue> a, LlvmValue[] panels, LlvmValue depth, LlvmValue[] start)
    {
        var vectors = Vectors * panels.Length;
        LlvmValue[] Columns(LlvmValue word) => [.. from panel in panels from v in Enumerable.Range(0, Vectors) select K.B.Load(
            Word.Vector(Lanes), K.B.Gep(Word, panel, K.Add(K.Mul(word, K.I64(Loops.Tile.Columns)), K.I64(v * Lanes))), 4 / Group)];
        LlvmValue[] Each(LlvmValue[] state, LlvmValue[] columns, Func<int, LlvmValue> row, Func<LlvmValue, LlvmValue, LlvmValue, LlvmValue> add) =>
            [.. Enumerable.Range(0, state.Length / vectors).Select(row).SelectMany((r, i) => columns.Select((column, v) => add(state[(i * vectors) + v], r, column)))];
        void Ask(LlvmValue word)
        {
            foreach (var panel in Ahead > 0 ? panels : [])
            {
                for (var group = 0; group < Loops.Tile.Columns; group += KernelBuilder.Line / sizeof(int))
                {
                    K.Prefetch(K.B.GepUnchecked(Word, panel, K.Add(K.Mul(word, K.I64(Loops.Tile.Columns)), K.I64(Ahead + group))), isWritten: false, KernelBuilder.SecondLevel);
                }
            }
        }

        if (HasInstruction(K, Type, Group))
        {
            LlvmValue[] Step(LlvmValue word, LlvmValue[] state)
            {
                Ask(word);
                return Each(state, Columns(word), r => K.B.Splat(K.B.Load(Word, a(r, word), 4 / Group), Lanes), Dot);
            }

            var words = K.CeilDiv(depth, Group);
            var whole = K.B.And(words, K.I64(-Unroll));
            start = K.Loop(K.I64(0), whole, Unroll, start, (word, state) => Enumerable.Range(0, Unroll).Aggregate(state, (s, u) => Step(K.Add(word, K.I64(u)), s)));
            return K.Loop(whole, words, 1, start, Step);
        }

        LlvmValue[] Part(LlvmValue word, int part, LlvmValue[] state) => Each(
            state, [.. Columns(word).Select(c => Element(c, part))],
            r => K.B.Splat(K.B.Load(Sum, a(r, K.Add(K.Mul(word, K.I64(Group)), K.I64(part)))), Lanes),
            (sum, row, column) => Type.IsFloat() ? K.MultiplyAdd(row, column, sum) : K.B.Add(sum, K.B.Mul(row, column)));
        var full = K.B.UDiv(depth, K.I64(Group));
        var rest = K.B.URem(depth, K.I64(Group));
        LlvmValue[] Parts(LlvmValue word, LlvmValue[] state)
        {
            Ask(word);
            return Enumerable.Range(0, Group).Aggregate(state, (s, part) => Part(word, part, s));
        }

        var unroll = Math.Max(1, Unroll / Group);
        var turns = K.B.And(full, K.I64(-unroll));
        start = K.Loop(K.I64(0), turns, unroll, start, (word, state) => Enumerable.Range(0, unroll).Aggregate(state, (s, u) => Parts(K.Add(word, K.I64(u)), s)));
        start = unroll == 1 ? start : K.Loop(turns, full, 1, start, Parts);
        for (var part = 0; part < Group - 1; part++)
        {
            var number = part;
            start = K.Loop(K.I64(0), K.B.Select(K.B.ICmp(LlvmIntPredicate.Sgt, rest, K.I64(number)), K.I64(1), K.I64(0)), 1, start, (_, state) => Part(full, number, state));
        }

        return start;
    }

    private LlvmValue Dot(LlvmValue sum, LlvmValue row, LlvmValue column)
    {
        if (Group == 4)
        {
            return K.B.CallIntrinsic(K.Cpu, "llvm.x86.avx512.vpdpbusd.512", [], sum, row, column);
        }

        var halves = K.Context.BF16.Vector(2 * Lanes);
        return K.B.CallIntrinsic(K.Cpu, "llvm.x86.avx512bf16.dpbf16ps.512", [], sum, K.B.BitCast(row, halves), K.B.BitCast(column, halves));
    }

    // The bits of a bf16 are the upper half of an f32.
    private LlvmValue Element(LlvmValue word, int part) => Group == 4
        ? Whole(K.B.AShr(K.B.Shl(word, word.Type.Int(24 - (8 * part))), word.Type.Int(24)))
        : K.B.BitCast(part == 0 ? K.B.Shl(word, word.Type.Int(16)) : K.B.And(word, word.Type.Int(-65536)), Sum.Vector(Lanes));

    private LlvmValue Whole(LlvmValue number) => Type.IsFloat() ? K.B.SIToFP(number, Sum.Vector(Lanes)) : number;
}
