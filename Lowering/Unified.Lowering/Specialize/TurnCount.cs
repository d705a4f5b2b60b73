using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>How many turns a loop has, where a variable counts them up or down to a limit that stays.</summary>
/// <param name="Slot">The variable.</param>
/// <param name="Start">What it starts from.</param>
/// <param name="Falls">It falls by one a turn, not rises.</param>
/// <param name="Turns">None where it would be negative.</param>
internal sealed record TurnCount(int Slot, Dim Start, bool Falls, Dim Turns)
{
    private static readonly ImmutableArray<(string Name, bool Falls, int More)> Tests = [("lt", false, 0), ("le", false, 1), ("gt", true, 0), ("ge", true, 1)];

    /// <param name="condition">The loop's; its last instruction has just been run, at the end of a turn.</param>
    /// <param name="counters">The variables that go around and hold whole numbers: their slots, first values, and values in a turn.</param>
    /// <returns>Null where the condition is another one, or the variable moves otherwise.</returns>
    public static TurnCount? Of(Frame frame, Block condition, IEnumerable<(int Slot, Value First, ScalarValue InTurn)> counters)
    {
        if (condition.Instructions is not [.., HostInstruction { Operands: [var left, var right] } test] || test.Result != condition.Yield
            || Tests.FirstOrDefault(t => t.Name == test.Operator) is not { Name: not null } row
            || frame[left] is not ScalarValue now || HostAccess.TrySize(frame[right]) is not { } limit)
        {
            return null;
        }

        foreach (var (slot, first, inTurn) in counters)
        {
            if (frame.Session.FormOf(now) - frame.Session.FormOf(inTurn) == (row.Falls ? -1 : 1) && HostAccess.TrySize(first) is { } start)
            {
                var turns = (row.Falls ? start - limit : limit - start) + row.More;
                return new TurnCount(slot, start, row.Falls, SizeFacts.IsNonNegative(turns) ? turns : Dim.Max(turns, 0));
            }
        }

        return null;
    }

    /// <summary>The number of a turn, from what the variable is in it.</summary>
    public OpValue NumberOf(OpBuilder builder, OpValue inTurn)
    {
        if (Start.Is(0) && !Falls)
        {
            return inTurn;
        }

        var start = builder.DimSize(Start, inTurn.DType);
        return Falls ? start - inTurn : inTurn - start;
    }
}
