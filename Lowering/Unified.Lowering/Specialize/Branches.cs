using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// Runs the two sides of a condition that is a tensor, each into a graph of its own, and merges what they change: variables,
/// tensors written to, and how they leave.
/// </summary>
internal static class Branches
{
    private static readonly ImmutableArray<Exit> Leaves = [Exit.Returned, Exit.Broken, Exit.Continued];

    /// <param name="inside">What both sides consist of: variables that only it uses need no merging.</param>
    public static Flow Run(Frame frame, OpValue condition, LocalUses inside, Func<Flow> whenTrue, Func<Flow> whenFalse)
    {
        var before = frame.Save();
        var (then, thenFlow) = Side(frame, "then", before, whenTrue);
        var (other, otherFlow) = Side(frame, "else", before, whenFalse);
        var merge = new BranchMerge(frame, condition, then, other);
        for (var i = 0; i < before.Slots.Length; i++)
        {
            if (i < frame.Function.Locals.Length && inside.Written.Contains(i) && !inside.IsWantedLater(i, frame.Function))
            {
                continue;
            }

            merge.Add(i);
        }

        merge.Finish(before);
        return thenFlow == otherFlow ? thenFlow : Flow.Partial;
    }

    /// <summary>After a partial exit: runs the rest of a block for the paths that are still in it.</summary>
    /// <param name="done">The instructions before the rest; what they alone use is not wanted any more.</param>
    public static Flow GoOn(Frame frame, ImmutableArray<Instruction> rest, Func<Flow> run)
    {
        var left = Leaves.Where(e => frame[e] != HostValue.False).ToList();
        var stays = frame.Builder.Apply(OpCode.LogicalNot, left.Select(e => frame.Tensor(frame[e])).Aggregate((a, b) => a.Builder.Apply(OpCode.LogicalOr, a, b)));
        var flow = Run(frame, stays, LocalUses.OfPaths([rest]), run, () => Flow.Partial);

        // When all paths have gone the same way by now, that is how the block is left.
        foreach (var (exit, way) in (ReadOnlySpan<(Exit, Flow)>)[(Exit.Returned, Flow.Return), (Exit.Broken, Flow.Break), (Exit.Continued, Flow.Continue)])
        {
            if (left is [var only] && only == exit && RestFlow == way)
            {
                frame[exit] = HostValue.True;
                return way;
            }
        }

        return flow;
    }

    private static (BranchSide Side, Flow Flow) Side(Frame frame, string name, FrameState before, Func<Flow> run)
    {
        var region = frame.Enter(name);
        var flow = run();
        var after = frame.Save();
        if (after.Rebound != before.Rebound)
        {
            throw frame.Fail("a tensor field is set under a condition that is a tensor; set it after the branch, to a value chosen by the condition", eager: true);
        }

        frame.Leave();
        frame.Restore(before);
        return (new BranchSide(region, after), flow);
    }
}
