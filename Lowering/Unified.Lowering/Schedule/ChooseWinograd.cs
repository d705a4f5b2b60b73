using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Turns a convolution into the side of the tiles that it is computed by (<see cref="WinogradTransform"/>), or none where the direct sum costs less or nothing is known of the image's size. Costs are
/// those of one image, because a batch may be one: more only help the tiles.
/// </summary>
internal static class ChooseWinograd
{
    // In steps of a 16-lane multiply-add, measured on Zen 4: for each place of a transformed tile and 16 channels, to transform it and back; bytes of weights that come from memory
    // meanwhile.
    private const double TransformSteps = 5, WeightBytes = 3.5;

    /// <param name="views">How each value lies in memory.</param>
    /// <param name="directCost"><see cref="TunableTable.DirectCost"/>.</param>
    public static int? Side(Graph graph, Node node, IReadOnlyList<View> views, ConvolutionKernels kernels, int directCost)
    {
        if (kernels == ConvolutionKernels.Direct || !Fits(graph, node, views))
        {
            return null;
        }

        // [N, H, W, O].
        var result = graph.TypeOf(node.Results[0]).Shape;
        if (result.Any(d => !d.IsConstant) && (kernels == ConvolutionKernels.Winograd || result.Skip(1).Any(d => !d.IsConstant)))
        {
            return kernels == ConvolutionKernels.Winograd ? WinogradTransform.Sides.Max() : null;
        }

        var (height, width, outputs, channels) = (result[1].Value, result[2].Value, result[3].Value, graph.TypeOf(node.Operands[0]).Shape.Dims[^1].Value);
        var images = result[0].IsConstant ? result[0].Value : 1;
        var best = WinogradTransform.Sides.MinBy(Cost);
        return kernels == ConvolutionKernels.Winograd || Cost(best) < Direct() ? best : null;

        double Direct() => Math.Max(directCost / 100.0 * images * height * width, 64 / WeightBytes) * 9 * channels * outputs / 16;

        double Cost(int side)
        {
            var places = (side + 2.0) * (side + 2);
            var tiles = images * Math.Ceiling((double)height / side) * Math.Ceiling((double)width / side);
            return places * ((Math.Max(tiles, 64 / WeightBytes) * channels * outputs / 16) + (tiles * (channels + outputs) / 16 * TransformSteps));
        }
    }

    // The kernel is written for f32, windows of 3 × 3 next to each other, and whole vectors of channels.
    private static bool Fits(Graph graph, Node node, IReadOnlyList<View> views)
    {
        if (node.Op.Code != OpCode.WindowProduct)
        {
            return false;
        }

        var (x, weight) = (graph.TypeOf(node.Operands[0]), graph.TypeOf(node.Operands[1]));
        bool Ones(string name) => node.Attributes.Dims(name).All(d => d.Is(1));
        return (x.DType, weight.DType, x.Rank) == (DType.F32, DType.F32, 4) && Ones("strides") && Ones("dilations")
            && weight.Shape[0].Is(WinogradTransform.Kernel) && weight.Shape[1].Is(WinogradTransform.Kernel)
            && views[node.Operands[0]].Strides[^1].Is(1) && x.Shape[3].IsConstant && x.Shape[3].Value % WinogradKernel.Lanes == 0 && weight.Shape[3].IsConstant;
    }
}
