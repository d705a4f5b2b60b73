using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TextGpt;
using Unified;
using Unified.Ir;
using Unified.Nn;

namespace Continue;

/// <summary>Continues a text with a model that TextGpt has trained: <c>continue checkpoint.safetensors [prompt] [bytes]</c>.</summary>
public static class Program
{
    /// <summary>The graph of a model of TextGpt's default size: other sizes run eagerly, and say so.</summary>
    [AheadOfTime]
    public static void Graphs(GraphSet graphs)
    {
        using var unused = Initialize.LeaveOut();
        var model = new Gpt(new GptSize(4, 256, 4, 128, 0));
        model.Evaluate();
        graphs.Add(() => model.Forward(Tensor.Zeros([1, 1], DType.I32)));
    }

    public static int Main(string[] args)
    {
        if (args.Length == 0 || !File.Exists(args[0]))
        {
            Console.Error.WriteLine("continue <checkpoint.safetensors> [prompt] [bytes]: the checkpoint is what samples/TextGpt saves in runs/textgpt");
            return 2;
        }

        var prompt = args.Length > 1 ? args[1] : "/// <summary>";
        var count = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 200;
        try
        {
            var model = Load(args[0]);
            var text = Sampler.Continue(model, Encoding.UTF8.GetBytes(prompt), count, 0, seed: 1, ExecutionMode.Graph);
            Console.WriteLine(prompt + Encoding.UTF8.GetString(text));
            var since = (DateTime.UtcNow - Process.GetCurrentProcess().StartTime.ToUniversalTime()).TotalMilliseconds;
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{{\"bytes\": {count}, \"milliseconds_since_start\": {since:0.0}, \"shipped\": {GraphRuntime.Statistics.Shipped}, \"compiled\": {GraphRuntime.Statistics.Compilations}}}"));
            return 0;
        }
        catch (Exception e) when (e is InvalidDataException or JsonException or KeyNotFoundException)
        {
            Console.Error.WriteLine($"{args[0]} is no checkpoint of TextGpt: {e.Message}");
            return 1;
        }
    }

    private static Gpt Load(string path)
    {
        var file = Safetensors.Open(path);
        using var options = JsonDocument.Parse(file.Metadata["options"]);
        var size = options.RootElement.GetProperty("Size");
        int Number(string name) => size.GetProperty(name).GetInt32();
        using var loaded = Initialize.LeaveOut();
        var model = new Gpt(new GptSize(Number("Layers"), Number("Width"), Number("Heads"), Number("Context"), 0));
        file.LoadInto(model.NamedState().Select(s => ($"model.{s.Name}", s.Tensor)));
        return model;
    }
}
