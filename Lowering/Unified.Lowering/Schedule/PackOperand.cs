using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns the right operand of a product into a launch that packs it.</summary>
internal static class PackOperand
{
    /// <param name="strides">Of the operand, in elements: the axes of <paramref name="batch"/>, then the kept axis.</param>
    /// <param name="strideK">The same for the summed axis.</param>
    /// <param name="depth">The extent of the summed axis.</param>
    /// <param name="n">The extent of the kept axis.</param>
    /// <returns>The buffer, and how the packed batches lie in it.</returns>
    public static (int Buffer, ImmutableArray<Dim> Strides) Add(
        ProgramBuilder program, BufferRef source, DType dtype, ImmutableArray<Dim> batch, ImmutableArray<Dim> strides, Dim strideK, Dim depth, Dim n, SourceSpan? place)
    {
        // Batch axes along which the operand is shared are packed once.
        var own = Enumerable.Range(0, batch.Length).Where(i => !strides[i].Is(0)).ToList();
        var panels = Dim.CeilDiv(n, Tile.Columns);
        var step = panels * Tile.Columns * depth;
        var packed = new Dim[batch.Length];
        for (var i = batch.Length - 1; i >= 0; i--)
        {
            packed[i] = own.Contains(i) ? step : Dim.Zero;
            step *= own.Contains(i) ? batch[i] : Dim.One;
        }

        var strideN = strides[^1];
        var order = strideK.Is(1) ? MatrixOrder.KInner : strideN.Is(1) ? MatrixOrder.KOuter : MatrixOrder.Strided;
        var buffer = program.AddTemporary(step * dtype.Bytes());
        var batches = own.Aggregate(Dim.One, (x, i) => x * batch[i]);
        program.AddLaunch(
            new PackKernel(dtype, own.Count, order),
            [source, new BufferRef(buffer, Dim.Zero)],
            [.. own.Select(i => batch[i]), depth, n, .. own.Select(i => strides[i]), strideK, strideN],
            batches * panels,
            Dim.One,
            Dim.Zero,
            Dim.Zero,
            null,
            $"pack {(own.Count == 0 ? "" : new Shape([.. own.Select(i => batch[i])]))}[{depth},{n}] {order}",
            place,
            mayBeKept: true);
        return (buffer, [.. packed]);
    }
}
