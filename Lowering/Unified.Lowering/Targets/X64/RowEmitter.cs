using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a row kernel into a loop over rows; in each row, stage by stage, a loop over vectors of the inner axis: unrolled while
/// whole vectors are left, masked at the end. Sums have several accumulators, which hides latency and keeps errors small. What was dear to
/// compute and is needed again in a later stage is remembered, and what is larger than the caches is written past them.
/// </summary>
internal sealed class RowEmitter
{
    private const int Lanes = KernelBuilder.Lanes;

    // Smaller elements fill less than half of a line at a time.
    private const int LeastStreamed = 2;

    private readonly KernelBuilder _k;
    private readonly RowKernel _kernel;
    private readonly NodeEmitter _nodes;
    private readonly RowMemory _memory;
    private readonly Dictionary<Store, LlvmValue> _isLarge = [];

    private RowEmitter(KernelBuilder k, RowKernel kernel)
    {
        (_k, _kernel) = (k, kernel);
        _nodes = new NodeEmitter(k, kernel.Nodes, kernel.Axes, reducedIsVector: false);
        _memory = RowMemory.Of(kernel, _nodes);
    }

    public static void Emit(KernelBuilder k, RowKernel kernel) => new RowEmitter(k, kernel).Emit();

    private void Emit()
    {
        var streams = FindLarge();
        EmitRows();

        // What went past the caches is in memory before anyone is told that it is there.
        if (streams is { } any)
        {
            _k.If(any, () => _k.B.CallIntrinsic(_k.Cpu, "llvm.x86.sse.sfence", []));
        }
    }

    // Whether a store fills more than the caches hold, and is no update in place.
    private LlvmValue? FindLarge()
    {
        LlvmValue? any = null;
        foreach (var store in _kernel.Stages.SelectMany(s => s.Stores).Where(s => s.Strides[^1].Kind == StrideKind.One))
        {
            var type = _kernel.Buffers[store.Buffer].Type;
            if (type.Bytes() < LeastStreamed)
            {
                continue;
            }

            var bytes = _k.I64(type.Bytes());
            for (var axis = 0; axis < _kernel.Axes; axis++)
            {
                bytes = store.Strides[axis].Kind == StrideKind.Zero ? bytes : _k.Mul(bytes, _k.Parameter(axis));
            }

            var isLarge = _k.B.ICmp(LlvmIntPredicate.Sge, bytes, _k.I64(_kernel.Plan.StreamedBytes));
            foreach (var load in _kernel.Nodes.OfType<LoadNode>().Select(l => l.Buffer).Distinct())
            {
                isLarge = _k.B.And(isLarge, _k.B.ICmp(LlvmIntPredicate.Ne, Number(_k.Buffer(load)), Number(_k.Buffer(store.Buffer))));
            }

            _isLarge[store] = isLarge;
            any = any is { } a ? _k.B.Or(a, isLarge) : isLarge;
        }

        return any;
    }

    private LlvmValue Number(LlvmValue pointer) => _k.B.PtrToInt(pointer, _k.Context.I64);

    private void EmitRows()
    {
        if (_kernel.Axes == 1 && _kernel.Stages.All(s => s.Reductions.IsEmpty))
        {
            _nodes.EnterRow([]);
            EmitStages(_k.Begin, _k.End);
            return;
        }

        LlvmValue[] extents = [.. Enumerable.Range(0, _kernel.Axes - 1).Select(_k.Parameter)];
        var inner = _k.Parameter(_kernel.Axes - 1);
        _k.Loop(_k.Begin, _k.End, 1, row =>
        {
            var outer = _k.Unravel(row, extents);
            void Emit(bool remembers)
            {
                _nodes.EnterRow(outer);
                EmitStages(_k.I64(0), inner, remembers);
            }

            if (_memory.IsEmpty)
            {
                Emit(false);
                return;
            }

            _k.If(_k.B.ICmp(LlvmIntPredicate.Sle, inner, _k.I64(_kernel.Plan.LongestRemembered)), () => Emit(true), () => Emit(false));
        });
    }

    private void EmitStages(LlvmValue begin, LlvmValue end, bool remembers = false)
    {
        for (var stage = 0; stage < _kernel.Stages.Length; stage++)
        {
            EmitStage(stage, begin, end, remembers ? _memory.NotedIn(stage) : []);
            foreach (var (node, slot) in remembers ? _memory.NotedIn(stage) : [])
            {
                _nodes.Remember(node, RowOf(slot));
            }
        }
    }

    private LlvmValue RowOf(int slot)
    {
        var start = _k.AlignUp(_k.Scratch);
        var length = _k.B.And(_k.Add(_k.Parameter(_kernel.Axes - 1), _k.I64(Lanes - 1)), _k.I64(-Lanes));
        return slot == 0 ? start : _k.B.Gep(_k.Context.F32, start, length);
    }

    private void EmitStage(int number, LlvmValue begin, LlvmValue end, ImmutableArray<(int Node, int Slot)> notes)
    {
        var stage = _kernel.Stages[number];
        Fold[] folds = [.. stage.Reductions.Select(r => new Fold(r.Op, _kernel.Nodes[r.Node].Type))];
        var single = stage.Stores.Where(IsSingle).ToList();
        var every = stage.Stores.Where(s => !IsSingle(s)).ToList();
        int[] roots = [.. stage.Reductions.Select(r => r.Node), .. every.Select(s => s.Node)];
        var overwritten = _nodes.Overwritten(stage.Stores);
        foreach (var load in overwritten.Where(_nodes.IsRowConstant))
        {
            _ = _nodes.Scalar(load);
        }

        if (roots.Length > 0)
        {
            _nodes.Prepare(roots, every);
            foreach (var store in every.Where(_isLarge.ContainsKey))
            {
                var first = _k.Add(_nodes.RowAddress(store), _k.Mul(begin, _k.I64(_kernel.Buffers[store.Buffer].Type.Bytes())));
                var isWhole = _k.B.ICmp(LlvmIntPredicate.Eq, _k.B.And(first, _k.I64(KernelBuilder.Line - 1)), _k.I64(0));
                _nodes.Stream(store, _k.B.And(_isLarge[store], isWhole));
            }

            (int Node, LlvmValue Row)[] rows = [.. notes.Select(n => (n.Node, RowOf(n.Slot)))];
            var totals = EmitLoops(number, stage, folds, every, [.. overwritten.Where(n => !_nodes.IsRowConstant(n))], rows, roots, begin, end);
            for (var r = 0; r < folds.Length; r++)
            {
                _nodes.SetReduced(number, r, folds[r].Across(_k, totals[r]));
            }
        }

        foreach (var store in single)
        {
            _nodes.StoreScalar(store, _kernel.Buffers[store.Buffer].Type);
        }
    }

    private bool IsSingle(Store store) => store.Strides[^1].Kind == StrideKind.Zero && _nodes.IsRowConstant(store.Node);

    private LlvmValue[] EmitLoops(int number, Stage stage, Fold[] folds, List<Store> stores, ImmutableArray<int> overwritten, (int Node, LlvmValue Row)[] notes, int[] roots, LlvmValue begin, LlvmValue end)
    {
        // A sum's order depends on what it adds up, not on what else is stored beside it.
        var unroll = Unroll(folds.Length > 0 ? [.. stage.Reductions.Select(r => r.Node)] : roots);
        var accumulators = new LlvmValue[folds.Length * unroll];
        for (var i = 0; i < accumulators.Length; i++)
        {
            accumulators[i] = folds[i / unroll].Identity(_k);
        }

        // The first stage brings a row from memory; while the second one computes, the next row is on its way.
        var count = _k.B.Sub(end, begin);
        LoadNode[] ahead = number != 1 || !_kernel.Plan.NextRowAhead ? [] : [.. _nodes.Reach(_kernel.Stages[0].Reductions.Select(r => r.Node)).Select(n => _kernel.Nodes[n]).OfType<LoadNode>()
            .Where(l => l.Strides[^1].Kind == StrideKind.One && l.Strides.Take(l.Strides.Length - 1).Any(s => s.Kind != StrideKind.Zero))];
        var whole = _k.Add(begin, _k.B.And(count, _k.I64(-(long)Lanes * unroll)));
        accumulators = _k.Loop(begin, whole, Lanes * unroll, accumulators, (first, state) =>
        {
            var next = state.ToArray();
            for (var u = 0; u < unroll; u++)
            {
                var point = new Point(_k.Add(first, _k.I64(u * Lanes)), null);
                foreach (var load in ahead)
                {
                    _nodes.Prefetch(load, point, count);
                }

                EmitPoint(stage, folds, stores, overwritten, notes, point, next, unroll, u);
            }

            return next;
        });

        accumulators = _k.Loop(whole, end, Lanes, accumulators, (first, state) =>
        {
            var next = state.ToArray();
            EmitPoint(stage, folds, stores, overwritten, notes, new Point(first, _k.LanesBelow(_k.B.Sub(end, first))), next, unroll, 0);
            return next;
        });

        var totals = new LlvmValue[folds.Length];
        for (var r = 0; r < folds.Length; r++)
        {
            for (var width = unroll / 2; width >= 1; width /= 2)
            {
                for (var u = 0; u < width; u++)
                {
                    var at = (r * unroll) + u;
                    accumulators[at] = folds[r].Step(_k, accumulators[at], accumulators[at + width]);
                }
            }

            totals[r] = accumulators[r * unroll];
        }

        return totals;
    }

    private void EmitPoint(Stage stage, Fold[] folds, List<Store> stores, ImmutableArray<int> overwritten, (int Node, LlvmValue Row)[] notes, Point point, LlvmValue[] accumulators, int unroll, int slot)
    {
        for (var r = 0; r < folds.Length; r++)
        {
            var at = (r * unroll) + slot;
            accumulators[at] = folds[r].Step(_k, accumulators[at], _nodes.Vector(stage.Reductions[r].Node, point), point.Mask);
        }

        foreach (var (node, row) in notes)
        {
            _nodes.Note(node, row, point);
        }

        foreach (var load in overwritten)
        {
            _ = _nodes.Vector(load, point);
        }

        foreach (var store in stores)
        {
            _nodes.Store(store, _kernel.Buffers[store.Buffer].Type, point);
        }
    }

    /// <summary>Small bodies are repeated, so that latencies overlap and the loop's own work is shared.</summary>
    private int Unroll(int[] roots)
    {
        var cost = _nodes.Reach(roots).Where(n => !_nodes.IsRowConstant(n)).Sum(n => _kernel.Nodes[n] switch
        {
            ComputeNode compute => Elementwise.Cost(compute.Op, _kernel.Nodes[compute.Operands[^1]].Type),
            UniformNode => 150,
            GatherNode => 20,
            LoadNode load when load.Strides[^1].Kind == StrideKind.Parameter => 20,
            _ => 1,
        });
        return Math.Max(1, _kernel.Plan.Unroll / (cost switch { <= 8 => 1, <= 32 => 2, _ => 4 }));
    }
}
