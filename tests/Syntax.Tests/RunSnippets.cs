using System.Collections;
using System.Globalization;
using System.Reflection;
using Unified.Graphs;
using Unified.Ir;
using Unified.Lowering;
using Unified.Lowering.Artifacts;
using Unified.Lowering.Targets;
using Unified.Native;

namespace Unified.Syntax.Tests;

/// <summary>Turns an accepted snippet into what it gives and does in both modes, and that into a verdict.</summary>
internal static class RunSnippets
{
    // A second size of the batch, and a second value of the host's number.
    private static readonly (int Batch, int N)[] s_calls = [(4, 3), (4, 3), (3, 3), (4, 2)];

    public static Verdict Of(Type model, MethodInfo caller)
    {
        var eager = Calls(model, caller, ExecutionMode.Eager, new List<string>());
        var said = new List<string>();
        var before = GraphRuntime.Statistics.Calls;
        List<Seen> graph;
        try
        {
            graph = Calls(model, caller, ExecutionMode.Graph, said);
        }
        catch (GraphCompileException e)
        {
            return new Verdict(Outcome.Crash, Message: e.Message);
        }

        for (var i = 0; i < eager.Count; i++)
        {
            if (eager[i].Difference(graph[i]) is { } difference)
            {
                return new Verdict(Outcome.Difference, Message: $"call {i}: {difference}");
            }
        }

        var fallback = said.FirstOrDefault(s => s.Contains("runs eagerly", StringComparison.Ordinal));
        if (fallback is null && Shipped(model, caller, eager) is { } shipped)
        {
            return shipped;
        }

        return fallback is not null ? new Verdict(Outcome.Eager, Message: fallback)
            : GraphRuntime.Statistics.Calls == before && eager.Exists(s => s.Exception is null)
            ? new Verdict(Outcome.Difference, Message: "no compiled graph ran, and nothing says so")
            : new Verdict(Outcome.Accepted);
    }

    /// <summary>
    /// The graphs of these calls, compiled ahead of time on one instance, written, read, and bound to another: they must do the same without a
    /// compiler. Null when they do.
    /// </summary>
    private static Verdict? Shipped(Type model, MethodInfo caller, List<Seen> eager)
    {
        var compiler = new AheadOfTimeCompiler([CodeTarget.Of("host")]);
        try
        {
            GraphRuntime.UseCompiler(compiler);
            Calls(model, caller, ExecutionMode.Graph, []);
            GraphRuntime.UseCompiler(null);
            var artifact = ArtifactCodec.Encode(AheadOfTimeCompiler.Pack("test", [HostCpu.Target.ToString()], compiler.Functions));
            ShippedGraphs.Use(ShippedGraphs.Open(artifact, HostCpu.Target));
            var said = new List<string>();
            var shipped = Calls(model, caller, ExecutionMode.Graph, said);
            for (var i = 0; i < eager.Count; i++)
            {
                if (eager[i].Difference(shipped[i]) is { } difference)
                {
                    return new Verdict(Outcome.Difference, Message: $"call {i}, compiled ahead of time: {difference}");
                }
            }

            // A call that throws while it is compiled has no graph: eagerly it throws the same.
            return said.Count > 0 && eager.TrueForAll(s => s.Exception is null) ? new Verdict(Outcome.Difference, Message: $"compiled ahead of time: {said[0]}") : null;
        }
        catch (GraphCompileException e)
        {
            return new Verdict(Outcome.Crash, Message: $"compiled ahead of time: {e.Message}");
        }
        finally
        {
            ShippedGraphs.Use((ShippedGraphs?)null);
            GraphRuntime.UseCompiler(new GraphCompiler());
        }
    }

    private static List<Seen> Calls(Type model, MethodInfo caller, ExecutionMode mode, List<string> said)
    {
        var log = GraphRuntime.Log;
        GraphRuntime.Log = said.Add;
        try
        {
            using var scope = Execution.Use(mode);
            Generator.Default.Seed(7);
            var instance = Activator.CreateInstance(model)!;
            return [.. s_calls.Select(c => Call(instance, caller, c.Batch, c.N))];
        }
        finally
        {
            GraphRuntime.Log = log;
        }
    }

    private static Seen Call(object instance, MethodInfo caller, int batch, int n)
    {
        var x = Tensor.From<float>([.. Enumerable.Range(0, batch * 6).Select(i => (((i * 7) % 11) - 4) * 0.25f)], batch, 6);
        try
        {
            var result = (Tensor)caller.Invoke(null, [instance, x, n])!;
            return new Seen(null, [.. Values(result, 0), .. Values(x, 0), .. State(instance)]);
        }
        catch (TargetInvocationException e) when (e.InnerException is not GraphCompileException { EagerIsPossible: false })
        {
            return new Seen($"{e.InnerException!.GetType().Name}: {e.InnerException.Message}", [.. State(instance)]);
        }
        catch (TargetInvocationException e)
        {
            throw e.InnerException!;
        }
    }

    private static IEnumerable<object?> State(object instance) =>
        instance.GetType().GetFields(BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
            .Where(f => !f.Name.Contains("__", StringComparison.Ordinal)).OrderBy(f => f.Name, StringComparer.Ordinal).SelectMany(f => Values(f.GetValue(instance), 0));

    // Tensors by type and values, numbers and texts as they are, what holds them by its parts.
    private static IEnumerable<object?> Values(object? value, int depth) => value switch
    {
        null => [null],
        Tensor { IsDisposed: true } => ["disposed"],
        Tensor t => [t.Type.ToString(), .. Ops.Cast(t, DType.F64).ToArray<double>().Cast<object?>()],
        string or bool or int or long or float or double or char => [value],
        IEnumerable many when depth < 3 => many.Cast<object?>().SelectMany(v => Values(v, depth + 1)),
        _ when depth < 2 && value.GetType().Namespace?.StartsWith("Snippets", StringComparison.Ordinal) == true => State(value),
        _ => [],
    };

    private sealed record Seen(string? Exception, IReadOnlyList<object?> Values)
    {
        public string? Difference(Seen graph)
        {
            if (Exception != graph.Exception)
            {
                return $"eager: {Exception ?? "no exception"}; graph: {graph.Exception ?? "no exception"}";
            }

            if (Values.Count != graph.Values.Count)
            {
                return $"{Values.Count} values eagerly, {graph.Values.Count} compiled";
            }

            for (var i = 0; i < Values.Count; i++)
            {
                if (!Same(Values[i], graph.Values[i]))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"value {i}: eager {Values[i]}, graph {graph.Values[i]}");
                }
            }

            return null;
        }

        private static bool Same(object? a, object? b) =>
            a is double x && b is double y ? x.Equals(y) || x == y || Math.Abs(x - y) <= 2e-5 * (1 + Math.Abs(x)) : Equals(a, b);
    }
}
