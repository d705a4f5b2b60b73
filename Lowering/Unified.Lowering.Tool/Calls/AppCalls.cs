using Unified.Graphs;
using Unified.Ir;
using Unified.Lowering;
using Unified.Tool.Apps;
using Unified.Tool.Lower;

namespace Unified.Tool.Calls;

/// <summary>The calls that an app's entry points add, ready to be made.</summary>
internal static class AppCalls
{
    /// <param name="pattern">Part of the method's name; null: all.</param>
    /// <exception cref="AppException">No call is of such a method.</exception>
    public static IReadOnlyList<PreparedCall> Of(AppLoadContext app, string? pattern)
    {
        app.CheckVersions();
        var entries = EntryPoint.Of(app);
        GraphRuntime.UseArtifact(null);
        GraphRuntime.UseCompiler(new GraphCompiler());
        var calls = new List<PreparedCall>();
        Preparation.Captured = calls.Add;
        foreach (var entry in entries)
        {
            entry.Run(new GraphSet());
        }

        Preparation.Captured = null;
        var wanted = calls.Where(c => pattern is null || c.Function.Key.Contains(pattern, StringComparison.OrdinalIgnoreCase)).ToList();
        return wanted.Count > 0 ? wanted
            : throw new AppException(
                calls.Count == 0 ? "no [AheadOfTime] method adds a call" : $"no call is of a method with '{pattern}' in its name; there are {string.Join(", ", calls.Select(c => c.Function.Key))}");
    }

    /// <summary>Runs the call as a graph.</summary>
    /// <exception cref="AppException">The method is not one graph.</exception>
    public static Tensor[] Run(PreparedCall call, Argument[] arguments)
    {
        using (Execution.Use(ExecutionMode.Graph))
        using (MixedPrecision.Use(call.Precision))
        {
            return FetchLlvm.With(() => GraphRuntime.TryRun(call.Function, call.Self, arguments, out Tensor[] results)
                ? results
                : throw new AppException($"{call.Function.Key} is not one graph: it runs eagerly"));
        }
    }

    /// <summary>The parameters without <c>this</c>.</summary>
    public static IReadOnlyList<FunctionParameter> Parameters(PreparedCall call) => [.. call.Function.Function.Parameters.Where(p => p.Name != "this")];
}
