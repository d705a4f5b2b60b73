using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>A packed panel: where its numbers begin, and where the scales of its groups do.</summary>
internal readonly record struct Panel(LlvmValue Numbers, LlvmValue? Scales = null)
{
    public static implicit operator Panel(LlvmValue numbers) => new(numbers);
}

/// <summary>
/// Turns rows of A and panels of scaled numbers of 4 or 8 bits into sums in registers. Few rows sum up a group by itself and scale the sum; many rows, whose sums fill the
/// registers, scale the numbers.
/// </summary>
/// <param name="K">Where code goes.</param>
/// <param name="PerByte">Numbers of k in a byte of a panel.</param>
/// <param name="Length">Numbers of k in a group; with two a byte a multiple of 8.</param>
/// <param name="Lanes">Columns of a register.</param>
/// <param name="Vectors">Registers of a panel.</param>
/// <param name="Unroll">Numbers of a column in one turn of the loop, where they are read one by one.</param>
/// <param name="Ahead">Bytes of a panel that are asked for before they are read; 0: none.</param>
internal sealed record ScaledPiece(KernelBuilder K, int PerByte, LlvmValue Length, int Lanes, int Vectors, int Unroll, int Ahead)
{
    private LlvmType Number => K.Context.F32;

    private LlvmType Whole => K.Context.I32.Vector(Lanes);

    /// <param name="a">Element (row, k) of A.</param>
    /// <param name="start">The sums, row by row, those of a row panel by panel.</param>
    public LlvmValue[] Emit(Func<int, LlvmValue, LlvmValue> a, Panel[] panels, LlvmValue depth, LlvmValue[] start)
    {
        var vectors = Vectors * panels.Length;
        var rows = start.Length / vectors;
        var scalesSums = (2 * start.Length) + vectors + 2 <= (K.HasAvx512 ? 32 : 16);
        if (!scalesSums && panels.Length > 1)
        {
            // Half of the panels at a time.
            var half = vectors / 2;
            LlvmValue[] Sums(int from) => [.. Enumerable.Range(0, rows).SelectMany(r => start[((r * vectors) + from)..((r * vectors) + from + half)])];
            LlvmValue[] left = Emit(a, panels[..(panels.Length / 2)], depth, Sums(0)), right = Emit(a, panels[(panels.Length / 2)..], depth, Sums(half));
            return [.. Enumerable.Range(0, rows).SelectMany(r => left[(r * half)..((r + 1) * half)].Concat(right[(r * half)..((r + 1) * half)]))];
        }

        // What is read at once: a word of eight numbers for each column, or a number.
        var (held, numbers) = PerByte == 2 ? (K.Context.I32, 8) : (K.Context.Int(8), 1);
        var turns = K.B.UDiv(Length, K.I64(numbers));
        LlvmValue At(LlvmType type, LlvmValue start, LlvmValue row, int v) =>
            K.B.Load(type.Vector(Lanes), K.B.Gep(type, start, K.Add(K.Mul(row, K.I64(Loops.Tile.Columns)), K.I64(v * Lanes))), 1);
        return K.Loop(K.I64(0), K.B.UDiv(depth, Length), 1, start, (number, sums) =>
        {
            LlvmValue[] scales = [.. from panel in panels from v in Enumerable.Range(0, Vectors) select At(Number, panel.Scales!.Value, number, v)];
            var first = K.Mul(number, turns);
            LlvmValue[] Turn(LlvmValue turn, LlvmValue[] state)
            {
                turn = K.Add(first, turn);
                if (numbers > 1 && Ahead > 0)
                {
                    foreach (var panel in panels)
                    {
                        for (var v = 0; v < Vectors; v++)
                        {
                            K.Prefetch(K.B.GepUnchecked(held, panel.Numbers, K.Add(K.Mul(turn, K.I64(Loops.Tile.Columns)), K.I64((Ahead / 4) + (v * Lanes)))), isWritten: false, KernelBuilder.SecondLevel);
                        }
                    }
                }

                // From their byte number `bytes` on.
                LlvmValue[] Words(int bytes) =>
                [
                    .. from panel in panels from v in Enumerable.Range(0, Vectors)
                        select At(held, bytes == 0 ? panel.Numbers : K.B.Gep(K.Context.I8, panel.Numbers, K.I64(bytes)), turn, v),
                ];
                var words = Words(0);
                for (var part = 0; part < numbers; part++)
                {
                    var k = K.Add(K.Mul(turn, K.I64(numbers)), K.I64(part));
                    if (part > 0 && part % 2 == 0)
                    {
                        words = Words(part / 2);
                    }

                    LlvmValue[] columns = [.. words.Select((w, v) => scalesSums ? Widened(w, part % 2) : K.B.FMul(Widened(w, part % 2), scales[v]))];
                    state = [.. Enumerable.Range(0, rows).SelectMany(r =>
                    {
                        // Where the factors of all rows are read before, they take the registers that the sums need.
                        var factor = K.B.Splat(a(r, k), Lanes);
                        return columns.Zip(state[(r * vectors)..((r + 1) * vectors)], (column, sum) => K.MultiplyAdd(factor, column, sum)).ToList();
                    })];
                }

                return state;
            }

            LlvmValue[] begin = scalesSums ? [.. sums.Select(s => s.Type.Zero)] : sums;
            LlvmValue[] ends;
            if (numbers == 1)
            {
                var whole = K.B.And(turns, K.I64(-Unroll));
                ends = K.Loop(K.I64(0), whole, Unroll, begin, (turn, state) => Enumerable.Range(0, Unroll).Aggregate(state, (s, u) => Turn(K.Add(turn, K.I64(u)), s)));
                ends = K.Loop(whole, turns, 1, ends, Turn);
            }
            else
            {
                ends = K.Loop(K.I64(0), turns, 1, begin, Turn);
            }

            return scalesSums ? [.. ends.Select((e, i) => K.MultiplyAdd(e, scales[i % vectors], sums[i]))] : ends;
        });
    }

    private LlvmValue Widened(LlvmValue held, int part)
    {
        if (PerByte == 1)
        {
            return K.B.SIToFP(K.B.SExt(held, Whole), Number.Vector(Lanes));
        }

        var number = part == 0 ? held : K.B.LShr(held, Whole.Int(4 * part));
        if (K.HasAvx512)
        {
            // A table of the sixteen numbers, of whose index four bits count.
            var table = K.B.SIToFP(K.B.Add(K.B.Iota(K.Context.I32, Lanes), Whole.Int(-8)), Number.Vector(Lanes));
            return K.B.CallIntrinsic(K.Cpu, "llvm.x86.avx512.permvar.sf.512", [], table, number);
        }

        return K.B.SIToFP(K.B.Add(K.B.And(number, Whole.Int(15)), Whole.Int(-8)), Number.Vector(Lanes));
    }
}
