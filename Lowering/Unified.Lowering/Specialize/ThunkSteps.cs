using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Host expressions of the user, evaluated now; what may change is guarded or fetched again at each call.</summary>
internal static class ThunkSteps
{
    public static ImmutableArray<Step> Rows { get; } =
    [
        Step.Of<ThunkInstruction>((f, i) => f[i.Result] = Evaluate(f, i.Thunk, i.Arguments)),
        Step.Of<ThrowInstruction>(Throw),
    ];

    /// <summary>The host arguments of a thunk.</summary>
    public static ImmutableArray<object?> Arguments(Frame frame, int thunk, ImmutableArray<int> registers)
    {
        var types = frame.Function.Thunks[thunk].Arguments;
        var who = $"the host expression '{frame.Function.Thunks[thunk].Name}'";
        return [.. registers.Select((r, n) => frame.Object(frame[r], who, n < types.Length ? types[n].Name : ""))];
    }

    private static Value Evaluate(Frame frame, int number, ImmutableArray<int> registers)
    {
        var thunk = frame.Function.Thunks[number];
        var arguments = Arguments(frame, number, registers);
        if (frame.FieldValue(new FieldName(frame.Self, thunk.Name, arguments)) is { } set)
        {
            return set;
        }

        var result = Invoke(frame, number, arguments);
        var path = thunk.IsGuard ? new ThunkPath(frame.Definition, number, frame.Self, arguments) : null;
        if (path is not null && result is not ITensorHandle)
        {
            frame.Session.Guard(path, result);
        }

        if (path is not null && result is ITensorHandle handle && frame.IsOutdated(handle))
        {
            throw frame.Fail(
                $"'{thunk.Name}' reads a tensor field that this graph has set by another name; read it in the object that sets it", eager: true);
        }

        return frame.Session.Wrap(result, ModuleGraphs.Identifier(thunk.Name), path);
    }

    /// <summary>The user's own exception where the graph cannot just pass it on: under a condition that is a tensor, or after something was written.</summary>
    public static GraphCompileException Thrown(Frame frame, Exception e) => frame.Fail(
        frame.IsConditional ? $"a host expression under a condition that is a tensor throws: {e.Message}" : $"a host expression throws: {e.Message}", inner: e);

    // Eager code may never come here, and then does not throw; or has changed something when it does.
    private static object? Invoke(Frame frame, int number, ImmutableArray<object?> arguments)
    {
        try
        {
            return frame.Session.Host.Invoke(frame.Definition, number, frame.Self, arguments);
        }
        catch (Exception e) when ((frame.IsConditional || frame.HasEffects) && e is not OutOfMemoryException)
        {
            throw Thrown(frame, e);
        }
    }

    private static Flow Throw(Frame frame, ThrowInstruction step)
    {
        // The same exception as eager code throws, from the same expression.
        var arguments = Arguments(frame, step.Thunk, step.Arguments);
        if (frame.IsGuarded)
        {
            throw frame.Fail("an exception is thrown in a try statement, and what follows is eager code's");
        }

        if (frame.IsConditional || frame.HasEffects)
        {
            return Throws.Leave(frame, new ThunkPath(frame.Definition, step.Thunk, frame.Self, arguments));
        }

        throw frame.Session.Host.Invoke(frame.Definition, step.Thunk, frame.Self, arguments) as Exception
            ?? frame.Fail($"'{frame.Function.Thunks[step.Thunk].Name}' is thrown but is no exception");
    }
}
