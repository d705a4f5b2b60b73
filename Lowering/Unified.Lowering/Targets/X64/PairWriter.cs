using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns up to 16 lines of a strided matrix of 16-bit elements into a packed stripe of pairs: for k = 0, 2, 4, … the lines' elements k and k + 1 as one
/// 32-bit number each, side by side. Where K is odd the last pairs end in zero.
/// </summary>
/// <param name="Order">Which of line and k is contiguous.</param>
/// <param name="Step">Pairs of the stripe from one k to the next; as in <see cref="PanelWriter"/>.</param>
internal sealed record PairWriter(KernelBuilder K, MatrixOrder Order, int Step)
{
    private const int Lanes = KernelBuilder.Lanes;

    /// <summary>The elements are f32 in memory, and are rounded to bf16.</summary>
    public bool IsRounded { get; init; }

    private LlvmType Element => IsRounded ? K.Context.F32 : K.Context.Int(16);

    private LlvmType Pair => K.Context.I32;

    /// <param name="source">Element 0 of line 0.</param>
    /// <param name="lines">Where the lines begin.</param>
    /// <param name="count">How many lines there are: any number, also none or more than <paramref name="width"/>.</param>
    /// <param name="width">Lines of the stripe.</param>
    /// <param name="depth">K, and elements between k and k + 1.</param>
    /// <param name="target">The stripe.</param>
    public void Emit(LlvmValue source, PanelLines lines, LlvmValue count, int width, (LlvmValue Extent, LlvmValue Stride) depth, LlvmValue target)
    {
        var mask = K.LanesBelow(K.Min(count, K.I64(width)));
        var pairs = K.B.UDiv(depth.Extent, K.I64(2));
        var start = K.I64(0);
        if (Order == MatrixOrder.KInner)
        {
            start = K.B.And(pairs, K.I64(-Lanes));
            K.If(K.B.ICmp(LlvmIntPredicate.Sgt, count, K.I64(0)), () => EmitTransposed(source, lines, count, width, start, target));
            K.If(K.B.ICmp(LlvmIntPredicate.Sle, count, K.I64(0)), () => K.Loop(K.I64(0), start, 1, pair => Store(Pair.Vector(Lanes).Zero, target, pair)));
        }

        LlvmValue Read(LlvmValue k)
        {
            var at = K.B.GepUnchecked(Element, source, Order == MatrixOrder.KInner ? k : K.Mul(k, depth.Stride));
            var value = Order == MatrixOrder.KOuter ? K.Load(Element, at, mask) : K.Gather(Element, K.B.GepUnchecked(Element, at, lines.Vector(K)), mask);
            return K.B.ZExt(Half(value), Pair.Vector(Lanes));
        }

        K.Loop(start, pairs, 1, pair =>
        {
            var k = K.Mul(pair, K.I64(2));
            Store(K.B.Or(Read(k), K.B.Shl(Read(K.Add(k, K.I64(1))), Pair.Vector(Lanes).Int(16))), target, pair);
        });
        K.If(K.B.ICmp(LlvmIntPredicate.Ne, K.B.And(depth.Extent, K.I64(1)), K.I64(0)), () => Store(Read(K.Mul(pairs, K.I64(2))), target, pairs));
    }

    private void EmitTransposed(LlvmValue source, PanelLines lines, LlvmValue count, int width, LlvmValue end, LlvmValue target)
    {
        LlvmValue[] starts = [.. Enumerable.Range(0, width).Select(l => K.B.GepUnchecked(Element, source, lines.Offset(K, l, count)))];
        LlvmValue[] exists = [.. Enumerable.Range(0, width).Select(l => K.B.ICmp(LlvmIntPredicate.Sgt, count, K.I64(l)))];
        var zero = Pair.Vector(Lanes).Zero;
        K.Loop(K.I64(0), end, Lanes, pair =>
        {
            LlvmValue[] rows = [.. Enumerable.Range(0, Lanes).Select(l =>
                l < width ? K.B.Select(exists[l], Pairs(starts[l], pair), zero) : zero)];
            var columns = Transpose.Emit(K.B, rows);
            for (var i = 0; i < Lanes; i++)
            {
                Store(columns[i], target, K.Add(pair, K.I64(i)));
            }
        });
    }

    /// <summary>16 pairs of a line.</summary>
    private LlvmValue Pairs(LlvmValue line, LlvmValue pair)
    {
        if (!IsRounded)
        {
            return K.B.Load(Pair.Vector(Lanes), K.B.Gep(Pair, line, pair), sizeof(short));
        }

        LlvmValue Part(int from) => Half(K.B.Load(Element.Vector(Lanes), K.B.Gep(Element, line, K.Add(K.Mul(pair, K.I64(2)), K.I64(from))), sizeof(float)));
        return K.B.BitCast(K.B.Shuffle(Part(0), Part(Lanes), [.. Enumerable.Range(0, 2 * Lanes)]), Pair.Vector(Lanes));
    }

    private LlvmValue Half(LlvmValue value) => IsRounded ? Numbers.ToMemory(K, value, DType.BF16) : value;

    private void Store(LlvmValue value, LlvmValue target, LlvmValue pair) => K.Store(value, K.B.Gep(Pair, target, K.Mul(pair, K.I64(Step))), null);
}
