using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// Turns a condition after which a variable is one of two things that no graph value can be (tensors of different shapes, lists of different
/// lengths, two modules) into one whose paths stay apart to the end of their block: on each of them the variable is one thing.
/// </summary>
internal static class Forks
{
    // What follows a fork is there twice; a chain of n is there 2ⁿ times.
    private const int MostForks = 6;

    /// <summary>Whether a fork after this instruction would reach to the end of the block, and nothing outside needs what it computes.</summary>
    public static bool Apply(Frame frame, Instruction instruction) =>
        instruction is IfInstruction branch && frame.Session.Forks < MostForks && frame[branch.Condition] is ScalarValue or TensorValue or PlaceValue;

    /// <param name="rest">What follows in the block.</param>
    /// <param name="isForked">The rest has been run.</param>
    public static Flow Run(Frame frame, IfInstruction branch, ImmutableArray<Instruction> rest, Func<Flow> whole, out bool isForked)
    {
        var (start, torn) = (new Rollback(frame), Torn(frame));
        var flow = whole();
        isForked = false;
        if (Torn(frame).SetEquals(torn))
        {
            return flow;
        }

        var undone = start.Undo();
        frame.Session.Forks++;
        try
        {
            var condition = TensorConditions.TryRead(frame, frame[branch.Condition])!;
            ImmutableArray<Instruction> whenTrue = [.. branch.Then.Instructions, .. rest], whenFalse = [.. branch.Else.Instructions, .. rest];
            flow = Branches.Run(
                frame, condition, LocalUses.OfPaths([whenTrue, whenFalse]),
                () => Interpreter.Run(frame, new Block(whenTrue)), () => Interpreter.Run(frame, new Block(whenFalse)));
            isForked = true;
            return flow;
        }
        catch (GraphCompileException)
        {
            // Perhaps no one reads the variable.
            Rollback.Redo(frame, undone);
            return flow;
        }
    }

    private static HashSet<int> Torn(Frame frame) => [.. Enumerable.Range(0, frame.SlotCount).Where(i => IsTorn(frame.Slot(i)))];

    private static bool IsTorn(Value value) => value is TornValue || (value is AggregateValue list && (list.Content.Torn is not null || list.Items.Any(IsTorn)));
}
