using System.CommandLine;
using Unified;
using Unified.Ir;
using Unified.Native;

namespace TextGpt;

/// <summary>Trains a small transformer on the bytes of a text, then continues a prompt.</summary>
public static class Program
{
    public static int Main(string[] args)
    {
        var defaults = new RunOptions();
        var data = new Option<string?>("--data") { Description = "A text file or a folder of them (default: this repository's own C# sources)" };
        var mode = new Option<string>("--mode") { Description = "eager, graph, or compare (both from one seed)", DefaultValueFactory = _ => "graph" };
        mode.AcceptOnlyFromAmong("eager", "graph", "compare");
        var steps = Number("--steps", "Training steps", defaults.Steps);
        var batch = Number("--batch", "Sequences per step", defaults.Batch);
        var context = Number("--context", "Bytes per sequence", defaults.Context);
        var layers = Number("--layers", "Transformer layers", defaults.Layers);
        var width = Number("--width", "Width of the residual stream", defaults.Width);
        var heads = Number("--heads", "Attention heads", defaults.Heads);
        var seed = Number("--seed", "Seed of the weights, the batches, dropout and sampling", defaults.Seed);
        var dropout = new Option<float>("--dropout") { Description = "Dropout probability", DefaultValueFactory = _ => defaults.Dropout };
        var rate = new Option<double>("--lr") { Description = "Peak learning rate", DefaultValueFactory = _ => defaults.LearningRate };
        var precision = new Option<string>("--precision") { Description = "f32, or bf16 for mixed precision", DefaultValueFactory = _ => defaults.Precision };
        precision.AcceptOnlyFromAmong("f32", "bf16");
        var level = new Option<string>("--level") { Description = "How far mixed precision goes: O1, O2 or O3", DefaultValueFactory = _ => defaults.Level };
        level.AcceptOnlyFromAmong("O1", "O2", "O3");
        var resume = new Option<string?>("--resume") { Description = "Go on from a checkpoint; its own size and seed apply" };
        var output = new Option<string>("--out") { Description = "Folder for the checkpoint and the loss curve", DefaultValueFactory = _ => "runs/textgpt" };
        var every = Number("--save-every", "Steps between checkpoints", 100);
        var stopAfter = new Option<int?>("--stop-after") { Description = "Stop at this step, as if interrupted (the schedule still covers --steps)" };
        var prompt = new Option<string>("--prompt") { Description = "Text to continue", DefaultValueFactory = _ => "/// <summary>" };
        var generate = Number("--generate", "Bytes to generate; 0: none", 400);
        var temperature = new Option<float>("--temperature") { Description = "Sampling temperature; 0: the likeliest byte", DefaultValueFactory = _ => 0.7f };
        var profile = new Option<bool>("--profile") { Description = "Print where the time of the training graph goes, kernel by kernel" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object as the last line" };

        var root = new RootCommand("Trains a decoder-only transformer on the bytes of a text, then continues a prompt.")
        {
            data, mode, steps, batch, context, layers, width, heads, seed, dropout, rate, precision, level, resume, output, every, stopAfter, prompt, generate,
            temperature, profile, json,
        };
        root.SetAction(parsed => Guarded(() =>
        {
            var wanted = new RunOptions
            {
                Steps = parsed.GetValue(steps),
                Batch = parsed.GetValue(batch),
                Context = parsed.GetValue(context),
                Layers = parsed.GetValue(layers),
                Width = parsed.GetValue(width),
                Heads = parsed.GetValue(heads),
                Seed = parsed.GetValue(seed),
                Dropout = parsed.GetValue(dropout),
                LearningRate = parsed.GetValue(rate),
                Precision = parsed.GetValue(precision)!,
                Level = parsed.GetValue(level)!,
            };
            wanted.Check();
            var settings = new RunSettings(
                parsed.GetValue(data), parsed.GetValue(output)!, parsed.GetValue(every), parsed.GetValue(stopAfter), parsed.GetValue(resume),
                parsed.GetValue(prompt)!, parsed.GetValue(generate), parsed.GetValue(temperature), parsed.GetValue(profile));
            var result = parsed.GetValue(mode) switch
            {
                "compare" => CompareRun.Run(wanted, settings),
                "eager" => TrainRun.Run(wanted, settings, ExecutionMode.Eager),
                _ => TrainRun.Run(wanted, settings, ExecutionMode.Graph),
            };
            if (parsed.GetValue(json))
            {
                Console.WriteLine(result.ToJson());
            }
        }));
        return root.Parse(args).Invoke();
    }

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static int Guarded(Action run)
    {
        try
        {
            run();
            return 0;
        }
        catch (Exception e) when (e is UsageException or InvalidDataException or IOException or UnauthorizedAccessException or GraphCompileException
            or NativeLibraryMissingException)
        {
            Console.Error.WriteLine($"error: {e.Message}");
            return 1;
        }
    }
}

/// <summary>What a run does besides its numbers.</summary>
public sealed record RunSettings(
    string? Data, string Output, int SaveEvery, int? StopAfter, string? Resume, string Prompt, int Generate, float Temperature, bool Profile);
