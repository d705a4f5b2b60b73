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

    // Rows that the first cache holds beside the next ones, of data that lie in the caches: there the next row is asked for into the first cache. Measured: 3 to 9 % with 1024 columns;
    // with 4096, or from memory, it is a loss.
    private const long NearRowBytes = 8 << 10, NearBytes = 16 << 20;

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
        var places = stage.Reductions.Select(r => SinglePlace.Of(_kernel, rows[0], r)).ToList();
        int[] walked = [.. Enumerable.Range(0, places.Count).Where(r => places[r] is null)];
        var every = stage.Stores.Where(s => !IsSingle(s)).ToList();
        int[] roots = [.. walked.Select(r => stage.Reductions[r].Node), .. every.Select(s => s.Node), .. notes.Select(n => n.Node)];
        var overwritten = rows[0].Overwritten(stage.Stores);
        foreach (var row in rows)
        {
            foreach (var load in overwritten.Where(row.IsRowConstant))
            {
                _ = row.Scalar(load);
            }

            for (var r = 0; r < places.Count; r++)
            {
                if (places[r] is { } place)
                {
                    row.SetReduced(number, r, place.Sum(_k, row, end));
                }
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

            EmitLoops(rows, new Walk(number, [.. walked.Select(r => (r, stage.Reductions[r].Node))], every, [.. overwritten.Where(n => !rows[0].IsRowConstant(n))], notes, roots), begin, end);
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

    private void EmitLoops(NodeEmitter[] rows, Walk walk, LlvmValue begin, LlvmValue end)
    {
        // A sum's order depends on what it adds up, not on what else is stored beside it.
        var unroll = Unroll(walk.Sums.Length > 0 ? [.. walk.Sums.Select(s => s.Node)] : walk.Roots);
        var folds = new RowFolds(_k, [.. walk.Sums.Select(s => new Fold(_kernel.Stages[walk.Number].Reductions[s.Reduction].Op, _kernel.Nodes[s.Node].Type))], rows.Length, unroll);

        // The first stage brings a row from memory; while the second one computes, the next row is on its way.
        var count = _k.B.Sub(end, begin);
        LoadNode[] ahead = walk.Number != 1 || !_kernel.Plan.NextRowAhead ? [] : [.. rows[0].Reach(_kernel.Stages[0].Reductions.Select(r => r.Node)).Select(n => _kernel.Nodes[n]).OfType<LoadNode>()
            .Where(l => l.Strides[^1].Kind == StrideKind.One && l.Strides.Take(l.Strides.Length - 1).Any(s => s.Kind != StrideKind.Zero))];
        var distance = _k.Mul(count, _k.I64(rows.Length));
        var near = ahead.Length > 0 ? _k.B.Select(IsNear(count), distance, _k.I64(0)) : distance;
        var whole = _k.Add(begin, _k.B.And(count, _k.I64(-(long)Lanes * unroll)));
        var totals = _k.Loop(begin, whole, Lanes * unroll, folds.Start(), (first, state) =>
        {
            var next = state.ToArray();
            for (var u = 0; u < unroll; u++)
            {
                for (var row = 0; row < rows.Length; row++)
                {
                    var point = new Point(_k.Add(first, _k.I64(u * Lanes)), null);
                    foreach (var load in ahead)
                    {
                        rows[row].Prefetch(load, point, near, KernelBuilder.FirstLevel);
                        rows[row].Prefetch(load, point, distance, KernelBuilder.SecondLevel);
                    }

                    EmitPoint(rows[row], row, walk, point, folds, next, u);
                }
            }

            folds.EndPass(next);
            return next;
        });

        totals = _k.Loop(whole, end, Lanes, totals, (first, state) =>
        {
            var next = state.ToArray();
            var mask = _k.LanesBelow(_k.B.Sub(end, first));
            for (var row = 0; row < rows.Length; row++)
            {
                EmitPoint(rows[row], row, walk, new Point(first, mask), folds, next, 0);
            }

            folds.EndPass(next);
            return next;
        });

        for (var row = 0; row < rows.Length; row++)
        {
            for (var i = 0; i < walk.Sums.Length; i++)
            {
                rows[row].SetReduced(walk.Number, walk.Sums[i].Reduction, folds.Total(totals, row, i));
            }
        }
    }

    private LlvmValue IsNear(LlvmValue columns)
    {
        var bytes = _k.Mul(columns, _k.I64(sizeof(float)));
        var all = Enumerable.Range(0, _kernel.Axes - 1).Select(_k.Parameter).Aggregate(bytes, _k.Mul);
        return _k.B.And(_k.B.ICmp(LlvmIntPredicate.Sle, bytes, _k.I64(NearRowBytes)), _k.B.ICmp(LlvmIntPredicate.Sle, all, _k.I64(NearBytes)));
    }

    private void EmitPoint(NodeEmitter nodes, int row, Walk walk, Point point, RowFolds folds, LlvmValue[] state, int slot)
    {
        for (var i = 0; i < walk.Sums.Length; i++)
        {
            folds.Step(state, row, i, slot, nodes.Vector(walk.Sums[i].Node, point), point.Mask);
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

    // What a stage does at each point; its sums are those that take a walk.
    private sealed record Walk(int Number, ImmutableArray<(int Reduction, int Node)> Sums, List<Store> Stores, ImmutableArray<int> Overwritten, ImmutableArray<(int Node, int Slot)> Notes, int[] Roots);
}
