using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Turns a row of finished sums, as wide as a panel, into what an epilogue stores. What all rows of a tile find the same is loaded before the first.</summary>
internal sealed class EpiloguePoints
{
    private const int Lanes = KernelBuilder.Lanes;

    private readonly KernelBuilder _k;
    private readonly NodeEmitter _nodes;
    private readonly (LlvmValue First, LlvmValue? Mask, IReadOnlyList<(int Node, LlvmValue Value)> Same)[] _points;

    private EpiloguePoints(KernelBuilder k, NodeEmitter nodes, (LlvmValue First, LlvmValue? Mask, IReadOnlyList<(int Node, LlvmValue Value)> Same)[] points) =>
        (_k, _nodes, _points) = (k, nodes, points);

    /// <summary>Stands before the loop over rows, after a row was entered.</summary>
    /// <param name="columns">How many columns there are, where they may be fewer than a panel's.</param>
    public static EpiloguePoints Of(KernelBuilder k, NodeEmitter nodes, IReadOnlyList<Store> stores, LlvmValue firstColumn, LlvmValue? columns) =>
        new(k, nodes, [.. Enumerable.Range(0, Tile.Columns / Lanes).Select(i =>
        {
            var (first, mask) = (k.Add(firstColumn, k.I64(i * Lanes)), columns is { } c ? k.LanesBelow(k.B.Sub(c, k.I64(i * Lanes))) : (LlvmValue?)null);
            return (first, mask, nodes.SameInRows(stores, new Point(first, mask)));
        })]);

    /// <summary>Stands in the loop, after its row was entered.</summary>
    /// <param name="sums">The row's sums.</param>
    /// <param name="stores">With the buffers that they go to.</param>
    public void Emit(LlvmValue sums, LlvmType type, IReadOnlyList<Store> stores, IReadOnlyList<KernelBuffer> buffers)
    {
        _nodes.Prepare(stores.Select(s => s.Node), stores);
        var overwritten = _nodes.Overwritten(stores);
        foreach (var (i, (first, mask, same)) in _points.Index())
        {
            var point = new Point(first, mask) { Accumulator = _k.Load(type, _k.B.Gep(type, sums, _k.I64(i * Lanes)), null) };
            foreach (var (node, value) in same)
            {
                point.Values[node] = value;
            }

            foreach (var node in overwritten)
            {
                _ = _nodes.Vector(node, point);
            }

            foreach (var store in stores)
            {
                _nodes.Store(store, buffers[store.Buffer].Type, point);
            }
        }
    }
}
