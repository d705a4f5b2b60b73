using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a row kernel into a loop over rows; in each row, stage by stage, a loop over vectors of the inner axis: unrolled while
/// whole vectors are left, masked at the end. Sums have several accumulators, which hides latency and keeps errors small. What was dear to
/// compute and is needed again in a later stage is remembered, and what is larger than the caches is written past them. Rows of which
/// only reductions are left go in pairs: while one waits for a sum's end, the other computes.
/// </summary>
internal sealed class RowEmitter
{
    private const int Lanes = KernelBuilder.Lanes;

    // Smaller elements fill less than half of a line at a time.
    private const int LeastStreamed = 2;

    private readonly KernelBuilder _k;
    private readonly RowKernel _kernel;
    private readonly NodeEmitter[] _pair;
    private readonly RowMemory _memory;
    private readonly Dictionary<Store, LlvmValue> _isLarge = [];

    private RowEmitter(KernelBuilder k, RowKernel kernel)
    {
        (_k, _kernel) = (k, kernel);
        _pair = [.. Enumerable.Range(0, 2).Select(_ => new NodeEmitter(k, kernel.Nodes, kernel.Axes, reducedIsVector: false))];
        _memory = RowMemory.Of(kernel, _pair[0]);
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
            _pair[0].EnterRow([]);
            EmitStages(_pair[..1], _k.Begin, _k.End);
            return;
        }

        if (_memory.IsEmpty)
        {
            EmitRows(false, IsPaired());
            return;
        }

        var inner = _k.Parameter(_kernel.Axes - 1);
        _k.If(_k.B.ICmp(LlvmIntPredicate.Sle, inner, _k.I64(_kernel.Plan.LongestRemembered)), () => EmitRows(true, _memory.LeavesHalf && IsPaired()), () => EmitRows(false, false));
    }

    private void EmitRows(bool remembers, bool pairs)
    {
        var first = _k.Begin;
        if (pairs)
        {
            first = _k.Add(first, _k.B.And(_k.B.Sub(_k.End, first), _k.I64(-2)));
            _k.Loop(_k.Begin, first, 2, row => EmitRow(_pair, row, remembers));
        }

        _k.Loop(first, _k.End, 1, row => EmitRow(_pair[..1], row, remembers));
    }

    private void EmitRow(NodeEmitter[] rows, LlvmValue first, bool remembers)
    {
        LlvmValue[] extents = [.. Enumerable.Range(0, _kernel.Axes - 1).Select(_k.Parameter)];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i].EnterRow(_k.Unravel(_k.Add(first, _k.I64(i)), extents));
        }

        EmitStages(rows, _k.I64(0), _k.Parameter(_kernel.Axes - 1), remembers);
    }

    // Rows that are written as well come one by one: two would be as many more streams from and to memory, and are slower. A product of floats that both rows of
    // a pair share would have two readers there: it would not be fused with a sum, as it is in a row alone, and bits would differ.
    private bool IsPaired() => _kernel.Stages.Any(s => !s.Reductions.IsEmpty) && _kernel.Stages.All(s => s.Stores.All(IsSingle)) && !Enumerable.Range(0, _kernel.Nodes.Length).Any(n =>
        _kernel.Nodes[n] is ComputeNode && _kernel.Nodes[n].Type.IsFloat() && !_pair[0].IsRowConstant(n) && _pair[0].IsSameInRows(n));

    private void EmitStages(NodeEmitter[] rows, LlvmValue begin, LlvmValue end, bool remembers = false)
    {
        for (var stage = 0; stage < _kernel.Stages.Length; stage++)
        {
            EmitStage(rows, stage, begin, end, remembers ? _memory.NotedIn(stage) : []);
            foreach (var (node, slot) in remembers ? _memory.NotedIn(stage) : [])
            {
                for (var i = 0; i < rows.Length; i++)
                {
                    rows[i].Remember(node, RowOf(slot + i));
                }
            }
        }
    }

    private LlvmValue RowOf(int slot)
    {
        var start = _k.AlignUp(_k.Scratch);
        var length = _k.B.And(_k.Add(_k.Parameter(_kernel.Axes - 1), _k.I64(Lanes - 1)), _k.I64(-Lanes));
        return slot == 0 ? start : _k.B.Gep(_k.Context.F32, start, length);
    }

    private void EmitStage(NodeEmitter[] rows, int number, LlvmValue begin, LlvmValue end, ImmutableArray<(int Node, int Slot)> notes)
    {
        var stage = _kernel.Stages[number];
        Fold[] folds = [.. stage.Reductions.Select(r => new Fold(r.Op, _kernel.Nodes[r.Node].Type))];
        var every = stage.Stores.Where(s => !IsSingle(s)).ToList();
        int[] roots = [.. stage.Reductions.Select(r => r.Node), .. every.Select(s => s.Node)];
        var overwritten = rows[0].Overwritten(stage.Stores);
        foreach (var row in rows)
        {
            foreach (var load in overwritten.Where(row.IsRowConstant))
            {
                _ = row.Scalar(load);
            }
        }

        if (roots.Length > 0)
        {
            foreach (var row in rows)
            {
                row.Prepare(roots, every);
                foreach (var store in every.Where(_isLarge.ContainsKey))
                {
                    var first = _k.Add(row.RowAddress(store), _k.Mul(begin, _k.I64(_kernel.Buffers[store.Buffer].Type.Bytes())));
                    var isWhole = _k.B.ICmp(LlvmIntPredicate.Eq, _k.B.And(first, _k.I64(KernelBuilder.Line - 1)), _k.I64(0));
                    row.Stream(store, _k.B.And(_isLarge[store], isWhole));
                }
            }

            var walk = new Walk(number, stage, folds, every, [.. overwritten.Where(n => !rows[0].IsRowConstant(n))], notes, roots);
            var totals = EmitLoops(rows, walk, begin, end);
            for (var r = 0; r < totals.Length; r++)
            {
                rows[r / folds.Length].SetReduced(number, r % folds.Length, folds[r % folds.Length].Across(_k, totals[r]));
            }
        }

        foreach (var row in rows)
        {
            foreach (var store in stage.Stores.Where(IsSingle))
            {
                row.StoreScalar(store, _kernel.Buffers[store.Buffer].Type);
            }
        }
    }

    private bool IsSingle(Store store) => store.Strides[^1].Kind == StrideKind.Zero && _pair[0].IsRowConstant(store.Node);

    // The accumulators of a row's reductions lie one after the other, and rows too.
    private LlvmValue[] EmitLoops(NodeEmitter[] rows, Walk walk, LlvmValue begin, LlvmValue end)
    {
        var folds = walk.Folds;

        // A sum's order depends on what it adds up, not on what else is stored beside it.
        var unroll = Unroll(folds.Length > 0 ? [.. walk.Stage.Reductions.Select(r => r.Node)] : walk.Roots);
        var accumulators = new LlvmValue[rows.Length * folds.Length * unroll];
        for (var i = 0; i < accumulators.Length; i++)
        {
            accumulators[i] = folds[i / unroll % folds.Length].Identity(_k);
        }

        // The first stage brings a row from memory; while the second one computes, the next row is on its way.
        var count = _k.B.Sub(end, begin);
        LoadNode[] ahead = walk.Number != 1 || !_kernel.Plan.NextRowAhead ? [] : [.. rows[0].Reach(_kernel.Stages[0].Reductions.Select(r => r.Node)).Select(n => _kernel.Nodes[n]).OfType<LoadNode>()
            .Where(l => l.Strides[^1].Kind == StrideKind.One && l.Strides.Take(l.Strides.Length - 1).Any(s => s.Kind != StrideKind.Zero))];
        var distance = _k.Mul(count, _k.I64(rows.Length));
        var whole = _k.Add(begin, _k.B.And(count, _k.I64(-(long)Lanes * unroll)));
        accumulators = _k.Loop(begin, whole, Lanes * unroll, accumulators, (first, state) =>
        {
            var next = state.ToArray();
            for (var u = 0; u < unroll; u++)
            {
                for (var row = 0; row < rows.Length; row++)
                {
                    var point = new Point(_k.Add(first, _k.I64(u * Lanes)), null);
                    foreach (var load in ahead)
                    {
                        rows[row].Prefetch(load, point, distance);
                    }

                    EmitPoint(rows[row], row, walk, point, next, unroll, u);
                }
            }

            return next;
        });

        accumulators = _k.Loop(whole, end, Lanes, accumulators, (first, state) =>
        {
            var next = state.ToArray();
            var mask = _k.LanesBelow(_k.B.Sub(end, first));
            for (var row = 0; row < rows.Length; row++)
            {
                EmitPoint(rows[row], row, walk, new Point(first, mask), next, unroll, 0);
            }

            return next;
        });

        var totals = new LlvmValue[rows.Length * folds.Length];
        for (var r = 0; r < totals.Length; r++)
        {
            for (var width = unroll / 2; width >= 1; width /= 2)
            {
                for (var u = 0; u < width; u++)
                {
                    var at = (r * unroll) + u;
                    accumulators[at] = folds[r % folds.Length].Step(_k, accumulators[at], accumulators[at + width]);
                }
            }

            totals[r] = accumulators[r * unroll];
        }

        return totals;
    }

    private void EmitPoint(NodeEmitter nodes, int row, Walk walk, Point point, LlvmValue[] accumulators, int unroll, int slot)
    {
        for (var r = 0; r < walk.Folds.Length; r++)
        {
            var at = (((row * walk.Folds.Length) + r) * unroll) + slot;
            accumulators[at] = walk.Folds[r].Step(_k, accumulators[at], nodes.Vector(walk.Stage.Reductions[r].Node, point), point.Mask);
        }

        foreach (var (node, place) in walk.Notes)
        {
            nodes.Note(node, RowOf(place + row), point);
        }

        foreach (var load in walk.Overwritten)
        {
            _ = nodes.Vector(load, point);
        }

        foreach (var store in walk.Stores)
        {
            nodes.Store(store, _kernel.Buffers[store.Buffer].Type, point);
        }
    }

    /// <summary>Small bodies are repeated, so that latencies overlap and the loop's own work is shared.</summary>
    private int Unroll(int[] roots)
    {
        var cost = _pair[0].Reach(roots).Where(n => !_pair[0].IsRowConstant(n)).Sum(n => _kernel.Nodes[n] switch
        {
            ComputeNode compute => Elementwise.Cost(compute.Op, _kernel.Nodes[compute.Operands[^1]].Type),
            UniformNode => 150,
            GatherNode => 20,
            LoadNode load when load.Strides[^1].Kind == StrideKind.Parameter => 20,
            _ => 1,
        });
        return Math.Max(1, _kernel.Plan.Unroll / (cost switch { <= 8 => 1, <= 32 => 2, _ => 4 }));
    }

    // What a stage does at each point.
    private sealed record Walk(int Number, Stage Stage, Fold[] Folds, List<Store> Stores, ImmutableArray<int> Overwritten, ImmutableArray<(int Node, int Slot)> Notes, int[] Roots);
}
