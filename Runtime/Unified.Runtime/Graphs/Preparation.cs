using Unified.Ir;

namespace Unified.Graphs;

/// <summary>A call of a static graph that was met and did not run.</summary>
/// <param name="Precision">The policy of mixed precision that it stands under.</param>
internal sealed record PreparedCall(FunctionDefinition Function, object? Self, Argument[] Arguments, PrecisionPolicy Precision);

/// <summary>Meets the first static graph that a piece of code calls, and leaves the code there: to look at the call, or to compile it.</summary>
internal static class Preparation
{
    [ThreadStatic]
    private static Action<PreparedCall>? s_onMeeting;

    /// <summary>What entry points do with the calls that they add; null: they compile them.</summary>
    public static Action<PreparedCall>? Captured { get; set; }

    /// <summary>A call is being compiled that nobody is waiting for.</summary>
    public static bool IsCompiling { get; private set; }

    /// <summary>Adds a call of an entry point.</summary>
    /// <exception cref="InvalidOperationException">No static graph is called.</exception>
    public static void Add(Action call) => Of(call, Captured ?? Compile);

    /// <summary>Hands over the first static graph that <paramref name="call"/> calls. Nothing after it happens.</summary>
    /// <exception cref="InvalidOperationException">No static graph is called.</exception>
    public static void Of(Action call, Action<PreparedCall> onMeeting)
    {
        s_onMeeting = onMeeting;
        try
        {
            using (Execution.Use(ExecutionMode.Graph))
            {
                call();
            }
        }
        catch (MetException)
        {
            return;
        }
        finally
        {
            s_onMeeting = null;
        }

        throw new InvalidOperationException("no [StaticGraph] method was called");
    }

    /// <summary>Ends the code that calls, where it is only to be met.</summary>
    public static void Meet(FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments)
    {
        if (s_onMeeting is { } onMeeting)
        {
            // Off before: compiling runs the user's host code, which may call static graphs.
            s_onMeeting = null;
            onMeeting(new PreparedCall(function, self, arguments.ToArray(), MixedPrecision.Policy));
            throw new MetException();
        }
    }

    private static void Compile(PreparedCall call)
    {
        IsCompiling = true;
        try
        {
            GraphRuntime.Prepare(call.Function, call.Self, call.Arguments);
        }
        finally
        {
            IsCompiling = false;
        }
    }

    // Leaves the method at once, so that nothing of it happens.
#pragma warning disable CA1064 // Nobody else sees it.
    private sealed class MetException() : Exception("the static graph was met");
#pragma warning restore CA1064
}
