using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns the weights of a convolution into loops over (panel, input channel) that transform and pack them.</summary>
internal static class WinogradPackEmitter
{
    public static void Emit(KernelBuilder k, WinogradPackKernel kernel)
    {
        var transform = WinogradTransform.Of(kernel.Side);
        var (lines, element) = (new WinogradLines(k, transform), k.Context.F32);
        LlvmValue channels = k.Parameter(0), outputs = k.Parameter(1), stride = k.Parameter(5);
        k.Loop(k.Begin, k.End, 1, unit =>
        {
            var at = k.Unravel(unit, [k.I64(0), channels]);
            var (panel, channel) = (at[0], at[1]);
            var target = k.B.Gep(element, k.Buffer(1), k.Mul(k.Add(k.Mul(panel, k.Mul(channels, k.I64(transform.Span * transform.Span))), channel), k.I64(Tile.Columns)));
            k.Loop(k.I64(0), k.I64(Tile.Columns), KernelBuilder.Lanes, column =>
            {
                var first = k.Add(k.Mul(panel, k.I64(Tile.Columns)), column);
                var mask = k.LanesBelow(k.B.Sub(outputs, first));
                var source = k.B.GepUnchecked(element, k.Buffer(0), k.Mul(channel, k.Parameter(4)));
                var offsets = k.Mul(k.LaneIndices(first), k.B.Splat(stride, KernelBuilder.Lanes));
                var places = lines.Weight((y, x) => k.Gather(
                    element, k.B.GepUnchecked(element, k.B.GepUnchecked(element, source, k.Add(k.Mul(k.I64(y), k.Parameter(2)), k.Mul(k.I64(x), k.Parameter(3)))), offsets), mask));
                var to = k.B.Gep(element, target, column);
                foreach (var place in places)
                {
                    k.Store(place, to, null);
                    to = k.B.Gep(element, to, k.Mul(channels, k.I64(Tile.Columns)));
                }
            });
        });
    }
}
