namespace Unified;

/// <summary>How calls of static graphs run.</summary>
public enum ExecutionMode
{
    /// <summary>The user's own method body, op by op.</summary>
    Eager,

    /// <summary>The compiled graph.</summary>
    Graph,
}

/// <summary>
/// The mode in force. In growing strength: the build property <c>UnifiedExecutionMode</c> (Debug builds: eager, Release builds: graph), the
/// environment variable <c>UNIFIED_MODE</c> (<c>eager</c> or <c>graph</c>), and <see cref="Use"/>.
/// </summary>
public static class Execution
{
    [ThreadStatic]
    private static ExecutionMode? s_scoped;

    // Lazy, so that a bad setting shows its own message and not that of a failed type initializer.
    private static readonly Lazy<ExecutionMode?> s_environment = new(FromEnvironment);

    private static ExecutionMode s_build = ExecutionMode.Eager;

    public static ExecutionMode Mode => s_scoped ?? s_environment.Value ?? s_build;

    /// <summary>Called by generated code with the build's default; the environment variable wins over it.</summary>
    public static void SetBuildDefault(ExecutionMode mode) => s_build = mode;

    /// <summary>Sets the mode on this thread until the returned scope is disposed.</summary>
    public static ModeScope Use(ExecutionMode mode)
    {
        var scope = new ModeScope(s_scoped);
        s_scoped = mode;
        return scope;
    }

    private static ExecutionMode? FromEnvironment()
    {
        var text = Environment.GetEnvironmentVariable("UNIFIED_MODE");
        return text?.ToLowerInvariant() switch
        {
            null or "" => null,
            "eager" => ExecutionMode.Eager,
            "graph" => ExecutionMode.Graph,
            _ => throw new InvalidOperationException($"UNIFIED_MODE is '{text}'; it must be 'eager' or 'graph'"),
        };
    }

    /// <summary>Restores the former mode when disposed.</summary>
    public readonly struct ModeScope : IDisposable
    {
        private readonly ExecutionMode? _former;

        internal ModeScope(ExecutionMode? former) => _former = former;

        public void Dispose() => s_scoped = _former;
    }
}
