using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a column kernel into a loop over (outer row, block of columns); the block's accumulators stay in registers while the reduced axis
/// goes by. It goes by in runs of fixed length whose results are joined in order, which keeps the error of long sums small.
/// </summary>
internal sealed class ColumnEmitter
{
    private readonly KernelBuilder _k;
    private readonly ColumnKernel _kernel;
    private readonly NodeEmitter _nodes;
    private readonly Fold[] _folds;

    private ColumnEmitter(KernelBuilder k, ColumnKernel kernel)
    {
        (_k, _kernel) = (k, kernel);
        _nodes = new NodeEmitter(k, kernel.Nodes, kernel.Axes, reducedIsVector: true);
        _folds = [.. kernel.Reductions.Select(r => new Fold(r.Op, kernel.Nodes[r.Node].Type))];
    }

    private int Vectors => _kernel.Plan.Block / KernelBuilder.Lanes;

    private int Run => _kernel.Plan.Run;

    public static void Emit(KernelBuilder k, ColumnKernel kernel) => new ColumnEmitter(k, kernel).Emit();

    private void Emit()
    {
        var inner = _k.Parameter(_kernel.Axes - 1);
        LlvmValue[] extents = [.. Enumerable.Range(0, _kernel.Axes - 2).Select(_k.Parameter), _k.CeilDiv(inner, _kernel.Plan.Block)];
        _k.Loop(_k.Begin, _k.End, 1, unit =>
        {
            var indices = _k.Unravel(unit, extents);
            var first = _k.Mul(indices[^1], _k.I64(_kernel.Plan.Block));
            var left = _k.B.Sub(inner, first);
            _k.If(
                _k.B.ICmp(LlvmIntPredicate.Sge, left, _k.I64(_kernel.Plan.Block)),
                () => EmitBlock(indices[..^1], first, null),
                () => EmitBlock(indices[..^1], first, left));
        });
    }

    private void EmitBlock(LlvmValue[] outer, LlvmValue first, LlvmValue? left)
    {
        LlvmValue[] starts = [.. Enumerable.Range(0, Vectors).Select(v => _k.Add(first, _k.I64(v * KernelBuilder.Lanes)))];
        LlvmValue?[] masks = [.. Enumerable.Range(0, Vectors).Select(v =>
            left is { } l ? _k.LanesBelow(_k.B.Sub(l, _k.I64(v * KernelBuilder.Lanes))) : (LlvmValue?)null)];
        LlvmValue[] identities = [.. _folds.SelectMany(f => Enumerable.Repeat(f.Identity(_k), Vectors))];
        var depth = _k.Parameter(_kernel.Axes - 2);
        var totals = _k.Loop(_k.I64(0), depth, Run, identities, (runStart, total) =>
        {
            var runEnd = _k.Min(depth, _k.Add(runStart, _k.I64(Run)));
            var run = _k.Loop(runStart, runEnd, 1, identities, (index, state) => EmitRow([.. outer, index], starts, masks, state));
            return [.. run.Select((r, i) => _folds[i / Vectors].Step(_k, total[i], r))];
        });

        _nodes.EnterRow([.. outer, _k.I64(0)]);
        _nodes.Prepare(_kernel.Stores.Select(s => s.Node), _kernel.Stores);
        for (var v = 0; v < Vectors; v++)
        {
            var point = new Point(starts[v], masks[v])
            {
                Reduced = [.. _folds.Select((_, r) => totals[(r * Vectors) + v])],
            };
            foreach (var store in _kernel.Stores)
            {
                _nodes.Store(store, _kernel.Buffers[store.Buffer].Type, point);
            }
        }
    }

    private LlvmValue[] EmitRow(LlvmValue[] outer, LlvmValue[] starts, LlvmValue?[] masks, LlvmValue[] state)
    {
        var next = state.ToArray();
        _nodes.EnterRow(outer);
        _nodes.Prepare(_kernel.Reductions.Select(r => r.Node), []);
        for (var v = 0; v < Vectors; v++)
        {
            var point = new Point(starts[v], masks[v]);
            for (var r = 0; r < _folds.Length; r++)
            {
                var at = (r * Vectors) + v;
                next[at] = _folds[r].Step(_k, state[at], _nodes.Vector(_kernel.Reductions[r].Node, point));
            }
        }

        return next;
    }
}
