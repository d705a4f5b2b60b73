using System.Diagnostics;
using Spectre.Console;
using Unified.Benchmarks.Peers;
using Unified.Benchmarks.Works;

namespace Unified.Benchmarks.Measuring;

/// <summary>
/// The most memory that a process held (VmHWM of Linux: libraries, compiling and weights included) until it had run a work a few times: ours and libtorch's, each in a process of its own.
/// </summary>
internal static class PeakMemory
{
    private const int Runs = 3;

    // Training, which ONNX Runtime does not do: it would hold a model of its own in our process.
    private static readonly string[] s_works = ["gpt2_step/f32/4x128", "gpt2_step_eager/f32/4x128", "mlp_step/f32/64"];

    public static int Run(bool json)
    {
        var threads = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
        var torch = TorchPeer.Build(out var problem);
        if (torch is null)
        {
            Console.Error.WriteLine($"libtorch: {problem}");
        }

        var table = new Table().AddColumns("work", "ours, MB", "libtorch, MB", "ours / libtorch");
        foreach (var work in s_works)
        {
            var ours = Megabytes(ThisProgram.Start("--peak-memory-of", work));
            var theirs = torch is null ? double.NaN : Megabytes(new ProcessStartInfo("dotnet", [torch, threads, "memory", work, Runs.ToString(CultureInfo.InvariantCulture)]));
            var ratio = (ours / theirs).ToString("0.00", CultureInfo.InvariantCulture);
            table.AddRow(work, ours.ToString("0", CultureInfo.InvariantCulture), theirs.ToString("0", CultureInfo.InvariantCulture), ratio);
            if (json)
            {
                Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(new { work, ours_mb = ours, libtorch_mb = double.IsNaN(theirs) ? (double?)null : theirs }));
            }
        }

        AnsiConsole.Write(table);
        return 0;
    }

    /// <summary>What one process of ours does.</summary>
    public static int Of(string name)
    {
        using var contest = Catalogue.All.First(w => w.Name == name).Prepare(Environment.ProcessorCount);
        contest.Ours.Run(Runs);
        Console.WriteLine(HighestOfThisProcess());
        return 0;
    }

    private static double HighestOfThisProcess() =>
        double.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;

    private static double Megabytes(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var last = process.StandardOutput.ReadToEnd().TrimEnd().Split('\n')[^1];
        process.WaitForExit();
        return process.ExitCode == 0 && double.TryParse(last, CultureInfo.InvariantCulture, out var megabytes) ? megabytes : double.NaN;
    }
}
