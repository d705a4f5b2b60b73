using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns a pack kernel into loops over (batch, panel of B); a panel is two stripes of 16 columns.</summary>
internal static class PackEmitter
{
    public static void Emit(KernelBuilder k, PackKernel kernel)
    {
        var batch = kernel.BatchAxes;
        var depthAxes = kernel.DepthAxes;
        LlvmValue BatchStride(int axis) => k.Parameter(batch + depthAxes + 1 + axis);
        (LlvmValue Extent, LlvmValue Stride)[] axes = [.. Enumerable.Range(0, depthAxes).Select(i => (k.Parameter(batch + i), k.Parameter((2 * batch) + depthAxes + 1 + i)))];
        LlvmValue columns = k.Parameter(batch + depthAxes), columnStride = k.Parameter((2 * batch) + (2 * depthAxes) + 1);
        var depth = axes.Select(a => a.Extent).Aggregate(k.Mul);
        depth = kernel.Group == 1 ? depth : k.Mul(k.CeilDiv(depth, kernel.Group), k.I64(kernel.Group));
        var panels = k.CeilDiv(columns, Tile.Columns);
        var (element, packed) = (k.ElementOf(0), k.ElementOf(1));
        var writer = new PanelWriter(k, kernel.From ?? kernel.Type, Convert: kernel.From is not null, kernel.Order, Tile.Columns);
        k.Loop(k.Begin, k.End, 1, unit =>
        {
            var indices = k.Unravel(unit, [.. Enumerable.Range(0, batch).Select(k.Parameter), panels]);
            var first = k.Mul(indices[^1], k.I64(Tile.Columns));
            var offset = k.Mul(first, columnStride);
            for (var axis = 0; axis < batch; axis++)
            {
                offset = k.Add(offset, k.Mul(indices[axis], BatchStride(axis)));
            }

            // Panels of all batches follow each other without gaps: the unit's number is the panel's.
            var source = k.B.GepUnchecked(element, k.Buffer(0), offset);
            var target = k.B.Gep(packed, k.Buffer(1), k.Mul(unit, k.Mul(depth, k.I64(Tile.Columns))));
            for (var stripe = 0; stripe < Tile.Columns; stripe += KernelBuilder.Lanes)
            {
                var (from, lines) = (k.B.GepUnchecked(element, source, k.Mul(columnStride, k.I64(stripe))), PanelLines.Apart(k, columnStride));
                var count = k.B.Sub(columns, k.Add(first, k.I64(stripe)));
                var to = k.B.Gep(packed, target, k.I64(stripe * kernel.Group));
                if (kernel.Group == 1)
                {
                    writer.Emit(from, lines, count, KernelBuilder.Lanes, axes, to);
                }
                else
                {
                    new GroupWriter(k, kernel.Order, Tile.Columns, kernel.Group) { IsRounded = kernel.From is not null }.Emit(from, lines, count, KernelBuilder.Lanes, axes[0], to);
                }
            }
        });
    }
}
