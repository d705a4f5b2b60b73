using System.Text;
using Spectre.Console;
using Unified;
using Unified.Native;

namespace TextGpt;

/// <summary>Trains in one mode, saves, draws, and continues the prompt.</summary>
public static class TrainRun
{
    // Steps at the start that are not counted into speed: compilation, cold caches, first touch of memory.
    private const int WarmupSteps = 3;

    public static RunResult Run(RunOptions options, RunSettings settings, ExecutionMode mode)
    {
        var first = 0;
        var losses = new List<float>();
        TrainingSession session;
        if (settings.Resume is { } from)
        {
            var (file, saved, step, former) = Checkpoint.Open(from);
            options = saved;
            session = new TrainingSession(options, TextData.Load(settings.Data, options.Context), mode);
            file.LoadInto(session.Trainer.NamedState());
            (first, losses) = (step, [.. former]);
            Console.WriteLine($"resumed at step {step} of {options.Steps}");
        }
        else
        {
            session = new TrainingSession(options, TextData.Load(settings.Data, options.Context), mode);
        }

        var last = Math.Min(options.Steps, settings.StopAfter ?? options.Steps);
        if (first >= last)
        {
            throw new UsageException($"the checkpoint is at step {first} already; there is nothing left to train");
        }

        Console.WriteLine(
            $"{session.Trainer.Model.ParameterCount:N0} parameters, {options.Layers} layers of width {options.Width}, batches of {options.Batch} x {options.Context} bytes, {mode} mode, {(options.Policy() is { IsNone: false } policy ? $"mixed precision {policy}" : "f32")}");
        var checkpoint = Path.Combine(settings.Output, "checkpoint.safetensors");
        var peakBefore = MachineLimits.PeakGflops();
        var speed = new SpeedMeter();
        double? firstStep = null;
        if (settings.Profile && mode == ExecutionMode.Graph)
        {
            GraphRuntime.Profile = new GraphProfile();
        }

        Progress(last, first, (step, report) =>
        {
            losses.Add(session.Step(step));
            firstStep ??= session.LastMilliseconds;
            if (step - first >= WarmupSteps)
            {
                speed.Add(session.LastMilliseconds, session.LastManagedBytes);
            }

            report(losses[^1], speed.TokensPerSecond(session.TokensPerStep));
            if ((step + 1) % settings.SaveEvery == 0 || step + 1 == last)
            {
                Checkpoint.Save(checkpoint, session.Trainer, options, step + 1, losses);
            }
        });

        // On both sides of the training: other programs may have taken a part of the machine at either time.
        var peak = Math.Max(peakBefore, MachineLimits.PeakGflops());
        var modelFlops = 3.0 * session.Trainer.Model.FlopsPerToken(options.Context) * session.TokensPerStep;
        double? share = speed.MedianMilliseconds is { } ms ? modelFlops / (ms * 1e6) / peak : null;
        var held = session.HeldLoss(4);
        Report(session, speed, firstStep, share, peak, losses, held, settings);
        if (GraphRuntime.Profile is { } profile)
        {
            GraphRuntime.Profile = null;
            ProfileTable.Print(profile, last - first, peak);
        }

        if (settings.Generate > 0)
        {
            Continue(session, settings, mode);
        }

        var statistics = GraphRuntime.Statistics;
        return new RunResult
        {
            Mode = mode == ExecutionMode.Graph ? "graph" : "eager",
            Steps = last - first,
            LossFirst = losses[first],
            LossLast = losses[^1],
            LossHeld = held,
            TokensPerSecondEager = mode == ExecutionMode.Eager ? speed.TokensPerSecond(session.TokensPerStep) : null,
            TokensPerSecondGraph = mode == ExecutionMode.Graph ? speed.TokensPerSecond(session.TokensPerStep) : null,
            ManagedBytesPerStep = speed.ManagedBytes,
            CompileMilliseconds = mode == ExecutionMode.Graph ? statistics.CompileMilliseconds : null,
            CompiledGraphs = mode == ExecutionMode.Graph ? statistics.Compilations : null,
            LlvmLoaded = LlvmLibrary.IsLoaded,
            FirstStepMilliseconds = firstStep,
            ShareOfPeak = share,
            StepMilliseconds = speed.MedianMilliseconds,
            ArenaBytes = GraphRuntime.ArenaBytes,
        };
    }

    private static void Report(
        TrainingSession session, SpeedMeter speed, double? firstStep, double? share, double peak, List<float> losses, double held, RunSettings settings)
    {
        var curve = Path.Combine(settings.Output, "loss.png");
        LossCurve.Save(curve, losses, $"TextGpt, {session.Trainer.Model.ParameterCount:N0} parameters");
        var statistics = GraphRuntime.Statistics;
        Console.WriteLine($"loss {losses[^1]:F4}; on held-out text {held:F4}");
        Console.WriteLine($"first step {firstStep:F0} ms, of it compiling {statistics.CompileMilliseconds:F0} ms ({statistics.Kernels} kernels, {statistics.KernelsFromCache} from the cache)");
        if (share is not null)
        {
            Console.WriteLine($"steady step {speed.MedianMilliseconds:F1} ms: {speed.TokensPerSecond(session.TokensPerStep):N0} tokens/s, {ShareOfPeak(share.Value, peak)}, {speed.ManagedBytes:F0} managed bytes, working memory {GraphRuntime.ArenaBytes / 1e6:F1} MB");
        }

        Console.WriteLine($"checkpoint and loss curve in {settings.Output}");
    }

    private static string ShareOfPeak(double share, double peak) => share <= 1
        ? $"{share:P0} of the measured FMA peak ({peak:F0} GFLOP/s)"
        : $"above the FMA peak as measured ({peak:F0} GFLOP/s), since the machine was busy when it was measured";

    private static void Continue(TrainingSession session, RunSettings settings, ExecutionMode mode)
    {
        var prompt = Encoding.UTF8.GetBytes(settings.Prompt.Length == 0 ? "\n" : settings.Prompt);
        var text = Sampler.Continue(session.Trainer.Model, prompt, settings.Generate, settings.Temperature, session.Options.Seed, mode);
        Console.WriteLine();
        Console.WriteLine(Encoding.UTF8.GetString([.. prompt, .. text]));
        Console.WriteLine();
    }

    private static void Progress(int last, int first, Action<int, Action<float, double?>> step)
    {
        if (Console.IsOutputRedirected)
        {
            // No live display: a line every few steps.
            for (var i = first; i < last; i++)
            {
                var at = i + 1;
                step(i, (loss, speed) =>
                {
                    if (at == 1 || at % 20 == 0 || at == last)
                    {
                        Console.WriteLine($"step {at}/{last}  loss {loss:F4}  {speed:N0} tokens/s");
                    }
                });
            }

            return;
        }

        AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var task = context.AddTask("training", maxValue: last - first);
                for (var i = first; i < last; i++)
                {
                    step(i, (loss, speed) => task.Description = $"loss {loss:F3}  {speed:N0} tokens/s");
                    task.Increment(1);
                }
            });
    }
}
