using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>Turns the right operand of a product into a launch that packs it.</summary>
internal static class PackOperand
{
    /// <param name="strides">Of the operand, in elements, along the axes of <paramref name="batch"/>.</param>
    /// <param name="summed">The axes that are summed over, outermost first.</param>
    /// <param name="kept">The axis that the result keeps.</param>
    /// <param name="dtype">Of the packed operand.</param>
    /// <param name="group">Elements along the summed axis that lie together.</param>
    /// <param name="from">Of the operand in memory, where it is rounded on the way.</param>
    /// <param name="when">0 where the packed operand is not wanted, else 1; null: always wanted.</param>
    /// <returns>The buffer, and how the packed batches lie in it.</returns>
    public static (int Buffer, ImmutableArray<Dim> Strides) Add(
        ProgramBuilder program, BufferRef source, DType dtype, ImmutableArray<Dim> batch, ImmutableArray<Dim> strides, ImmutableArray<OperandAxis> summed, OperandAxis kept,
        SourceSpan? place, int group = 1, DType? from = null, Dim? when = null)
    {
        // Batch axes along which the operand is shared are packed once.
        var own = Enumerable.Range(0, batch.Length).Where(i => !strides[i].Is(0)).ToList();
        var panels = Dim.CeilDiv(kept.Extent, Tile.Columns);
        var depth = summed.Aggregate(Dim.One, (x, s) => x * s.Extent);
        var step = panels * Tile.Columns * Dim.RoundUp(depth, group);
        var packed = new Dim[batch.Length];
        for (var i = batch.Length - 1; i >= 0; i--)
        {
            packed[i] = own.Contains(i) ? step : Dim.Zero;
            step *= own.Contains(i) ? batch[i] : Dim.One;
        }

        var order = summed[^1].Stride.Is(1) ? MatrixOrder.KInner : kept.Stride.Is(1) ? MatrixOrder.KOuter : MatrixOrder.Strided;
        var batches = own.Aggregate(Dim.One, (x, i) => x * batch[i]);
        var kernels = new KernelClass(KernelFamily.Packing, false);
        var kernel = new PackKernel(dtype, own.Count, order, summed.Length, from) { Group = group, Plan = PackPlan.Of(program.Tuning.For(kernels)) };
        List<Dim> parameters = [.. own.Select(i => batch[i]), .. summed.Select(s => s.Extent), kept.Extent, .. own.Select(i => strides[i]), .. summed.Select(s => s.Stride), kept.Stride];
        var units = batches * panels * (when ?? Dim.One);

        // Several products of one operand, such as the gradients of all weights that read it, have one packed copy.
        if (program.Made(kernel, source, parameters, units) is { } made)
        {
            return (made, [.. packed]);
        }

        var buffer = program.AddTemporary((step * dtype.Bytes()) + (group == ScaledGroups.BytesOfWord ? ScaledGroups.ReadBeyond : 0));
        program.AddLaunch(
            kernel,
            kernels,
            [source, new BufferRef(buffer, Dim.Zero)],
            parameters,
            units,
            order == MatrixOrder.KOuter ? Dim.Max(1, Dim.Min(PackKernel.PanelsBeside, Dim.FloorDiv(batches * panels, PackKernel.PanelsBeside))) : Dim.One,
            Dim.Zero,
            Dim.Zero,
            null,
            $"pack {(own.Count == 0 ? "" : new Shape([.. own.Select(i => batch[i])]))}[{depth},{kept.Extent}] {order}",
            place,
            mayBeKept: true);
        return (buffer, [.. packed]);
    }
}
