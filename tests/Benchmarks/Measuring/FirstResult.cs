using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Spectre.Console;
using TextGpt;
using Unified.Benchmarks.Peers;
using Unified.Ir;
using Unified.Lowering.Onnx;
using Unified.Nn;

namespace Unified.Benchmarks.Measuring;

/// <summary>
/// The time from the start of a process to its end after one token of the same small transformer (TextGpt's default size, 3.2 million parameters):
/// the native app of samples/Continue, a C# app of ONNX Runtime, a C# app of TorchSharp. In turns; medians.
/// </summary>
internal static class FirstResult
{
    private const int Rounds = 11;

    /// <param name="app">The published native executable of samples/Continue.</param>
    public static int Run(string app, bool noTorch)
    {
        if (!File.Exists(app))
        {
            Console.Error.WriteLine($"there is no '{app}': publish it first, with 'dotnet publish samples/Continue -c Release -r linux-x64 -o runs/continue'");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("unified-first-");
        try
        {
            var (checkpoint, onnx) = (Path.Combine(folder.FullName, "model.safetensors"), Path.Combine(folder.FullName, "model.onnx"));
            Save(checkpoint, onnx);
            var contenders = new List<(string Name, ProcessStartInfo Start)>
            {
                ("samples/Continue, native", new ProcessStartInfo(app, [checkpoint, "abc", "1"])),
                ("ONNX Runtime, C#", ThisProgram.Start("--first-result-of-onnx", onnx)),
            };
            if (!noTorch && TorchPeer.Build(out var problem) is { } torch)
            {
                contenders.Add(("libtorch, C#", new ProcessStartInfo("dotnet", [torch, Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture), "first"])));
            }

            var times = contenders.Select(_ => new List<double>()).ToList();
            for (var round = 0; round < Rounds; round++)
            {
                for (var i = 0; i < contenders.Count; i++)
                {
                    times[i].Add(Milliseconds(contenders[i].Name, contenders[i].Start));
                    Thread.Sleep(100);
                }
            }

            var medians = times.Select(t => t.Order().ElementAt(Rounds / 2)).ToList();
            var table = new Table().AddColumns("app", "ms, start to first token and end", "times ours");
            for (var i = 0; i < contenders.Count; i++)
            {
                table.AddRow(contenders[i].Name, medians[i].ToString("0.0", CultureInfo.InvariantCulture), (medians[i] / medians[0]).ToString("0.00", CultureInfo.InvariantCulture));
            }

            AnsiConsole.Write(table);
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>What the ONNX Runtime app does: a session, one run, one token.</summary>
    public static int OfOnnx(string model)
    {
        using var session = new InferenceSession(model);
        using var tokens = OrtValue.CreateTensorValueFromMemory<int>(new int[3], [1, 3]);
        using var run = new RunOptions();
        using var results = session.Run(run, [session.InputNames[0]], [tokens], session.OutputNames);
        var logits = results[0].GetTensorDataAsSpan<float>()[^GptSize.Vocabulary..];
        Console.WriteLine(System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits));
        return 0;
    }

    private static void Save(string checkpoint, string onnx)
    {
        var model = new Gpt(new GptSize(4, 256, 4, 128, 0));
        model.Evaluate();
        Safetensors.Save(checkpoint, model.NamedState().Select(s => ($"model.{s.Name}", s.Tensor)), new Dictionary<string, string>
        {
            ["format"] = "textgpt-1",
            ["options"] = """{"Size":{"Layers":4,"Width":256,"Heads":4,"Context":128}}""",
        });
        var call = GraphCall.Of(() => model.Forward(Tensor.Zeros([1, 1], DType.I32)));
        OnnxModel.Of(call.Function, call.Self, call.Arguments, GraphCall.BytesOf).Save(onnx);
    }

    private static double Milliseconds(string name, ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        var from = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? Stopwatch.GetElapsedTime(from).TotalMilliseconds : throw new InvalidOperationException($"{name}: {error.Result}");
    }
}
