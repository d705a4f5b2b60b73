using Unified.Ir;

namespace Unified.Graphs;

/// <summary>A call of a static graph that was prepared and did not run.</summary>
internal sealed record PreparedCall(FunctionDefinition Function, object? Self, Argument[] Arguments);

/// <summary>Compiles the static graph that a call means, without running it.</summary>
internal static class Preparation
{
    [ThreadStatic]
    private static bool s_isOn;

    /// <summary>While set, calls are handed to it, and are not even compiled.</summary>
    public static Action<PreparedCall>? Captured { get; set; }

    /// <summary>Calls of static graphs on this thread are to be compiled only.</summary>
    public static bool IsOn => s_isOn;

    public static void Of(Action call)
    {
        s_isOn = true;
        try
        {
            using (Execution.Use(ExecutionMode.Graph))
            {
                call();
            }
        }
        catch (DoneException)
        {
            return;
        }
        finally
        {
            s_isOn = false;
        }

        throw new InvalidOperationException("no [StaticGraph] method was called");
    }

    /// <summary>Leaves the call: its graph is there, or it is none.</summary>
    public static void Leave()
    {
        s_isOn = false;
        throw new DoneException();
    }

    // Leaves the method at once, so that nothing of it happens.
#pragma warning disable CA1064 // Nobody else sees it.
    private sealed class DoneException : Exception
    {
        public DoneException()
            : base("the static graph is compiled")
        {
        }
    }
#pragma warning restore CA1064
}
