using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a stage of one or more rows into what comes before it walks along them and after it. Sums have several accumulators, which hides latency and keeps errors small. What was dear to compute and
/// is needed again in a later stage is remembered, and what is larger than the caches is written past them.
/// </summary>
internal sealed class RowStages
{
    private const int Lanes = KernelBuilder.Lanes;

    // Smaller elements fill less than half of a line at a time.
    private const int LeastStreamed = 2;

    // Instructions from which on a processor sees too few points at a time, and up to which registers hold several. Measured: an error function gains a tenth, an exponential nothing.
    private const int LongChain = 20, LongestChain = 32;

    private readonly KernelBuilder _k;
    private readonly RowKernel _kernel;
    private readonly NodeEmitter _any;
    private readonly Dictionary<Store, LlvmValue> _isLarge = [];
    private readonly ImmutableArray<Store> _along;
    private readonly RowEnds? _ends;

    public RowStages(KernelBuilder k, RowKernel kernel)
    {
        (_k, _kernel, _any) = (k, kernel, Row(k, kernel));
        Memory = RowMemory.Of(kernel, _any);
        _along = [.. kernel.Stages.SelectMany(s => s.Stores).Where(s => !IsSingle(s))];
        Streams = FindLarge();
        _ends = RowEnds.Of(k, kernel);
    }

    public RowMemory Memory { get; }

    /// <summary>Whether anything goes past the caches; null: nothing ever does.</summary>
    public LlvmValue? Streams { get; }

    public static NodeEmitter Row(KernelBuilder k, RowKernel kernel) => new(k, kernel.Nodes, kernel.Axes, reducedIsVector: false);

    /// <summary>The first stage that looks at each point of a row, if there is one.</summary>
    public int FirstWalk => Enumerable.Range(0, _kernel.Stages.Length).FirstOrDefault(Walks);

    /// <summary>Whether a walk computes something dear at each point.</summary>
    public bool IsDear => Enumerable.Range(0, _kernel.Nodes.Length).Any(n => !_any.IsRowConstant(n) && _kernel.Nodes[n] is ComputeNode { Type: var type } node && type.IsFloat() && Cost(node) >= _kernel.Plan.RememberedCost);

    /// <summary>Whether all that is stored along rows goes past the caches, line by line; null: it never does.</summary>
    public LlvmValue? AreStreamed
    {
        get
        {
            if (_along.IsEmpty || !_along.All(_isLarge.ContainsKey))
            {
                return null;
            }

            // Bits of what must be a multiple of a line or of a vector.
            var rest = _k.B.And(Columns, _k.I64(Lanes - 1));
            foreach (var store in _along)
            {
                var bytes = _k.I64(_kernel.Buffers[store.Buffer].Type.Bytes());
                var starts = store.Strides.SkipLast(1).Where(s => s.Kind != StrideKind.Zero).Select(s => _k.Mul(Length(s), bytes)).Prepend(Number(_k.Buffer(store.Buffer)));
                rest = starts.Aggregate(rest, (sum, start) => _k.B.Or(sum, _k.B.And(start, _k.I64(KernelBuilder.Line - 1))));
            }

            return _along.Select(s => _isLarge[s]).Aggregate(_k.B.ICmp(LlvmIntPredicate.Eq, rest, rest.Type.Zero), (a, b) => _k.B.And(a, b));
        }
    }

    /// <summary>Whether all that is stored along rows takes the place of something that is read; null: nothing is stored along them.</summary>
    public LlvmValue? AreInPlace => _along.IsEmpty ? null : _along.Select(s => Loaded.Select(b => IsSame(b, s)).Aggregate(_k.Context.I1.Zero, (a, b) => _k.B.Or(a, b))).Aggregate((a, b) => _k.B.And(a, b));

    private LlvmValue Columns => _k.Parameter(_kernel.Axes - 1);

    private IEnumerable<int> Loaded => _kernel.Nodes.OfType<LoadNode>().Select(l => l.Buffer).Distinct();

    /// <summary>Whether a stage looks at each point of a row.</summary>
    public bool Walks(int number)
    {
        var stage = _kernel.Stages[number];
        return !Memory.NotedIn(number).IsEmpty || !stage.Stores.All(IsSingle) || Walked(stage).Any();
    }

    /// <summary>The reductions of a stage that take a walk.</summary>
    public IEnumerable<Reduction> Walked(Stage stage) => stage.Reductions.Where(r => SinglePlace.Of(_kernel, _any, r) is null);

    public bool IsSingle(Store store) => store.Strides[^1].Kind == StrideKind.Zero && _any.IsRowConstant(store.Node);

    /// <summary>Where a row has what it remembers.</summary>
    public LlvmValue Remembered(int slot)
    {
        var start = _k.AlignUp(_k.Scratch);
        var length = _k.B.And(_k.Add(Columns, _k.I64(Lanes - 1)), _k.I64(-Lanes));
        return slot == 0 ? start : _k.B.Gep(_k.Context.F32, start, length);
    }

    /// <summary>What comes before a stage's walk; null: it takes none.</summary>
    public RowWalk? Open(NodeEmitter[] rows, int number, LlvmValue begin, LlvmValue end, RowWay way)
    {
        var stage = _kernel.Stages[number];
        var places = stage.Reductions.Select(r => SinglePlace.Of(_kernel, rows[0], r)).ToList();
        int[] walked = [.. Enumerable.Range(0, places.Count).Where(r => places[r] is null)];
        var every = stage.Stores.Where(s => !IsSingle(s)).ToList();
        var notes = way.Remembers ? Memory.NotedIn(number) : [];
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

        if (roots.Length == 0)
        {
            return null;
        }

        // Before anything is written.
        var differing = way.IsShared && roots.Length == 1 && every is [var one] ? SinglePlace.Of(_kernel, rows[0], one) : null;
        List<Point> singles = [];
        foreach (var row in differing is null ? [] : rows)
        {
            var point = way.IsStreamed ? differing!.VectorAt(_k, row, end) : differing!.At(_k, row, end);
            _ = row.Vector(every[0].Node, point);
            row.Settle(differing.Value);
            singles.Add(point);
        }

        foreach (var row in rows)
        {
            foreach (var sum in walked.Select(r => stage.Reductions[r]))
            {
                if (ShiftedPower.Of(_k, _kernel, row, sum) is { } shifted)
                {
                    row.Shift(sum.Node, shifted);
                }
            }

            row.Prepare(roots, every);
            foreach (var store in every.Where(_ => way.IsStreamed))
            {
                row.Stream(store, null);
            }

            foreach (var store in every.Where(s => !way.IsShared && _isLarge.ContainsKey(s)))
            {
                var first = _k.Add(row.RowAddress(store), _k.Mul(begin, _k.I64(_kernel.Buffers[store.Buffer].Type.Bytes())));
                var isWhole = _k.B.ICmp(LlvmIntPredicate.Eq, _k.B.And(first, _k.I64(KernelBuilder.Line - 1)), _k.I64(0));
                row.Stream(store, _k.B.And(_isLarge[store], isWhole));
            }
        }

        var takesTurns = Cost(rows[0], roots) is >= LongChain and <= LongestChain;

        // A sum's order depends on what it adds up, not on what else is stored beside it.
        return new RowWalk(_k, _kernel, rows, number, [.. walked], walked.Length > 0 ? Unroll(Cost(rows[0], walked.Select(r => stage.Reductions[r].Node))) : takesTurns ? _kernel.Plan.Unroll : Unroll(Cost(rows[0], roots)))
        {
            Stores = [.. every],
            TakesTurns = takesTurns,
            Singles = [.. singles],
            Overwritten = [.. overwritten.Where(n => !rows[0].IsRowConstant(n))],
            Notes = [.. notes.Select(n => (n.Node, Enumerable.Range(0, rows.Length).Select(i => Remembered(n.Slot + i)).ToImmutableArray()))],
            Ahead = number == way.Asking && _kernel.Plan.NextRowAhead ? Ahead(way) : [],
        };
    }

    /// <summary>What comes after a stage's walk.</summary>
    public void Close(NodeEmitter[] rows, int number)
    {
        if (_ends is not null && _kernel.Stages[number].Stores.Any(_ends.Has))
        {
            _ends.Close(rows);
            return;
        }

        foreach (var row in rows)
        {
            foreach (var store in _kernel.Stages[number].Stores.Where(IsSingle))
            {
                row.StoreScalar(store, _kernel.Buffers[store.Buffer].Type);
            }
        }
    }

    // The first walk brings rows from memory.
    private ImmutableArray<(LoadNode Load, LlvmValue Distance)> Ahead(RowWay way)
    {
        var loads = _any.Reach(_kernel.Stages.Take(FirstWalk + 1).SelectMany(s => s.Reductions).Select(r => r.Node)).Select(n => _kernel.Nodes[n]).OfType<LoadNode>()
            .Where(l => l.Strides[^1].Kind == StrideKind.One && l.Strides.SkipLast(1).Any(s => s.Kind != StrideKind.Zero));
        return [.. loads.Select(l => (l, way.Distance(l))).Where(a => a.Item2 is not null).Select(a => (a.l, a.Item2!.Value))];
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
            foreach (var load in Loaded)
            {
                isLarge = _k.B.And(isLarge, _k.B.Not(IsSame(load, store)));
            }

            _isLarge[store] = isLarge;
            any = any is { } a ? _k.B.Or(a, isLarge) : isLarge;
        }

        return any;
    }

    private LlvmValue IsSame(int load, Store store) => _k.B.ICmp(LlvmIntPredicate.Eq, Number(_k.Buffer(load)), Number(_k.Buffer(store.Buffer)));

    private LlvmValue Length(Stride stride) => stride.Kind == StrideKind.Parameter ? _k.Parameter(stride.Parameter) : _k.I64(1);

    private LlvmValue Number(LlvmValue pointer) => _k.B.PtrToInt(pointer, _k.Context.I64);

    // Small bodies are repeated, so that latencies overlap and the loop's own work is shared.
    private int Unroll(int cost) => Math.Max(1, _kernel.Plan.Unroll / (cost switch { <= 8 => 1, <= 32 => 2, _ => 4 }));

    private int Cost(ComputeNode node) => Elementwise.Cost(node.Op, _kernel.Nodes[node.Operands[^1]].Type);

    private int Cost(NodeEmitter row, IEnumerable<int> roots) => row.Reach(roots).Where(n => !row.IsRowConstant(n)).Sum(n => _kernel.Nodes[n] switch
    {
        ComputeNode compute => Cost(compute),
        UniformNode => 150,
        GatherNode => 20,
        LoadNode load when load.Strides[^1].Kind == StrideKind.Parameter => 20,
        _ => 1,
    });
}
