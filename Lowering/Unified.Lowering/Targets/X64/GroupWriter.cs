using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns up to 16 lines of a strided matrix of narrow elements into a packed stripe of groups: pairs of 16 bits, or fours of 8. For k = 0, Group, … the lines'
/// elements k … k + Group - 1 are one 32-bit number each, side by side. Where K is no multiple of it the last groups end in zeros.
/// </summary>
/// <param name="Order">Which of line and k is contiguous.</param>
/// <param name="Step">Groups of the stripe from one k to the next; as in <see cref="PanelWriter"/>.</param>
/// <param name="Group">2 or 4.</param>
internal sealed record GroupWriter(KernelBuilder K, MatrixOrder Order, int Step, int Group)
{
    private const int Lanes = KernelBuilder.Lanes;

    /// <summary>The elements are f32 in memory, and are rounded to bf16.</summary>
    public bool IsRounded { get; init; }

    /// <summary>As <see cref="PanelWriter.IsStreamed"/>.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>As <see cref="PanelWriter.RowsAhead"/>, of stripes side by side.</summary>
    public int RowsAhead { get; init; }

    private int Bits => 32 / Group;

    private LlvmType Element => IsRounded ? K.Context.F32 : K.Context.Int(Bits);

    private LlvmType Word => K.Context.I32;

    /// <param name="source">Element 0 of line 0.</param>
    /// <param name="lines">Where the lines begin.</param>
    /// <param name="count">How many lines there are: any number, also none or more than <paramref name="width"/>.</param>
    /// <param name="width">Lines of the stripe.</param>
    /// <param name="depth">K, and elements between k and k + 1.</param>
    /// <param name="target">The stripe.</param>
    public void Emit(LlvmValue source, PanelLines lines, LlvmValue count, int width, (LlvmValue Extent, LlvmValue Stride) depth, LlvmValue target)
    {
        var mask = K.LanesBelow(K.Min(count, K.I64(width)));
        var words = K.B.UDiv(depth.Extent, K.I64(Group));
        var start = K.I64(0);
        if (Order == MatrixOrder.KInner)
        {
            start = K.B.And(words, K.I64(-Lanes));
            K.If(K.B.ICmp(LlvmIntPredicate.Sgt, count, K.I64(0)), () => EmitTransposed(source, lines, count, width, start, target));
            K.If(K.B.ICmp(LlvmIntPredicate.Sle, count, K.I64(0)), () => K.Loop(K.I64(0), start, 1, word => Store(Word.Vector(Lanes).Zero, target, word)));
        }

        LlvmValue Read(LlvmValue k)
        {
            var at = K.B.GepUnchecked(Element, source, Order == MatrixOrder.KInner ? k : K.Mul(k, depth.Stride));
            return Order == MatrixOrder.KOuter ? K.Load(Element, at, mask) : K.Gather(Element, K.B.GepUnchecked(Element, at, lines.Vector(K)), mask);
        }

        EachGroup(start, depth.Extent, (word, elements) => Store(Joined(K.Mul(word, K.I64(Group)), elements, Read), target, word));
    }

    /// <summary>As <see cref="PanelWriter.EmitBeside"/>.</summary>
    public void EmitBeside(LlvmValue source, LlvmValue? count, (LlvmValue Extent, LlvmValue Stride) depth, IReadOnlyList<LlvmValue> targets)
    {
        var beside = new StripesBeside(K, Element, count, targets.Count, RowsAhead);
        EachGroup(K.I64(0), depth.Extent, (word, elements) =>
        {
            LlvmValue Row(LlvmValue k) => K.B.GepUnchecked(Element, source, K.Mul(k, depth.Stride));
            var first = K.Mul(word, K.I64(Group));
            for (var i = 0; i < elements; i++)
            {
                beside.AskFor(Row(K.Add(first, K.I64(i))), depth.Stride);
            }

            for (var i = 0; i < targets.Count; i++)
            {
                var stripe = i;
                Store(Joined(first, elements, k => beside.Load(Row(k), stripe)), targets[i], word);
            }
        });
    }

    // The groups from number `start` on, and the last one, which may have fewer elements.
    private void EachGroup(LlvmValue start, LlvmValue depth, Action<LlvmValue, int> emit)
    {
        var words = K.B.UDiv(depth, K.I64(Group));
        K.Loop(start, words, 1, word => emit(word, Group));
        var rest = K.B.URem(depth, K.I64(Group));
        for (var elements = 1; elements < Group; elements++)
        {
            var some = elements;
            K.If(K.B.ICmp(LlvmIntPredicate.Eq, rest, K.I64(some)), () => emit(words, some));
        }
    }

    // Elements k, k + 1, ... of 16 lines as the parts of 16 words.
    private LlvmValue Joined(LlvmValue k, int elements, Func<LlvmValue, LlvmValue> read) => Enumerable.Range(0, elements).Select(i =>
    {
        var part = K.B.ZExt(Half(read(i == 0 ? k : K.Add(k, K.I64(i)))), Word.Vector(Lanes));
        return i == 0 ? part : K.B.Shl(part, Word.Vector(Lanes).Int(Bits * i));
    }).Aggregate((x, y) => K.B.Or(x, y));

    private void EmitTransposed(LlvmValue source, PanelLines lines, LlvmValue count, int width, LlvmValue end, LlvmValue target)
    {
        LlvmValue[] starts = [.. Enumerable.Range(0, width).Select(l => K.B.GepUnchecked(Element, source, lines.Offset(K, l, count)))];
        LlvmValue[] exists = [.. Enumerable.Range(0, width).Select(l => K.B.ICmp(LlvmIntPredicate.Sgt, count, K.I64(l)))];
        var zero = Word.Vector(Lanes).Zero;
        K.Loop(K.I64(0), end, Lanes, word =>
        {
            LlvmValue[] rows = [.. Enumerable.Range(0, Lanes).Select(l =>
                l < width ? K.B.Select(exists[l], Words(starts[l], word), zero) : zero)];
            var columns = Transpose.Emit(K.B, rows);
            for (var i = 0; i < Lanes; i++)
            {
                Store(columns[i], target, K.Add(word, K.I64(i)));
            }
        });
    }

    /// <summary>16 groups of a line.</summary>
    private LlvmValue Words(LlvmValue line, LlvmValue word)
    {
        if (!IsRounded)
        {
            return K.B.Load(Word.Vector(Lanes), K.B.Gep(Word, line, word), Bits / 8);
        }

        LlvmValue Part(int from) => Half(K.B.Load(Element.Vector(Lanes), K.B.Gep(Element, line, K.Add(K.Mul(word, K.I64(2)), K.I64(from))), sizeof(float)));
        return K.B.BitCast(K.B.Shuffle(Part(0), Part(Lanes), [.. Enumerable.Range(0, 2 * Lanes)]), Word.Vector(Lanes));
    }

    private LlvmValue Half(LlvmValue value) => IsRounded ? Numbers.ToMemory(K, value, DType.BF16) : value;

    private void Store(LlvmValue value, LlvmValue target, LlvmValue word) => K.StoreStripe(value, K.B.Gep(Word, target, K.Mul(word, K.I64(Step))), IsStreamed);
}
