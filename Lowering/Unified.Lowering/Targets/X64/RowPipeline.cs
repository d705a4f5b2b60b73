using System.Collections.Immutable;
using System.Numerics;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns rows of several walks into one loop for all walks: the first walk along a row, the second along the row before it, and so on. So what only loads, what computes and what only stores go on at the
/// same time, and the ends of sums come once a row. While fewer rows are there than walks, each walk has a loop of its own.
/// </summary>
internal sealed class RowPipeline
{
    // More sums at a time than registers hold would go to memory at each step.
    private const int MostWalks = 3, MostSums = 16;

    // As many bytes of f32 lie in the caches, results beside them; what computes little gains where half as much does, and where the first cache holds a row of each walk.
    private const long NearBytes = 8 << 20, NearRowBytes = 4 << 10;

    // Elements that lie between what is read and what is asked for: rows to come, or of a long row the rest. Measured: half and twice as many are as good.
    private const long ElementsAhead = 2048, LongRow = 4 * ElementsAhead;

    // Of longer rows the second cache does not hold those of each walk beside what it writes back.
    private const long LongestInPlace = 32 << 10;

    private readonly KernelBuilder _k;
    private readonly RowKernel _kernel;
    private readonly RowStages _stages;
    private readonly ImmutableArray<Part> _parts;
    private readonly LlvmValue _begin, _columns;
    private readonly int _width;

    private RowPipeline(KernelBuilder k, RowKernel kernel, RowStages stages, ImmutableArray<Part> parts, int width)
    {
        (_k, _kernel, _stages, _parts, _width) = (k, kernel, stages, parts, width);
        (_begin, _columns) = (k.I64(0), k.Parameter(kernel.Axes - 1));
    }

    /// <summary>Null: the kernel has but one row or one walk, or its rows cannot go so.</summary>
    /// <param name="k">Where code goes.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="stages">Its stages.</param>
    /// <param name="width">Rows that each walk takes at a time.</param>
    public static RowPipeline? Of(KernelBuilder k, RowKernel kernel, RowStages stages, int width)
    {
        // A walk goes with what stages without one do after it, and the first one also with what they do before it.
        List<List<int>> groups = [];
        for (var stage = 0; stage < kernel.Stages.Length; stage++)
        {
            if (groups.Count == 0 || (stages.Walks(stage) && groups[^1].Exists(stages.Walks)))
            {
                groups.Add([]);
            }

            groups[^1].Add(stage);
        }

        if (kernel.Axes == 1 || groups.Count is < 2 or > MostWalks || kernel.Stages.Sum(s => stages.Walked(s).Count()) * kernel.Plan.Unroll * width > MostSums)
        {
            return null;
        }

        var row = RowStages.Row(k, kernel);
        IReadOnlyList<int> Needed(IEnumerable<int> numbers) => row.Reach(numbers.Select(s => kernel.Stages[s]).SelectMany(s => s.Reductions.Select(r => r.Node).Concat(s.Stores.Select(w => w.Node))));

        // What is remembered is read while the next row's takes its place: by the next walk, not by a later one. A product of floats that is the same in all rows would have readers in several walks: it
        // would not be fused with a sum, as it is in a row alone, and bits would differ.
        var isLate = Enumerable.Range(0, groups.Count).Any(g => groups[g].Exists(s => stages.Memory.NotedIn(s).Any(n => groups.Skip(g + 2).Any(later => Needed(later).Contains(n.Node)))));
        var isShared = Enumerable.Range(0, kernel.Nodes.Length).Any(n => kernel.Nodes[n] is ComputeNode { Op: OpCode.Mul } && kernel.Nodes[n].Type.IsFloat() && row.IsSameInRows(n));
        return isLate || isShared ? null : new(k, kernel, stages, [.. groups.Select((g, i) => new Part(
            [.. g], [.. Enumerable.Range(0, width).Select(_ => RowStages.Row(k, kernel))], [.. Needed(groups.Skip(i).SelectMany(s => s)).Select(n => kernel.Nodes[n]).OfType<ReducedNode>().Where(r => r.Stage < g[0]).Select(r => (r.Stage, r.Reduction)).Distinct()]))], width);
    }

    /// <summary>Rows that gain by it; others are left to <paramref name="apart"/>.</summary>
    /// <param name="rest">Rows from a first one on: fewer than go at a time.</param>
    /// <param name="apart">All rows.</param>
    public void Emit(Action<LlvmValue> rest, Action apart)
    {
        var cases = Cases().ToList();
        if (cases.Exists(c => c.Condition is null))
        {
            rest(Emit(cases));
        }
        else
        {
            _k.If(cases.Select(c => c.Condition!.Value).Aggregate((a, b) => _k.B.Or(a, b)), () => rest(Emit(cases)), apart);
        }
    }

    // Measured. What computes much from farther away than the caches reads rows to come meanwhile, at no cost where they are near: nearly as fast as they come, but where results are read into the caches
    // first. What computes little has rows as near as they can be, or short ones of which nothing is written.
    private IEnumerable<Case> Cases()
    {
        var row = _k.Mul(_columns, _k.I64(sizeof(float)));
        LlvmValue IsNear(long most) => IsAtMost(Enumerable.Range(0, _kernel.Axes - 1).Select(_k.Parameter).Aggregate(row, _k.Mul), most);
        LlvmValue Fits(LlvmValue condition) => _stages.Memory.IsEmpty ? condition : _k.B.And(IsAtMost(_columns, _kernel.Plan.LongestRemembered), condition);
        if (!_stages.IsDear)
        {
            yield return _width > 1 ? new(IsNear(NearBytes)) : new(_k.B.And(IsNear(NearBytes / 2), IsAtMost(row, NearRowBytes)));
            if (_width > 1)
            {
                yield return new(IsAtMost(row, NearRowBytes)) { LooksAhead = true };
            }
        }
        else if (_stages.AreInPlace is { } inPlace)
        {
            if (_stages.AreStreamed is { } streamed)
            {
                yield return new(Fits(streamed)) { LooksAhead = true, IsStreamed = true };
            }

            yield return new(Fits(_k.B.Or(IsNear(NearBytes), _k.B.And(inPlace, IsAtMost(_columns, LongestInPlace))))) { LooksAhead = true };
        }
        else
        {
            yield return new(_stages.Memory.IsEmpty ? null : IsAtMost(_columns, _kernel.Plan.LongestRemembered)) { LooksAhead = true };
        }
    }

    private LlvmValue IsAtMost(LlvmValue value, long most) => _k.B.ICmp(LlvmIntPredicate.Sle, value, _k.I64(most));

    // All rows but those that are fewer than go at a time; gives the first of these.
    private LlvmValue Emit(IReadOnlyList<Case> cases)
    {
        var ahead = Ahead();

        // What a part is told by the one before it: what the rows' earlier reductions came to.
        LlvmValue[] start = [.. _parts.SelectMany(Nothing)];
        var units = _k.B.AShr(_k.B.Sub(_k.End, _k.Begin), _k.I64(BitOperations.Log2((uint)_width)));
        _ = _k.Loop(_k.I64(0), _k.B.Select(_k.B.ICmp(LlvmIntPredicate.Sgt, units, _k.I64(0)), _k.Add(units, _k.I64(_parts.Length - 1)), _k.I64(0)), 1, start, (turn, state) =>
        {
            var at = 0;
            LlvmValue[][] told = [.. _parts.Select(p => state[at..(at += p.Told.Length * _width)])];
            return _k.If(
                _k.B.And(_k.B.ICmp(LlvmIntPredicate.Sge, turn, _k.I64(_parts.Length - 1)), _k.B.ICmp(LlvmIntPredicate.Slt, turn, units)),
                () => Choose(cases, 0, rows => Together(turn, told, new(Remembers: true) { IsShared = true, IsStreamed = rows.IsStreamed, Asking = rows.LooksAhead ? _stages.FirstWalk : -1, Distance = ahead })),
                () => Apart(turn, told, units, new(Remembers: true) { IsShared = true }));
        });
        return _k.Add(_k.Begin, _k.Mul(units, _k.I64(_width)));
    }

    // The first case that holds, of which one does.
    private LlvmValue[] Choose(IReadOnlyList<Case> cases, int from, Func<Case, LlvmValue[]> emit) =>
        cases[from].Condition is { } condition && from + 1 < cases.Count ? _k.If(condition, () => emit(cases[from]), () => Choose(cases, from + 1, emit)) : emit(cases[from]);

    private LlvmValue[] Together(LlvmValue turn, LlvmValue[][] told, RowWay way)
    {
        List<RowWalk> walks = [];
        for (var p = 0; p < _parts.Length; p++)
        {
            Enter(p, turn, told[p]);
            walks.Add(Open(_parts[p], way)!);
        }

        RowWalk.Run(_k, walks, _begin, _columns);
        foreach (var part in _parts)
        {
            Close(part, way);
        }

        return [.. _parts.Skip(1).Zip(_parts).SelectMany(p => Tell(p.First, p.Second))];
    }

    private LlvmValue[] Apart(LlvmValue turn, LlvmValue[][] told, LlvmValue units, RowWay way)
    {
        var results = new LlvmValue[_parts.Length][];
        for (var p = _parts.Length - 1; p >= 0; p--)
        {
            var (part, next) = (_parts[p], p + 1 < _parts.Length ? _parts[p + 1] : null);
            results[p] = _k.If(
                _k.B.ICmp(LlvmIntPredicate.Ult, _k.B.Sub(turn, _k.I64(p)), units),
                () =>
                {
                    Enter(p, turn, told[p]);
                    RowWalk.Run(_k, [Open(part, way)!], _begin, _columns);
                    Close(part, way);
                    return next is null ? [] : [.. Tell(next, part)];
                },
                () => next is null ? [] : [.. Nothing(next)]);
        }

        return [.. results.SelectMany(r => r)];
    }

    private void Enter(int number, LlvmValue turn, LlvmValue[] told)
    {
        var part = _parts[number];
        var first = _k.Add(_k.Begin, _k.Mul(_k.B.Sub(turn, _k.I64(number)), _k.I64(_width)));
        for (var i = 0; i < _width; i++)
        {
            part.Rows[i].EnterRow(_k.Unravel(_k.Add(first, _k.I64(i)), [.. Enumerable.Range(0, _kernel.Axes - 1).Select(_k.Parameter)]));
            foreach (var ((stage, reduction), value) in part.Told.Zip(told.Skip(i * part.Told.Length)))
            {
                part.Rows[i].SetReduced(stage, reduction, value);
            }

            foreach (var (node, slot) in number > 0 ? _parts[number - 1].Stages.SelectMany(s => _stages.Memory.NotedIn(s)) : [])
            {
                part.Rows[i].Remember(node, _stages.Remembered(slot + i));
            }
        }
    }

    // All until the walk, and the walk.
    private RowWalk? Open(Part part, RowWay way)
    {
        foreach (var stage in part.Stages)
        {
            if (_stages.Open(part.Rows, stage, _begin, _columns, way) is { } walk)
            {
                return walk;
            }

            _stages.Close(part.Rows, stage);
        }

        return null;
    }

    // All after the walk.
    private void Close(Part part, RowWay way)
    {
        foreach (var stage in part.Stages.SkipWhile(s => !_stages.Walks(s)))
        {
            if (!_stages.Walks(stage))
            {
                _ = _stages.Open(part.Rows, stage, _begin, _columns, way);
            }

            _stages.Close(part.Rows, stage);
        }
    }

    // Whole rows, so that it does not matter where the next one begins; of long ones the second cache would not hold them.
    private Func<LoadNode, LlvmValue?> Ahead()
    {
        var rows = _k.CeilDiv(_k.I64(ElementsAhead), _k.B.Select(IsAtMost(_columns, 0), _k.I64(1), _columns));
        rows = _k.B.Select(IsAtMost(rows, _width), _k.I64(_width), rows);
        var isLong = _k.B.ICmp(LlvmIntPredicate.Sge, _columns, _k.I64(LongRow));
        return load => load.Strides[^2] is { Kind: StrideKind.Parameter } stride ? _k.B.Select(isLong, _k.I64(ElementsAhead), _k.Mul(rows, _k.Parameter(stride.Parameter))) : null;
    }

    private static IEnumerable<LlvmValue> Tell(Part next, Part part) => part.Rows.SelectMany(row => next.Told.Select(t => row.Reduced(t.Stage, t.Reduction)));

    private IEnumerable<LlvmValue> Nothing(Part part) => part.Rows.SelectMany(_ => part.Told.Select(t => Numbers.Value(_k.Context, _kernel.Nodes[_kernel.Stages[t.Stage].Reductions[t.Reduction].Node].Type).Zero));

    // Where rows gain, null: everywhere; whether all that is stored along them goes past the caches, and rows to come are asked for.
    private sealed record Case(LlvmValue? Condition)
    {
        public bool IsStreamed { get; init; }

        public bool LooksAhead { get; init; }
    }

    // The stages of one walk, the rows that it is at, and the reductions of earlier parts that this one or a later one needs.
    private sealed record Part(ImmutableArray<int> Stages, NodeEmitter[] Rows, ImmutableArray<(int Stage, int Reduction)> Told);
}
