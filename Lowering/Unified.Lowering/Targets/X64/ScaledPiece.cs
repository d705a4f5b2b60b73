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
/// <param name="Length">Numbers of k in a group, a multiple of <paramref name="PerByte"/>.</param>
/// <param name="Lanes">Columns of a register.</param>
/// <param name="Vectors">Registers of a panel.</param>
internal sealed record ScaledPiece(KernelBuilder K, int PerByte, LlvmValue Length, int Lanes, int Vectors)
{
    private const int Unroll = 4;

    private LlvmType Byte => K.Context.Int(8);

    private LlvmType Number => K.Context.F32;

    private LlvmType Whole => K.Context.I32.Vector(Lanes);

    /// <param name="a">Element (row, k) of A.</param>
    /// <param name="start">The sums, row by row, those of a row panel by panel.</param>
    public LlvmValue[] Emit(Func<int, LlvmValue, LlvmValue> a, Panel[] panels, LlvmValue depth, LlvmValue[] start)
    {
        var vectors = Vectors * panels.Length;
        var rows = start.Length / vectors;
        var registers = K.HasAvx512 ? 32 : 16;
        var scalesSums = (2 * start.Length) + vectors + 2 <= registers;
        var turns = K.B.UDiv(Length, K.I64(PerByte));
        return K.Loop(K.I64(0), K.B.UDiv(depth, Length), 1, start, (number, sums) =>
        {
            LlvmValue[] scales = [.. from panel in panels from v in Enumerable.Range(0, Vectors) select K.B.Load(
                Number.Vector(Lanes), K.B.Gep(Number, panel.Scales!.Value, K.Add(K.Mul(number, K.I64(Loops.Tile.Columns)), K.I64(v * Lanes))), sizeof(float))];
            var first = K.Mul(number, turns);
            LlvmValue[] Turn(LlvmValue turn, LlvmValue[] state)
            {
                turn = K.Add(first, turn);
                LlvmValue[] bytes = [.. from panel in panels from v in Enumerable.Range(0, Vectors) select K.B.Load(
                    Byte.Vector(Lanes), K.B.Gep(Byte, panel.Numbers, K.Add(K.Mul(turn, K.I64(Loops.Tile.Columns)), K.I64(v * Lanes))), 1)];
                for (var part = 0; part < PerByte; part++)
                {
                    var k = K.Add(K.Mul(turn, K.I64(PerByte)), K.I64(part));
                    LlvmValue[] columns = [.. bytes.Select((b, v) => scalesSums ? Widened(b, part) : K.B.FMul(Widened(b, part), scales[v]))];
                    LlvmValue[] factors = [.. Enumerable.Range(0, rows).Select(r => K.B.Splat(a(r, k), Lanes))];
                    state = [.. state.Select((sum, i) => K.MultiplyAdd(factors[i / vectors], columns[i % vectors], sum))];
                }

                return state;
            }

            LlvmValue[] begin = scalesSums ? [.. sums.Select(s => s.Type.Zero)] : sums;
            var whole = K.B.And(turns, K.I64(-Unroll));
            var ends = K.Loop(K.I64(0), whole, Unroll, begin, (turn, state) => Enumerable.Range(0, Unroll).Aggregate(state, (s, u) => Turn(K.Add(turn, K.I64(u)), s)));
            ends = K.Loop(whole, turns, 1, ends, Turn);
            return scalesSums ? [.. ends.Select((e, i) => K.MultiplyAdd(e, scales[i % vectors], sums[i]))] : ends;
        });
    }

    private LlvmValue Widened(LlvmValue bytes, int part)
    {
        if (PerByte == 1)
        {
            return K.B.SIToFP(K.B.SExt(bytes, Whole), Number.Vector(Lanes));
        }

        var number = K.B.ZExt(bytes, Whole);
        number = part == 0 ? number : K.B.LShr(number, Whole.Int(4));
        if (K.HasAvx512)
        {
            // A table of the sixteen numbers, of whose index four bits count.
            var table = K.B.SIToFP(K.B.Add(K.B.Iota(K.Context.I32, Lanes), Whole.Int(-8)), Number.Vector(Lanes));
            return K.B.CallIntrinsic(K.Cpu, "llvm.x86.avx512.permvar.sf.512", [], table, number);
        }

        number = part == 0 ? K.B.And(number, Whole.Int(15)) : number;
        return K.B.SIToFP(K.B.Add(number, Whole.Int(-8)), Number.Vector(Lanes));
    }
}
