using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>
/// Exceptions thrown under a condition that is a tensor: the path leaves its function, and every caller, with the number of the exception. What
/// it has changed before stays; the runtime throws after the run.
/// </summary>
internal static class Throws
{
    /// <summary>The value of <see cref="Exit.Thrown"/> where nothing is thrown.</summary>
    public static HostValue None { get; } = new(0);

    /// <summary>Leaves the function on this path.</summary>
    public static Flow Leave(Frame frame, ThunkPath exception)
    {
        frame[Exit.Thrown] = new HostValue(frame.Session.NumberOf(exception));
        frame[Exit.Returned] = HostValue.True;
        return Flow.Return;
    }

    /// <summary>Whether something has been thrown, on some path, since <see cref="Exit.Thrown"/> had this value.</summary>
    public static bool IsSince(Frame frame, Value before) => !Leaf.Same(before, frame[Exit.Thrown]);

    /// <summary>After a call or a local function has thrown on some paths, or on all: those leave, too.</summary>
    public static Flow PassOn(Frame frame, Value thrown)
    {
        frame[Exit.Thrown] = thrown;
        if (thrown is HostValue)
        {
            frame[Exit.Returned] = HostValue.True;
            return Flow.Return;
        }

        var number = frame.Region.Import(((ScalarValue)thrown).Tensor);
        var isThrown = frame.Builder.Apply(OpCode.NotEqual, number, frame.Builder.ScalarLike(number, 0));
        frame[Exit.Returned] = new ScalarValue(
            frame[Exit.Returned] == HostValue.False ? isThrown : frame.Builder.Apply(OpCode.LogicalOr, isThrown, frame.Tensor(frame[Exit.Returned])), "bool");
        return Flow.Partial;
    }
}
