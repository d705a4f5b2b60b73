using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns up to 16 lines of a strided operand into a packed stripe: for k = 0, 1, … the lines' elements number k, side by side, with zeros
/// for lines that do not exist. A line is a row of A or a column of B; k may run over several axes.
/// </summary>
/// <param name="K">Where code goes.</param>
/// <param name="Type">The type in memory.</param>
/// <param name="Convert">Whether the stripe holds numbers of the sum's type and not the elements as they are.</param>
/// <param name="Order">Which of line and the last axis of k is contiguous.</param>
/// <param name="Step">Elements of the stripe from one k to the next; may be below 16, then the next k overwrites the excess.</param>
internal sealed record PanelWriter(KernelBuilder K, DType Type, bool Convert, MatrixOrder Order, int Step)
{
    private const int Lanes = KernelBuilder.Lanes;

    private LlvmType Element => Numbers.Memory(K.Context, Type);

    private LlvmType Packed => Convert ? MicroKernel.SumType(K, Type) : Element;

    /// <summary>The stripe is written past the caches: its beginning, and each k, are at a multiple of 64 bytes.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>Where lines are neighbours in memory: how many k further on the elements are that are asked for. 0: none.</summary>
    public int RowsAhead { get; init; }

    /// <summary>There is room for 16 k beyond the last: what is written there is overwritten or never read.</summary>
    public bool MayOverrun { get; init; }

    /// <param name="source">Element 0 of line 0.</param>
    /// <param name="lines">Where the lines begin.</param>
    /// <param name="count">How many lines there are: any number, also none or more than <paramref name="width"/>.</param>
    /// <param name="width">Lines of the stripe.</param>
    /// <param name="depth">The axes of k, outermost first: extents, and elements between neighbours.</param>
    /// <param name="target">The stripe.</param>
    public void Emit(LlvmValue source, PanelLines lines, LlvmValue count, int width, IReadOnlyList<(LlvmValue Extent, LlvmValue Stride)> depth, LlvmValue target) =>
        EachRun(source, depth, (at, run, k) => EmitRun(at, lines, count, width, run.Extent, run.Stride, K.B.Gep(Packed, target, K.Mul(k, K.I64(Step)))));

    /// <summary>
    /// Stripes whose lines are neighbours in memory, in one walk along k: a row of all stripes is read in one piece, and a row further on is asked for, since the machine does not look
    /// beyond a page.
    /// </summary>
    /// <param name="count">How many lines of all stripes there are; null: all.</param>
    /// <param name="targets">A stripe's beginning for each 16 lines.</param>
    public void EmitBeside(LlvmValue source, LlvmValue? count, IReadOnlyList<(LlvmValue Extent, LlvmValue Stride)> depth, IReadOnlyList<LlvmValue> targets)
    {
        var beside = new StripesBeside(K, Element, count, targets.Count, RowsAhead);
        EachRun(source, depth, (at, run, first) => K.Loop(K.I64(0), run.Extent, 1, k =>
        {
            var row = K.B.GepUnchecked(Element, at, K.Mul(k, run.Stride));
            beside.AskFor(row, run.Stride);
            for (var i = 0; i < targets.Count; i++)
            {
                Store(Converted(beside.Load(row, i)), targets[i], K.Add(first, k));
            }
        }));
    }

    // The last axis of k for each index of the others: where it begins, the axis, and its first k.
    private void EachRun(LlvmValue source, IReadOnlyList<(LlvmValue Extent, LlvmValue Stride)> depth, Action<LlvmValue, (LlvmValue Extent, LlvmValue Stride), LlvmValue> emit)
    {
        EmitAxis(0, source, K.I64(0));

        void EmitAxis(int axis, LlvmValue at, LlvmValue k)
        {
            var (extent, stride) = depth[axis];
            if (axis == depth.Count - 1)
            {
                emit(at, (extent, stride), k);
                return;
            }

            K.Loop(K.I64(0), extent, 1, i => EmitAxis(axis + 1, K.B.GepUnchecked(Element, at, K.Mul(i, stride)), K.Mul(K.Add(k, i), depth[axis + 1].Extent)));
        }
    }

    private void EmitRun(LlvmValue source, PanelLines lines, LlvmValue count, int width, LlvmValue depth, LlvmValue depthStride, LlvmValue target)
    {
        var mask = K.LanesBelow(K.Min(count, K.I64(width)));
        var start = K.I64(0);
        if (Order == MatrixOrder.KInner)
        {
            start = MayOverrun ? depth : K.B.And(depth, K.I64(-Lanes));
            K.If(K.B.ICmp(LlvmIntPredicate.Sgt, count, K.I64(0)), () => EmitTransposed(source, lines, count, width, start, target));
            K.If(K.B.ICmp(LlvmIntPredicate.Sle, count, K.I64(0)), () => K.Loop(K.I64(0), start, 1, k => Store(Packed.Vector(Lanes).Zero, target, k)));
        }

        if (Order == MatrixOrder.KInner && MayOverrun)
        {
            return;
        }

        LlvmValue At(LlvmValue k) => K.B.GepUnchecked(Element, source, Order == MatrixOrder.KInner ? k : K.Mul(k, depthStride));
        void Neighbours() => K.Loop(start, depth, 1, k =>
        {
            if (RowsAhead > 0)
            {
                var ahead = K.B.GepUnchecked(Element, At(K.Add(k, K.I64(RowsAhead))), lines.First);
                K.Prefetch(ahead, isWritten: false, KernelBuilder.FirstLevel);
                K.Prefetch(K.B.GepUnchecked(Element, ahead, K.I64(width - 1)), isWritten: false, KernelBuilder.FirstLevel);
            }

            Store(Converted(K.Load(Element, K.B.GepUnchecked(Element, At(k), lines.First), mask)), target, k);
        });
        void InRuns(LineRuns runs, int step)
        {
            void Emit(LineRuns lines)
            {
                var load = lines.Loads(K, Element, step);
                K.Loop(start, depth, 1, k => Store(Converted(load(At(k))), target, k));
            }

            K.If(K.Any(runs.IsSecond!.Value), () => Emit(runs), () => Emit(runs with { IsSecond = null }));
        }

        void Scattered()
        {
            var offsets = lines.Vector(K);
            K.Loop(start, depth, 1, k => Store(Converted(K.Gather(Element, K.B.GepUnchecked(Element, At(k), offsets), mask)), target, k));
        }

        // A window's places along a row of the image are one apart, or two where it has a stride.
        var step = Order == MatrixOrder.KOuter ? 1 : 2;
        if (lines.Runs(K, step) is { } runs && Order != MatrixOrder.KInner && K.HasMasks(Element))
        {
            K.If(runs.Holds, () => InRuns(runs, step), Scattered);
        }
        else if (Order == MatrixOrder.KOuter && lines.AreEven)
        {
            Neighbours();
        }
        else
        {
            Scattered();
        }
    }

    private void EmitTransposed(LlvmValue source, PanelLines lines, LlvmValue count, int width, LlvmValue end, LlvmValue target)
    {
        // Lines that do not exist are read from the last one that does, and then zeroed.
        LlvmValue[] starts = [.. Enumerable.Range(0, width).Select(l => K.B.GepUnchecked(Element, source, lines.Offset(K, l, count)))];
        LlvmValue[] exists = [.. Enumerable.Range(0, width).Select(l => K.B.ICmp(LlvmIntPredicate.Sgt, count, K.I64(l)))];
        var zero = Packed.Vector(Lanes).Zero;
        K.Loop(K.I64(0), end, Lanes, k =>
        {
            var mask = MayOverrun ? K.LanesBelow(K.B.Sub(end, k)) : (LlvmValue?)null;
            LlvmValue[] rows = [.. Enumerable.Range(0, Lanes).Select(l =>
                l < width ? K.B.Select(exists[l], Converted(K.Load(Element, K.B.Gep(Element, starts[l], k), mask)), zero) : zero)];
            var columns = Transpose.Emit(K.B, rows);
            for (var i = 0; i < Lanes; i++)
            {
                Store(columns[i], target, K.Add(k, K.I64(i)));
            }
        });
    }

    private LlvmValue Converted(LlvmValue value) => Convert ? MicroKernel.Factor(K, value, Type) : value;

    private void Store(LlvmValue value, LlvmValue target, LlvmValue k) => K.StoreStripe(value, K.B.Gep(Packed, target, K.Mul(k, K.I64(Step))), IsStreamed);
}
