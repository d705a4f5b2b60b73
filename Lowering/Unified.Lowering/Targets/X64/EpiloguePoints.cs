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
    /// <param name="keeps">Whether registers are left for what all rows find the same.</param>
    public static EpiloguePoints Of(KernelBuilder k, NodeEmitter nodes, IReadOnlyList<Store> stores, LlvmValue firstColumn, LlvmValue? columns, bool keeps = true) =>
        new(k, nodes, [.. Enumerable.Range(0, Tile.Columns / Lanes).Select(i =>
        {
            var (first, mask) = (k.Add(firstColumn, k.I64(i * Lanes)), columns is { } c ? k.LanesBelow(k.B.Sub(c, k.I64(i * Lanes))) : (LlvmValue?)null);
            return (first, mask, keeps ? nodes.SameInRows(stores, new Point(first, mask)) : []);
        })]);

    /// <summary>All of <see cref="Pieces"/>.</summary>
    public void Emit(LlvmValue sums, LlvmType type, IReadOnlyList<Store> stores, IReadOnlyList<KernelBuffer> buffers)
    {
        foreach (var piece in Pieces(sums, type, stores, buffers))
        {
            piece();
        }
    }

    /// <summary>A piece of code for each vector. They stand in the loop, after their row was entered and before another one is.</summary>
    /// <param name="sums">The row's sums.</param>
    /// <param name="stores">With the buffers that they go to.</param>
    public IReadOnlyList<Action> Pieces(LlvmValue sums, LlvmType type, IReadOnlyList<Store> stores, IReadOnlyList<KernelBuffer> buffers)
    {
        _nodes.Prepare(stores.Select(s => s.Node), stores);
        var overwritten = _nodes.Overwritten(stores);
        return [.. _points.Select<(LlvmValue First, LlvmValue? Mask, IReadOnlyList<(int Node, LlvmValue Value)> Same), Action>((at, i) => () =>
        {
            var (first, mask, same) = at;
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
        })];
    }
}
