using System.Collections.Immutable;
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

    // As many bytes of f32 lie in the caches, results beside them. Measured: from memory it is a loss; what computes little loses with longer rows, of which the first cache does not hold one of each
    // walk, and where half as much lies in the caches.
    private const long NearBytes = 8 << 20, NearRowBytes = 4 << 10;

    private readonly KernelBuilder _k;
    private readonly RowKernel _kernel;
    private readonly RowStages _stages;
    private readonly ImmutableArray<Part> _parts;
    private readonly LlvmValue _begin, _columns;

    private RowPipeline(KernelBuilder k, RowKernel kernel, RowStages stages, ImmutableArray<Part> parts)
    {
        (_k, _kernel, _stages, _parts) = (k, kernel, stages, parts);
        (_begin, _columns) = (k.I64(0), k.Parameter(kernel.Axes - 1));
    }

    /// <summary>Null: the kernel has but one row or one walk, or its rows cannot go so.</summary>
    public static RowPipeline? Of(KernelBuilder k, RowKernel kernel, RowStages stages)
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

        if (kernel.Axes == 1 || groups.Count is < 2 or > MostWalks || kernel.Stages.Sum(s => s.Reductions.Length) * kernel.Plan.Unroll > MostSums)
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
            [.. g], RowStages.Row(k, kernel), [.. Needed(groups.Skip(i).SelectMany(s => s)).Select(n => kernel.Nodes[n]).OfType<ReducedNode>().Where(r => r.Stage < g[0]).Select(r => (r.Stage, r.Reduction)).Distinct()]))]);
    }

    /// <summary>Whether what is read lies in the caches, and rows in the first one or much is computed of them.</summary>
    public LlvmValue IsNear
    {
        get
        {
            var row = _k.Mul(_columns, _k.I64(sizeof(float)));
            var all = Enumerable.Range(0, _kernel.Axes - 1).Select(_k.Parameter).Aggregate(row, _k.Mul);
            var (length, longest) = _stages.Memory.IsEmpty ? (row, _k.I64(NearRowBytes)) : (_columns, _k.I64(_kernel.Plan.LongestRemembered));
            return _k.B.And(_k.B.ICmp(LlvmIntPredicate.Sle, length, longest), _k.B.ICmp(LlvmIntPredicate.Sle, all, _k.I64(_stages.Memory.IsEmpty ? NearBytes / 2 : NearBytes)));
        }
    }

    public void Emit()
    {
        // What a part is told by the one before it: what the row's earlier reductions came to.
        LlvmValue[] start = [.. _parts.SelectMany(p => p.Told).Select(t => Zero(t.Stage, t.Reduction))];
        var (last, first) = (_k.Add(_k.End, _k.I64(_parts.Length - 1)), _k.Add(_k.Begin, _k.I64(_parts.Length - 1)));
        _ = _k.Loop(_k.Begin, last, 1, start, (turn, state) =>
        {
            var at = 0;
            LlvmValue[][] told = [.. _parts.Select(p => state[at..(at += p.Told.Length)])];
            return _k.If(_k.B.And(_k.B.ICmp(LlvmIntPredicate.Sge, turn, first), _k.B.ICmp(LlvmIntPredicate.Slt, turn, _k.End)), () => Together(turn, told), () => Apart(turn, told));
        });
    }

    private LlvmValue[] Together(LlvmValue turn, LlvmValue[][] told)
    {
        List<RowWalk> walks = [];
        for (var p = 0; p < _parts.Length; p++)
        {
            Enter(p, turn, told[p]);
            walks.Add(Open(_parts[p])!);
        }

        RowWalk.Run(_k, walks, _begin, _columns);
        foreach (var part in _parts)
        {
            Close(part);
        }

        return [.. _parts.Skip(1).Zip(_parts).SelectMany(p => Tell(p.First, p.Second))];
    }

    private LlvmValue[] Apart(LlvmValue turn, LlvmValue[][] told)
    {
        var results = new LlvmValue[_parts.Length][];
        for (var p = _parts.Length - 1; p >= 0; p--)
        {
            var (part, next) = (_parts[p], p + 1 < _parts.Length ? _parts[p + 1] : null);
            var row = _k.B.Sub(turn, _k.I64(p));
            var exists = _k.B.And(_k.B.ICmp(LlvmIntPredicate.Sge, row, _k.Begin), _k.B.ICmp(LlvmIntPredicate.Slt, row, _k.End));
            results[p] = _k.If(
                exists,
                () =>
                {
                    Enter(p, turn, told[p]);
                    RowWalk.Run(_k, [Open(part)!], _begin, _columns);
                    Close(part);
                    return next is null ? [] : [.. Tell(next, part)];
                },
                () => next is null ? [] : [.. next.Told.Select(t => Zero(t.Stage, t.Reduction))]);
        }

        return [.. results.SelectMany(r => r)];
    }

    private void Enter(int number, LlvmValue turn, LlvmValue[] told)
    {
        var part = _parts[number];
        part.Row.EnterRow(_k.Unravel(_k.B.Sub(turn, _k.I64(number)), [.. Enumerable.Range(0, _kernel.Axes - 1).Select(_k.Parameter)]));
        foreach (var ((stage, reduction), value) in part.Told.Zip(told))
        {
            part.Row.SetReduced(stage, reduction, value);
        }

        foreach (var (node, slot) in number > 0 ? _parts[number - 1].Stages.SelectMany(s => _stages.Memory.NotedIn(s)) : [])
        {
            part.Row.Remember(node, _stages.Remembered(slot));
        }
    }

    // All until the walk, and the walk.
    private RowWalk? Open(Part part)
    {
        foreach (var stage in part.Stages)
        {
            if (_stages.Open([part.Row], stage, _begin, _columns, remembers: true, isNear: true) is { } walk)
            {
                return walk;
            }

            _stages.Close([part.Row], stage);
        }

        return null;
    }

    // All after the walk.
    private void Close(Part part)
    {
        foreach (var stage in part.Stages.SkipWhile(s => !_stages.Walks(s)))
        {
            if (!_stages.Walks(stage))
            {
                _ = _stages.Open([part.Row], stage, _begin, _columns, remembers: true, isNear: true);
            }

            _stages.Close([part.Row], stage);
        }
    }

    private static IEnumerable<LlvmValue> Tell(Part next, Part part) => next.Told.Select(t => part.Row.Reduced(t.Stage, t.Reduction));

    private LlvmValue Zero(int stage, int reduction) => Numbers.Value(_k.Context, _kernel.Nodes[_kernel.Stages[stage].Reductions[reduction].Node].Type).Zero;

    // The stages of one walk, the row that it is at, and the reductions of earlier parts that this one or a later one needs.
    private sealed record Part(ImmutableArray<int> Stages, NodeEmitter Row, ImmutableArray<(int Stage, int Reduction)> Told);
}
