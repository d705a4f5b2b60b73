using Unified;
using Unified.Native;

namespace TextGpt;

/// <summary>Runs both modes side by side from one seed and measures how far they part.</summary>
public static class CompareRun
{
    private const int WarmupSteps = 3;

    public static RunResult Run(RunOptions options, RunSettings settings)
    {
        if (settings.Resume is not null)
        {
            throw new UsageException("--resume does not go with --mode compare");
        }

        var data = TextData.Load(settings.Data, options.Context);
        var eager = new TrainingSession(options, data, ExecutionMode.Eager);
        var graph = new TrainingSession(options, data, ExecutionMode.Graph);
        var gradients = GradientDifference(eager, graph);
        Console.WriteLine($"gradients at step 1: largest difference {gradients.Worst:E2} of the norm ({gradients.Name})");

        var (eagerSpeed, graphSpeed) = (new SpeedMeter(), new SpeedMeter());
        var losses = new List<(float Eager, float Graph)>();
        var (worst, worstStep) = (0.0, 0);
        var steps = Math.Min(options.Steps, settings.StopAfter ?? options.Steps);
        for (var step = 0; step < steps; step++)
        {
            losses.Add((eager.Step(step), graph.Step(step)));
            var difference = RelativeDifference(losses[^1].Eager, losses[^1].Graph);
            if (difference > worst)
            {
                (worst, worstStep) = (difference, step + 1);
            }

            if (step >= WarmupSteps)
            {
                eagerSpeed.Add(eager.LastMilliseconds, eager.LastManagedBytes);
                graphSpeed.Add(graph.LastMilliseconds, graph.LastManagedBytes);
            }

            if (step == 0 || (step + 1) % 10 == 0)
            {
                Console.WriteLine($"step {step + 1,4}  eager {losses[^1].Eager:F6}  graph {losses[^1].Graph:F6}  difference {difference:E2}");
            }
        }

        var firstDifference = RelativeDifference(losses[0].Eager, losses[0].Graph);
        Console.WriteLine($"loss: difference {firstDifference:E2} at step 1, at most {worst:E2} over {steps} steps (step {worstStep})");
        Console.WriteLine($"tokens/s: eager {eagerSpeed.TokensPerSecond(eager.TokensPerStep):N0}, graph {graphSpeed.TokensPerSecond(graph.TokensPerStep):N0} ({eagerSpeed.MedianMilliseconds / graphSpeed.MedianMilliseconds:F2} times)");
        var statistics = GraphRuntime.Statistics;
        return new RunResult
        {
            Mode = "compare",
            Steps = steps,
            LossFirst = losses[0].Graph,
            LossLast = losses[^1].Graph,
            LossStep1RelativeDifference = firstDifference,
            LossMaxRelativeDifference = worst,
            GradientMaxRelativeDifference = gradients.Worst,
            TokensPerSecondEager = eagerSpeed.TokensPerSecond(eager.TokensPerStep),
            TokensPerSecondGraph = graphSpeed.TokensPerSecond(graph.TokensPerStep),
            ManagedBytesPerStep = graphSpeed.ManagedBytes,
            CompileMilliseconds = statistics.CompileMilliseconds,
            CompiledGraphs = statistics.Compilations,
            LlvmLoaded = LlvmLibrary.IsLoaded,
        };
    }

    private static double RelativeDifference(double a, double b) => a == b ? 0 : Math.Abs(a - b) / Math.Abs(a);

    /// <summary>The largest ‖eager − graph‖ / ‖eager‖ over the parameters, on the first batch.</summary>
    private static (double Worst, string Name) GradientDifference(TrainingSession eager, TrainingSession graph)
    {
        var a = GradientsOf(eager, ExecutionMode.Eager);
        var b = GradientsOf(graph, ExecutionMode.Graph);
        var names = eager.Trainer.Model.NamedState().Where(s => s.Tensor is Parameter).Select(s => s.Name).ToList();
        var worst = (Value: 0.0, Name: "none");
        for (var i = 0; i < a.Count; i++)
        {
            double difference = 0, norm = 0;
            for (var j = 0; j < a[i].Length; j++)
            {
                difference += Math.Pow(a[i][j] - (double)b[i][j], 2);
                norm += Math.Pow(a[i][j], 2);
            }

            var relative = difference == 0 ? 0 : Math.Sqrt(difference / norm);
            if (relative > worst.Value || double.IsNaN(relative))
            {
                worst = (relative, names[i]);
            }
        }

        return worst;
    }

    private static List<float[]> GradientsOf(TrainingSession session, ExecutionMode mode)
    {
        session.Fill(0);
        using (Execution.Use(mode))
        using (MixedPrecision.Use(session.Options.Policy()))
        {
            var (loss, gradients) = session.Trainer.Gradients(session.Bytes, session.Targets);
            loss.Dispose();
            return [.. gradients.Select(g =>
            {
                using (g)
                {
                    return g.ToArray<float>();
                }
            })];
        }
    }
}
