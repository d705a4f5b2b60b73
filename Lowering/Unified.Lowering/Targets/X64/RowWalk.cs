using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns what a stage does at each point of one or more rows into loops over vectors of the inner axis: unrolled while whole vectors are left, masked at the end. Stages of several rows may walk in one
/// loop; each row's sums are made in the order that they have in a loop of its own.
/// </summary>
internal sealed class RowWalk
{
    private const int Lanes = KernelBuilder.Lanes;

    private readonly KernelBuilder _k;
    private readonly RowKernel _kernel;
    private readonly NodeEmitter[] _rows;
    private readonly int _stage, _unroll;
    private readonly RowFolds _folds;

    /// <param name="k">Where code goes.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="rows">The rows, ready to be evaluated.</param>
    /// <param name="stage">The number of the stage.</param>
    /// <param name="sums">The reductions that take a walk.</param>
    /// <param name="unroll">Vectors in a turn, and accumulators of a reduction: a power of two.</param>
    public RowWalk(KernelBuilder k, RowKernel kernel, NodeEmitter[] rows, int stage, ImmutableArray<int> sums, int unroll)
    {
        var caught = new CaughtNaN(kernel);
        (_k, _kernel, _rows, _stage, Sums, _unroll) = (k, kernel, rows, stage, sums, unroll);
        _folds = new RowFolds(k, [.. Sums.Select(s => new Fold(Reduction(s).Op, kernel.Nodes[Reduction(s).Node].Type) { IsNaNCaught = caught.Of(stage, s) })], rows.Length, unroll);
    }

    public ImmutableArray<int> Sums { get; }

    public ImmutableArray<Store> Stores { get; init; } = [];

    /// <summary>Of each row a place where the only store has another value than the walk writes: it is written after that. Empty: there is none.</summary>
    public ImmutableArray<Point> Singles { get; init; } = [];

    /// <summary>Whether a turn's points are computed at the same time.</summary>
    public bool TakesTurns { get; init; }

    /// <summary>What must be loaded before the first store.</summary>
    public ImmutableArray<int> Overwritten { get; init; } = [];

    /// <summary>What is written down, and where each of the rows has it.</summary>
    public ImmutableArray<(int Node, ImmutableArray<LlvmValue> Rows)> Notes { get; init; } = [];

    /// <summary>What is asked for on the way, and how far ahead.</summary>
    public ImmutableArray<(LoadNode Load, LlvmValue Distance)> Ahead { get; init; } = [];

    /// <summary>
    /// Walks along the rows of all <paramref name="walks"/> in one loop; at a point the last one comes first, so that it reads what an earlier one writes down there for the next turn.
    /// </summary>
    public static void Run(KernelBuilder k, IReadOnlyList<RowWalk> walks, LlvmValue begin, LlvmValue end)
    {
        var widest = walks.Max(w => w._unroll);
        LlvmValue Whole(int unroll) => k.Add(begin, k.B.And(k.B.Sub(end, begin), k.I64(-(long)Lanes * unroll)));
        var whole = Whole(widest);
        LlvmValue[][] Split(LlvmValue[] state)
        {
            var at = 0;
            return [.. walks.Select(w => state[at..(at += w._folds.Count)])];
        }

        LlvmValue[][] states = [.. walks.Select(w => w._folds.Start())];
        states = Split(k.Loop(begin, whole, Lanes * widest, [.. states.SelectMany(s => s)], (first, state) =>
        {
            var next = Split(state);
            Point[][][] all = [.. Enumerable.Range(0, widest).Select(u => k.Add(first, k.I64(u * Lanes))).Select(at => walks.Select(w => w._rows.Select(_ => new Point(at, null)).ToArray()).ToArray())];
            if (walks is [{ TakesTurns: true }])
            {
                k.Interleave(widest, u => walks[0].Evaluate(all[u][0]));
            }

            for (var u = 0; u < widest; u++)
            {
                // Rows often lie whole pages apart, and what is loaded after a store to the same place of a page waits for it.
                for (var w = walks.Count - 1; w >= 0 && walks.Count > 1; w--)
                {
                    walks[w].Load(all[u][w]);
                }

                for (var w = walks.Count - 1; w >= 0; w--)
                {
                    walks[w].Pass(next[w], all[u][w], u % walks[w]._unroll, walks is not [{ TakesTurns: true }]);
                }
            }

            if (walks is [{ TakesTurns: true } only])
            {
                only.Write([.. all.Select(u => u[0])]);
            }

            for (var w = 0; w < walks.Count; w++)
            {
                walks[w]._folds.EndPass(next[w]);
            }

            return [.. next.SelectMany(s => s)];
        }));

        for (var w = walks.Count - 1; w >= 0; w--)
        {
            var (walk, from) = (walks[w], whole);
            if (walk._unroll < widest)
            {
                from = Whole(walk._unroll);
                states[w] = k.Loop(whole, from, Lanes * walk._unroll, states[w], (first, state) => walk.Turn(state, first, null, walk._unroll));
            }

            states[w] = k.Loop(from, end, Lanes, states[w], (first, state) => walk.Turn(state, first, k.LanesBelow(k.B.Sub(end, first)), 1));
            walk.Finish(states[w]);
        }
    }

    private IEnumerable<int> Roots => Sums.Select(s => Reduction(s).Node).Concat(Stores.Select(s => s.Node)).Concat(Notes.Select(n => n.Node));

    private Reduction Reduction(int number) => _kernel.Stages[_stage].Reductions[number];

    private LlvmValue[] Turn(LlvmValue[] state, LlvmValue first, LlvmValue? mask, int vectors)
    {
        var next = state.ToArray();
        for (var u = 0; u < vectors; u++)
        {
            Pass(next, [.. _rows.Select(_ => new Point(_k.Add(first, _k.I64(u * Lanes)), mask))], u);
        }

        _folds.EndPass(next);
        return next;
    }

    private void Evaluate(Point[] points)
    {
        for (var row = 0; row < _rows.Length; row++)
        {
            foreach (var root in Roots)
            {
                _ = _rows[row].Vector(root, points[row]);
            }
        }
    }

    private void Load(Point[] points)
    {
        for (var row = 0; row < _rows.Length; row++)
        {
            foreach (var load in _rows[row].Loads(Roots))
            {
                _ = _rows[row].Vector(load, points[row]);
            }
        }
    }

    private void Pass(LlvmValue[] state, Point[] points, int slot, bool stores = true)
    {
        for (var row = 0; row < _rows.Length; row++)
        {
            var point = points[row];
            var mask = point.Mask;
            foreach (var (load, distance) in mask is null ? Ahead : [])
            {
                _rows[row].Prefetch(load, point, distance, KernelBuilder.SecondLevel);
            }

            for (var i = 0; i < Sums.Length; i++)
            {
                _folds.Step(state, row, i, slot, _rows[row].Vector(Reduction(Sums[i]).Node, point), mask);
            }

            foreach (var (node, places) in Notes)
            {
                _rows[row].Note(node, places[row], point);
            }

            foreach (var load in Overwritten)
            {
                _ = _rows[row].Vector(load, point);
            }

            foreach (var store in stores ? Stores : [])
            {
                _rows[row].Store(store, _kernel.Buffers[store.Buffer].Type, point);
            }
        }
    }

    // Stores of a whole turn: values that were all computed before stay so.
    private void Write(Point[][] points)
    {
        for (var row = 0; row < _rows.Length; row++)
        {
            foreach (var store in Stores)
            {
                _rows[row].Store(store, _kernel.Buffers[store.Buffer].Type, [.. points.Select(p => p[row])]);
            }
        }
    }

    private void Finish(LlvmValue[] totals)
    {
        for (var row = 0; row < _rows.Length; row++)
        {
            for (var i = 0; i < Sums.Length; i++)
            {
                var total = _folds.Total(totals, row, i);
                _rows[row].SetReduced(_stage, Sums[i], _rows[row].Lacks(Reduction(Sums[i]).Node) is { } factor ? _k.B.FMul(total, factor) : total);
            }

            if (!Singles.IsEmpty)
            {
                _rows[row].Store(Stores[0], _kernel.Buffers[Stores[0].Buffer].Type, Singles[row]);
            }
        }
    }
}
