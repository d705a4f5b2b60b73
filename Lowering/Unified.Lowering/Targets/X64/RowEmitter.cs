using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a row kernel into a loop over rows; in each row, stage by stage, a loop over vectors of the inner axis. Rows of which only reductions are left go in pairs: while one waits for a sum's end, the
/// other computes. Rows of several walks go one behind the other where that pays (<see cref="RowPipeline"/>).
/// </summary>
internal sealed class RowEmitter
{
    private readonly KernelBuilder _k;
    private readonly RowKernel _kernel;
    private readonly RowStages _stages;
    private readonly NodeEmitter[] _pair;

    private RowEmitter(KernelBuilder k, RowKernel kernel)
    {
        (_k, _kernel, _stages) = (k, kernel, new RowStages(k, kernel));
        _pair = [.. Enumerable.Range(0, 2).Select(_ => RowStages.Row(k, kernel))];
    }

    private LlvmValue Columns => _k.Parameter(_kernel.Axes - 1);

    public static void Emit(KernelBuilder k, RowKernel kernel) => new RowEmitter(k, kernel).Emit();

    private void Emit()
    {
        EmitRows();

        // What went past the caches is in memory before anyone is told that it is there.
        if (_stages.Streams is { } any)
        {
            _k.If(any, () => _k.B.CallIntrinsic(_k.Cpu, "llvm.x86.sse.sfence", []));
        }
    }

    private void EmitRows()
    {
        if (_kernel.Axes == 1 && _kernel.Stages.All(s => s.Reductions.IsEmpty))
        {
            _pair[0].EnterRow([]);
            EmitStages(_pair[..1], _k.Begin, _k.End);
            return;
        }

        if (RowPipeline.Of(_k, _kernel, _stages, IsPaired() ? _pair.Length : 1) is { } pipeline)
        {
            pipeline.Emit(rest => EmitRows(rest, remembers: true), EmitApart);
            return;
        }

        EmitApart();
    }

    // Rows one by one, or in pairs.
    private void EmitApart()
    {
        if (_stages.Memory.IsEmpty)
        {
            EmitRows(IsPaired() ? EmitPairs(false) : _k.Begin, remembers: false);
            return;
        }

        _k.If(
            _k.B.ICmp(LlvmIntPredicate.Sle, Columns, _k.I64(_kernel.Plan.LongestRemembered)),
            () => EmitRows(IsPaired() ? EmitPairs(true) : _k.Begin, remembers: true),
            () => EmitRows(_k.Begin, remembers: false));
    }

    private LlvmValue EmitPairs(bool remembers)
    {
        var end = _k.Add(_k.Begin, _k.B.And(_k.B.Sub(_k.End, _k.Begin), _k.I64(-2)));
        _k.Loop(_k.Begin, end, 2, row => EmitRow(_pair, row, remembers));
        return end;
    }

    private void EmitRows(LlvmValue first, bool remembers) => _k.Loop(first, _k.End, 1, row => EmitRow(_pair[..1], row, remembers));

    private void EmitRow(NodeEmitter[] rows, LlvmValue first, bool remembers)
    {
        LlvmValue[] extents = [.. Enumerable.Range(0, _kernel.Axes - 1).Select(_k.Parameter)];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i].EnterRow(_k.Unravel(_k.Add(first, _k.I64(i)), extents));
        }

        EmitStages(rows, _k.I64(0), Columns, remembers);
    }

    // Rows that are written as well come one by one: two would be as many more streams from and to memory, and are slower. A product of floats that both rows of
    // a pair share would have two readers there: it would not be fused with a sum, as it is in a row alone, and bits would differ.
    private bool IsPaired() => (_stages.Memory.IsEmpty || _stages.Memory.LeavesHalf) && _kernel.Stages.Any(s => !s.Reductions.IsEmpty) && _kernel.Stages.All(s => s.Stores.All(_stages.IsSingle)) && !Enumerable.Range(0, _kernel.Nodes.Length).Any(n =>
        _kernel.Nodes[n] is ComputeNode && _kernel.Nodes[n].Type.IsFloat() && !_pair[0].IsRowConstant(n) && _pair[0].IsSameInRows(n));

    private void EmitStages(NodeEmitter[] rows, LlvmValue begin, LlvmValue end, bool remembers = false)
    {
        // The first stage brings a row from memory; while the second one computes, the next row is on its way.
        var way = new RowWay(remembers) { Asking = 1, Distance = _ => _k.Mul(_k.B.Sub(end, begin), _k.I64(rows.Length)) };
        for (var stage = 0; stage < _kernel.Stages.Length; stage++)
        {
            if (_stages.Open(rows, stage, begin, end, way) is { } walk)
            {
                RowWalk.Run(_k, [walk], begin, end);
            }

            _stages.Close(rows, stage);
            foreach (var (node, slot) in remembers ? _stages.Memory.NotedIn(stage) : [])
            {
                for (var i = 0; i < rows.Length; i++)
                {
                    rows[i].Remember(node, _stages.Remembered(slot + i));
                }
            }
        }
    }
}
