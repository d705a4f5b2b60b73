using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Classics;
using Spectre.Console;
using TextGpt;
using Unified.Benchmarks.Models;
using Unified.Benchmarks.Works;
using Unified.Ir;
using Unified.Lowering;
using Unified.Nn;

namespace Unified.Benchmarks.Measuring;

/// <summary>
/// What compiling the graphs of a program costs in a fresh process: with an empty cache on one thread and on all, and with that cache; and which part of it each phase takes. Medians of a few processes.
/// .NET's own compiling of the compiler is in it.
/// </summary>
internal static class CompileTime
{
    private const int Processes = 3;

    private sealed record Cost(int Graphs, int Kernels, int Made, double Specialize, double Passes, double Schedule, double Code)
    {
        public double Total => Specialize + Passes + Schedule + Code;
    }

    private static (string Name, Func<IEnumerable<Action>> Calls)[] Programs =>
    [
        ("samples/TextGpt", TextGptCalls), ("samples/Continue", ContinueCalls),
        ("samples/Classics mlp", () => Classic(new Sequential(new Flatten(), new Linear(Shapes.Size * Shapes.Size, 64), new Unified.Nn.Gelu(), new Linear(64, Shapes.Kinds)), Pictures(32))),
        ("samples/Classics resnet", () => Classic(
            new Sequential(
                new Conv2d(1, 8, 3, padding: 1, bias: false), new BatchNorm2d(8), new Unified.Nn.Relu(), new ResidualBlock(8, 8), new ResidualBlock(8, 16, stride: 2),
                new GlobalAveragePooling(), new Linear(16, Shapes.Kinds)), Pictures(32))),
        ("samples/Classics lstm", () => Classic(new WordReader(), Inputs.Indices(1, Words.Letters, 16, 8))),
        ("samples/Classics vae", VaeCalls),
        ("GPT-2 124M, training step", () => Gpt2Calls(training: true)), ("GPT-2 124M, prefill", () => Gpt2Calls(training: false)),
        ("ResNet-50, inference", ResNetCalls),
    ];

    /// <param name="pattern">A regular expression that names match; null: all.</param>
    public static int Run(string? pattern, bool json)
    {
        var processors = Environment.ProcessorCount;
        var table = new Table().AddColumns("program", "graphs", "kernels made", "cold, 1 thread, ms", $"cold, {processors} threads, ms", "warm, ms", "specialize", "passes", "schedule", "LLVM");
        foreach (var name in Programs.Select(p => p.Name).Where(n => pattern is null || Regex.IsMatch(n, pattern)))
        {
            var folder = Directory.CreateTempSubdirectory("unified-compile-").FullName;
            try
            {
                var one = Median(() => Start(name, Fresh(folder), 1));
                var all = Median(() => Start(name, Fresh(folder), processors));
                var warm = Median(() => Start(name, folder, processors));
                string Share(double part) => Text($"{part / one.Total:P0}");
                table.AddRow(
                    name, Text($"{one.Graphs}"), Text($"{one.Made}"), Text($"{one.Total:F0}"), Text($"{all.Total:F0}"), Text($"{warm.Total:F0}"),
                    Share(one.Specialize), Share(one.Passes), Share(one.Schedule), Share(one.Code));
                if (json)
                {
                    Console.WriteLine(JsonSerializer.Serialize(new { program = name, one_thread = one, all_threads = all, warm }));
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 180;
        }

        AnsiConsole.Write(table);
        return 0;
    }

    /// <summary>What one process does.</summary>
    public static int Of(string name, string folder, string threads)
    {
        var options = GraphRuntime.Options with { CacheFolder = folder, Threads = int.Parse(threads, CultureInfo.InvariantCulture), Tuning = Tuning.Default };
        var cost = new Cost(0, 0, 0, 0, 0, 0, 0);
        foreach (var call in Programs.First(p => p.Name == name).Calls())
        {
            var met = GraphCall.Of(call);
            var s = new GraphCompiler().Compile(met.Function, met.Self, met.Arguments, options with { Precision = met.Precision }).Statistics;
            cost = new Cost(
                cost.Graphs + s.Graphs, cost.Kernels + s.Kernels, cost.Made + s.Kernels - s.KernelsFromCache, cost.Specialize + s.SpecializeMilliseconds, cost.Passes + s.PassesMilliseconds,
                cost.Schedule + s.ScheduleMilliseconds, cost.Code + s.CodeMilliseconds);
        }

        Console.WriteLine(JsonSerializer.Serialize(cost));
        return 0;
    }

    private static string Fresh(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            File.Delete(file);
        }

        return folder;
    }

    private static Cost Median(Func<Cost> run) => Enumerable.Range(0, Processes).Select(_ => run()).OrderBy(c => c.Total).ElementAt(Processes / 2);

    private static Cost Start(string name, string folder, int threads)
    {
        var start = ThisProgram.Start("--compile-time-of", name, folder, threads.ToString(CultureInfo.InvariantCulture));
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var last = process.StandardOutput.ReadToEnd().TrimEnd().Split('\n')[^1];
        process.WaitForExit();
        return process.ExitCode == 0 ? JsonSerializer.Deserialize<Cost>(last)! : throw new InvalidOperationException($"{name} ended with code {process.ExitCode}");
    }

    private static IEnumerable<Action> TextGptCalls()
    {
        var model = new Gpt(new GptSize(4, 256, 4, 128, 0));
        var trainer = new Trainer(model, new AdamW(model.Parameters, new ConstantSchedule(1e-3f)));
        var bytes = Tensor.Zeros([16, 128], DType.I32);
        yield return () => trainer.Step(bytes, bytes);
        trainer.Evaluate();
        yield return () => trainer.Evaluate(bytes, bytes);
        yield return () => model.Forward(bytes);
    }

    private static IEnumerable<Action> ContinueCalls()
    {
        var model = new Gpt(new GptSize(4, 256, 4, 128, 0));
        model.Evaluate();
        return [() => model.Forward(Tensor.Zeros([1, 1], DType.I32))];
    }

    private static IEnumerable<Action> Classic(Layer body, Tensor x)
    {
        var model = new Classifier(body, new AdamW(body.Parameters, new ConstantSchedule(1e-3f)));
        var labels = Inputs.Indices(2, 2, x.Shape[0]);
        yield return () => model.Step(x, labels);
        model.Evaluate();
        yield return () => model.Forward(x);
    }

    private static IEnumerable<Action> VaeCalls()
    {
        var model = new Autoencoder(new ConstantSchedule(1e-3f));
        var images = Pictures(32);
        return [() => model.Step(images), () => model.Rebuild(images)];
    }

    private static IEnumerable<Action> Gpt2Calls(bool training)
    {
        using var unused = Initialize.LeaveOut();
        var model = new Gpt2(training);
        Tensor tokens = Tensor.Zeros([training ? 4 : 1, 128], DType.I32);
        return [training ? () => model.Step(tokens, tokens) : () => model.Last(tokens)];
    }

    private static IEnumerable<Action> ResNetCalls()
    {
        var model = new ResNet50();
        var images = Tensor.Zeros([1, 3, 224, 224]);
        return [() => model.Forward(images)];
    }

    private static Tensor Pictures(int count) => Tensor.Zeros([count, 1, Shapes.Size, Shapes.Size]);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
