using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns the zeros around images that only convolutions by tiles read into nothing: their kernels know where an image ends.</summary>
internal static class AbsorbPadding
{
    /// <returns>By its result, each pad that needs no memory.</returns>
    public static ImmutableDictionary<int, Node> Run(Graph graph, IReadOnlyList<View> views, ConvolutionKernels convolutions, int directCost)
    {
        var outputs = graph.Outputs.Select(o => o.Value).ToHashSet();
        var readers = graph.Nodes.SelectMany(n => n.Operands.Select((o, i) => (Value: o, Node: n, Position: i))).ToLookup(r => r.Value);
        return graph.Nodes.Where(n => n.Op.Code == OpCode.Pad && !outputs.Contains(n.Results[0]) && IsAround(graph, views, n) && readers[n.Results[0]].Any()
            && readers[n.Results[0]].All(r => r.Position == 0 && ChooseWinograd.Side(graph, r.Node, views, convolutions, directCost) is not null)).ToImmutableDictionary(n => n.Results[0]);
    }

    // Zeros above, below, left and right of an image whose channels are contiguous.
    private static bool IsAround(Graph graph, IReadOnlyList<View> views, Node pad)
    {
        var (low, high) = (pad.Attributes.Dims("low"), pad.Attributes.Dims("high"));
        return low.Length == 4 && pad.Attributes.Float("value") == 0 && views[pad.Operands[0]].Strides[^1].Is(1)
            && low.Concat(high).All(d => d.IsConstant && d.Value >= 0) && new[] { low[0], high[0], low[3], high[3] }.All(d => d.Is(0));
    }
}
