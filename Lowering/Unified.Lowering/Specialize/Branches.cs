using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// Runs the two sides of a condition that is a tensor, each into a graph of its own, and merges what they change: variables,
/// tensors written to, and how they leave.
/// </summary>
internal static class Branches
{
    private static readonly ImmutableArray<(Exit Exit, Flow Flow)> Leaves =
        [(Exit.Returned, Flow.Return), (Exit.Broken, Flow.Break), (Exit.Continued, Flow.Continue)];

    /// <param name="inside">What both sides do with variables: those that only they use need no merging.</param>
    public static Flow Run(Frame frame, OpValue condition, LocalUses inside, Func<Flow> whenTrue, Func<Flow> whenFalse)
    {
        var before = frame.Save();
        var (then, thenFlow) = Side(frame, "then", before, whenTrue);
        var (other, otherFlow) = Side(frame, "else", before, whenFalse);
        var merge = new BranchMerge(frame, condition, then, other);
        for (var i = 0; i < before.Slots.Length; i++)
        {
            var isLocal = i < frame.Function.Locals.Length;
            if (!isLocal || !inside.Written.Contains(i) || inside.IsWantedLater(i, frame.Function))
            {
                merge.Add(i);
            }
        }

        foreach (var name in then.State.Rebound.Concat(other.State.Rebound).Select(r => r.Name).Distinct().ToList())
        {
            var (a, b) = (then.State.Rebound.FirstOrDefault(r => r.Name.Equals(name)), other.State.Rebound.FirstOrDefault(r => r.Name.Equals(name)));
            if (!ReferenceEquals(a, b))
            {
                merge.AddField(a, b);
            }
        }

        merge.Finish();
        return thenFlow == otherFlow ? thenFlow : Flow.Partial;
    }

    /// <summary>After a partial exit: runs what follows for the paths that have not left.</summary>
    public static Flow GoOn(Frame frame, ImmutableArray<Instruction> rest, Func<Flow> run)
    {
        var left = Leaves.Where(e => frame[e.Exit] != HostValue.False).ToList();
        var gone = left.Select(e => frame.Tensor(frame[e.Exit])).Aggregate((a, b) => a.Builder.Apply(OpCode.LogicalOr, a, b));
        var restFlow = Flow.Next;
        Run(frame, frame.Builder.Apply(OpCode.LogicalNot, gone), LocalUses.OfPaths([rest]), () => restFlow = run(), () => Flow.Partial);

        // When by now all paths have gone the one way, that is how the block is left.
        if (left is [var only] && restFlow == only.Flow)
        {
            frame[only.Exit] = HostValue.True;
            return restFlow;
        }

        return Flow.Partial;
    }

    private static (BranchSide Side, Flow Flow) Side(Frame frame, string name, FrameState before, Func<Flow> run)
    {
        var region = frame.Enter(name);
        var flow = run();
        var after = frame.Save();
        frame.Leave();
        frame.Return(before, frame.Region);
        return (new BranchSide(region, after), flow);
    }
}
