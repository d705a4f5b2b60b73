using System.Globalization;
using System.Text.Json;
using Unified.Nn;

namespace TextGpt;

/// <summary>One file with everything a run needs to go on exactly as if it had not stopped.</summary>
public static class Checkpoint
{
    public static void Save(string path, Trainer trainer, RunOptions options, int step, IReadOnlyList<float> losses) =>
        Safetensors.Save(path, trainer.NamedState(), new Dictionary<string, string>
        {
            ["format"] = "textgpt-1",
            ["step"] = step.ToString(CultureInfo.InvariantCulture),
            ["options"] = JsonSerializer.Serialize(options),
            ["losses"] = Convert.ToBase64String(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>([.. losses])),
        });

    /// <summary>Opens a checkpoint and reads what run it belongs to.</summary>
    public static (SafetensorsFile File, RunOptions Options, int Step, float[] Losses) Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new UsageException($"--resume {path}: there is no such file");
        }

        var file = Safetensors.Open(path);
        try
        {
            if (file.Metadata.GetValueOrDefault("format") != "textgpt-1")
            {
                throw new InvalidDataException($"'{path}' is no checkpoint of TextGpt");
            }

            var options = JsonSerializer.Deserialize<RunOptions>(file.Metadata["options"])!;
            var losses = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(file.Metadata["losses"])).ToArray();
            return (file, options, int.Parse(file.Metadata["step"], CultureInfo.InvariantCulture), losses);
        }
        catch (Exception e) when (e is KeyNotFoundException or FormatException or JsonException)
        {
            throw new InvalidDataException($"'{path}' is a damaged checkpoint ({e.Message})", e);
        }
    }
}
