using Unified.Ir;

namespace Unified.Fuzz;

/// <summary>Turns a program into what it gives in both modes, and that into a verdict.</summary>
internal static class RunBothModes
{
    private static readonly (int Batch, int N, bool Flag)[] s_rounds = [(2, 2, true), (2, 2, true), (3, 2, true), (2, 5, false)];

    private const int Shakes = 3;

    private static readonly string?[] s_broken =
        [nameof(ShapeException), nameof(ArgumentException), nameof(ArgumentOutOfRangeException), nameof(IndexOutOfRangeException), nameof(InvalidOperationException), nameof(NullReferenceException)];

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
        var rounding = "";
        for (var i = 0; i < Math.Min(eager.Count, graph.Count); i++)
        {
            if (Difference(eager[i], graph[i], []) is { } difference)
            {
                // How much of it is rounding, which a steep program makes large: that of inputs and state, then that of each op.
                rounding = IsRounding(s => Rounds(type, ExecutionMode.Eager, shake: s), i) ? Verdict.RoundingOfInputs
                    : IsRounding(s => Noisy(type, s), i) ? Verdict.RoundingOfOps : "";
                if (rounding.Length == 0)
                {
                    return new Verdict(name, Outcome.Difference, $"call {i}: {difference}");
                }

                break;
            }
        }

        if (eager.Count != graph.Count)
        {
            return new Verdict(name, Outcome.Difference, $"{eager.Count} calls eagerly, {graph.Count} compiled");
        }

        return fallback is not null || GraphRuntime.Statistics.Calls == compiledCalls && eager[0].Exception is null
            ? new Verdict(name, Outcome.Eager, fallback ?? "no compiled graph ran")
            : new Verdict(name, Outcome.Equal, rounding);

        bool IsRounding(Func<int, List<Seen>> run, int call)
        {
            var others = Enumerable.Range(1, Shakes).Select(run)
                .Where(s => call < s.Count && s[call].Tensors.Count == eager[call].Tensors.Count).Select(s => s[call]).ToList();
            return others.Count > 0 && Difference(eager[call], graph[call], others) is null;
        }
    }

    private static List<Seen> Noisy(Type type, int seed)
    {
        using var noise = RoundingNoise.Begin(seed);
        return Rounds(type, ExecutionMode.Eager);
    }

    /// <param name="shake">If not 0, floats of the inputs and of the state have other last bits, for each number other ones.</param>
    private static List<Seen> Rounds(Type type, ExecutionMode mode, int shake = 0)
    {
        float Shaken(float value, int i) => shake == 0 ? value : value * (1 + (((((i * 7) + shake) * 2654435761u) >> 16) % 3 - 1f) * 1.2e-7f);
        var seen = new List<Seen>();
        using var scope = Execution.Use(mode);
        Generator.Default.Seed(7);
        var program = (FuzzProgram)Activator.CreateInstance(type)!;
        foreach (var state in shake == 0 ? [] : program.Observed().OfType<Tensor>().Where(t => t.DType == DType.F32))
        {
            state.CopyFrom<float>([.. state.ToArray<float>().Select(Shaken)]);
        }

        var random = new Random(17);
        foreach (var (batch, n, flag) in s_rounds)
        {
            Tensor Floats(params int[] shape) =>
                Tensor.From<float>([.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(i => Shaken(random.Next(-8, 9) * 0.25f, i))], shape);
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

    private static string? Difference(Seen eager, Seen graph, IReadOnlyList<Seen> shaken)
    {
        // A broken shape rule is told while the graph is made, by an exception that names the expression; nothing has been changed then.
        var isTold = graph.Exception == nameof(GraphCompileException) && s_broken.Contains(eager.Exception);
        if (eager.Exception != graph.Exception && !isTold)
        {
            return $"eager: {eager.Exception ?? "no exception"} {eager.Message}; graph: {graph.Exception ?? "no exception"} {graph.Message}";
        }

        for (var i = 0; i < eager.Tensors.Count; i++)
        {
            if (Difference(eager.Tensors[i], graph.Tensors[i], [.. shaken.Select(s => s.Tensors[i])]) is { } difference)
            {
                return $"tensor {i}: {difference}";
            }
        }

        return null;
    }

    private static string? Difference(Tensor? eager, Tensor? graph, IReadOnlyList<Tensor?> shaken)
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
        var moved = shaken.OfType<Tensor>().Where(s => s.Type.Equals(eager.Type))
            .SelectMany(s => Ops.Cast(s, DType.F64).ToArray<double>().Zip(a, (s, e) => Math.Abs(s - e))).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        var allowed = (tolerance * scale) + (tolerance > 0 ? 8 * moved : 0);
        for (var i = 0; i < a.Length; i++)
        {
            if (!(a[i].Equals(b[i]) || a[i] == b[i] || Math.Abs(a[i] - b[i]) <= allowed))
            {
                return $"element {i}: eager {a[i]:R}, graph {b[i]:R}";
            }
        }

        return null;
    }
}
