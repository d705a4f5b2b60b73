using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Which nodes of a row kernel are written to scratch by the stage that computes them first, because a later one would have to compute them
/// again: softmax takes each exponential once.
/// </summary>
internal sealed class RowMemory
{
    private readonly ImmutableArray<(int Stage, int Node, int Slot)> _notes;

    private RowMemory(ImmutableArray<(int Stage, int Node, int Slot)> notes, bool leavesHalf) => (_notes, LeavesHalf) = (notes, leavesHalf);

    /// <summary>Whether scratch has room for a second row of the same.</summary>
    public bool LeavesHalf { get; }

    public bool IsEmpty => _notes.IsEmpty;

    public static RowMemory Of(RowKernel kernel, NodeEmitter nodes)
    {
        var firstStage = new Dictionary<int, int>();
        var notes = ImmutableArray.CreateBuilder<(int, int, int)>();
        var used = 0;
        for (var stage = 0; stage < kernel.Stages.Length; stage++)
        {
            var roots = kernel.Stages[stage].Reductions.Select(r => r.Node).Concat(kernel.Stages[stage].Stores.Select(s => s.Node)).ToList();
            foreach (var node in Frontier(roots))
            {
                var size = kernel.Nodes[node].Type == DType.F64 ? 8 : 4;
                if (used + size <= RowKernel.BytesRemembered && !notes.Any(n => n.Item2 == node))
                {
                    notes.Add((firstStage[node], node, used / 4));
                    used += size;
                }
            }

            foreach (var node in nodes.Reach(roots))
            {
                _ = firstStage.TryAdd(node, stage);
            }
        }

        return new RowMemory(notes.ToImmutable(), used <= RowKernel.BytesRemembered / 2);

        // The dear nodes next to the roots that an earlier stage has computed.
        IEnumerable<int> Frontier(IEnumerable<int> roots)
        {
            var (open, seen) = (new Stack<int>(roots), new HashSet<int>());
            while (open.TryPop(out var node))
            {
                if (!seen.Add(node) || nodes.IsRowConstant(node))
                {
                    continue;
                }

                if (firstStage.ContainsKey(node) && kernel.Nodes[node] is ComputeNode compute && compute.Type.IsFloat()
                    && Elementwise.Cost(compute.Op, kernel.Nodes[compute.Operands[^1]].Type) >= kernel.Plan.RememberedCost)
                {
                    yield return node;
                    continue;
                }

                foreach (var operand in NodeEmitter.Operands(kernel.Nodes[node]))
                {
                    open.Push(operand);
                }
            }
        }
    }

    /// <summary>What a stage writes down, and in which of the rows of f32.</summary>
    public ImmutableArray<(int Node, int Slot)> NotedIn(int stage) => [.. _notes.Where(n => n.Stage == stage).Select(n => (n.Node, n.Slot))];
}
