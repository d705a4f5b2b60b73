using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns up to 16 lines of a strided matrix into a packed stripe: for k = 0, 1, … the lines' elements number k, side by side, with zeros
/// for lines that do not exist. A line is a row of A or a column of B.
/// </summary>
/// <param name="K">Where code goes.</param>
/// <param name="Type">The type in memory.</param>
/// <param name="Convert">Whether the stripe holds numbers of the sum's type and not the elements as they are.</param>
/// <param name="Order">Which of line and k is contiguous.</param>
/// <param name="Step">Elements of the stripe from one k to the next; may be below 16, then the next k overwrites the excess.</param>
internal sealed record PanelWriter(KernelBuilder K, DType Type, bool Convert, MatrixOrder Order, int Step)
{
    private const int Lanes = KernelBuilder.Lanes;

    private LlvmType Element => Numbers.Memory(K.Context, Type);

    private LlvmType Packed => Convert ? MicroKernel.SumType(K, Type) : Element;

    /// <param name="source">Element 0 of line 0.</param>
    /// <param name="lineStride">Elements between lines.</param>
    /// <param name="depthStride">Elements between k and k + 1.</param>
    /// <param name="lines">How many lines there are: any number, also none or more than <paramref name="width"/>.</param>
    /// <param name="width">Lines of the stripe.</param>
    /// <param name="depth">The extent of k.</param>
    /// <param name="target">The stripe.</param>
    public void Emit(LlvmValue source, LlvmValue lineStride, LlvmValue depthStride, LlvmValue lines, int width, LlvmValue depth, LlvmValue target)
    {
        var mask = K.LanesBelow(K.Min(lines, K.I64(width)));
        var start = K.I64(0);
        if (Order == MatrixOrder.KInner)
        {
            start = K.B.And(depth, K.I64(-Lanes));
            K.If(K.B.ICmp(LlvmIntPredicate.Sgt, lines, K.I64(0)), () => EmitTransposed(source, lineStride, lines, width, start, target));
            K.If(K.B.ICmp(LlvmIntPredicate.Sle, lines, K.I64(0)), () => K.Loop(K.I64(0), start, 1, k => Store(Packed.Vector(Lanes).Zero, target, k)));
        }

        var offsets = K.Mul(K.B.Iota(K.Context.I64, Lanes), K.B.Splat(lineStride, Lanes));
        K.Loop(start, depth, 1, k =>
        {
            var value = Order == MatrixOrder.KOuter
                ? K.Load(Element, K.B.Gep(Element, source, K.Mul(k, depthStride)), mask)
                : K.Gather(Element, K.B.GepUnchecked(Element, K.B.Gep(Element, source, Order == MatrixOrder.KInner ? k : K.Mul(k, depthStride)), offsets), mask);
            Store(Converted(value), target, k);
        });
    }

    private void EmitTransposed(LlvmValue source, LlvmValue lineStride, LlvmValue lines, int width, LlvmValue end, LlvmValue target)
    {
        // Lines that do not exist are read from the last one that does, and then zeroed.
        var last = K.B.Sub(lines, K.I64(1));
        LlvmValue[] starts = [.. Enumerable.Range(0, width).Select(l =>
            K.B.Gep(Element, source, K.Mul(K.Min(K.I64(l), last), lineStride)))];
        LlvmValue[] exists = [.. Enumerable.Range(0, width).Select(l => K.B.ICmp(LlvmIntPredicate.Sgt, lines, K.I64(l)))];
        var zero = Packed.Vector(Lanes).Zero;
        K.Loop(K.I64(0), end, Lanes, k =>
        {
            LlvmValue[] rows = [.. Enumerable.Range(0, Lanes).Select(l =>
                l < width ? K.B.Select(exists[l], Converted(K.Load(Element, K.B.Gep(Element, starts[l], k), null)), zero) : zero)];
            var columns = Transpose.Emit(K.B, rows);
            for (var i = 0; i < Lanes; i++)
            {
                Store(columns[i], target, K.Add(k, K.I64(i)));
            }
        });
    }

    private LlvmValue Converted(LlvmValue value) => Convert ? MicroKernel.Factor(K, value, Type) : value;

    private void Store(LlvmValue value, LlvmValue target, LlvmValue k) => K.Store(value, K.B.Gep(Packed, target, K.Mul(k, K.I64(Step))), null);
}
