using Unified.Ir;

namespace Unified.Fuzz;

/// <summary>Turns a program into what it gives in both modes, and that into a verdict.</summary>
internal static class RunBothModes
{
    private static readonly (int Batch, int N, bool Flag)[] s_rounds = [(2, 2, true), (2, 2, true), (3, 2, true), (2, 5, false)];

    private static readonly string?[] s_broken =
        [nameof(ShapeException), nameof(ArgumentException), nameof(ArgumentOutOfRangeException), nameof(IndexOutOfRangeException), nameof(InvalidOperationException)];

    private sealed record Seen(string? Exception, IReadOnlyList<Tensor?> Tensors, string Message = "");

    public static Verdict Of(string name, Type type, Action<string> stage)
    {
        stage("eager");
        var eager = Rounds(type, ExecutionMode.Eager);
        stage("graph");
        string? fallback = null;
        var compiledCalls = GraphRuntime.Statistics.Calls;
        GraphRuntime.Log = message => fallback = message.Contains("runs eagerly", StringComparison.Ordinal) ? message : fallback;
        var graph = Rounds(type, ExecutionMode.Graph);
        for (var i = 0; i < Math.Min(eager.Count, graph.Count); i++)
        {
            if (Difference(eager[i], graph[i]) is { } difference)
            {
                return new Verdict(name, Outcome.Difference, $"call {i}: {difference}");
            }
        }

        if (eager.Count != graph.Count)
        {
            return new Verdict(name, Outcome.Difference, $"{eager.Count} calls eagerly, {graph.Count} compiled");
        }

        return fallback is not null || GraphRuntime.Statistics.Calls == compiledCalls && eager[0].Exception is null
            ? new Verdict(name, Outcome.Eager, fallback ?? "no compiled graph ran")
            : new Verdict(name, Outcome.Equal, "");
    }

    private static List<Seen> Rounds(Type type, ExecutionMode mode)
    {
        var seen = new List<Seen>();
        using var scope = Execution.Use(mode);
        Generator.Default.Seed(7);
        var program = (FuzzProgram)Activator.CreateInstance(type)!;
        var random = new Random(17);
        foreach (var (batch, n, flag) in s_rounds)
        {
            Tensor Floats(params int[] shape) =>
                Tensor.From<float>([.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.Next(-8, 9) * 0.25f)], shape);
            var inputs = new[] { Floats(batch, 3), Floats(batch, 3), Floats(3), Floats(3, 3), Tensor.From<int>([random.Next(-3, 9), 1, 2], 3) };
            try
            {
                var results = program.Call(inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], n, flag).ToList();
                seen.Add(new Seen(null, Copies([.. results, .. program.Observed(), .. inputs])));
            }
            catch (Exception e)
            {
                seen.Add(new Seen(e.GetType().Name, Copies(program.Observed()), e.Message));
                break;
            }
        }

        return seen;
    }

    private static List<Tensor?> Copies(IEnumerable<Tensor?> tensors) => [.. tensors.Select(t => t?.Clone())];

    private static string? Difference(Seen eager, Seen graph)
    {
        // A broken shape rule is told while the graph is made, by an exception that names the expression; nothing has been changed then.
        var isTold = graph.Exception == nameof(GraphCompileException) && s_broken.Contains(eager.Exception);
        if (eager.Exception != graph.Exception && !isTold)
        {
            return $"eager: {eager.Exception ?? "no exception"} {eager.Message}; graph: {graph.Exception ?? "no exception"} {graph.Message}";
        }

        for (var i = 0; i < eager.Tensors.Count; i++)
        {
            if (Difference(eager.Tensors[i], graph.Tensors[i]) is { } difference)
            {
                return $"tensor {i}: {difference}";
            }
        }

        return null;
    }

    private static string? Difference(Tensor? eager, Tensor? graph)
    {
        if (eager is null || graph is null)
        {
            return eager is null == graph is null ? null : $"eager {(eager is null ? "null" : "a tensor")}, graph {(graph is null ? "null" : "a tensor")}";
        }

        if (!eager.Type.Equals(graph.Type))
        {
            return $"eager {eager.Type}, graph {graph.Type}";
        }

        var (a, b) = (Ops.Cast(eager, DType.F64).ToArray<double>(), Ops.Cast(graph, DType.F64).ToArray<double>());
        var tolerance = eager.DType switch { DType.F32 => 2e-5, DType.F64 => 1e-6, _ => 0.0 };
        var scale = 1 + a.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (var i = 0; i < a.Length; i++)
        {
            if (!(a[i].Equals(b[i]) || a[i] == b[i] || Math.Abs(a[i] - b[i]) <= tolerance * scale))
            {
                return $"element {i}: eager {a[i]:R}, graph {b[i]:R}";
            }
        }

        return null;
    }
}
