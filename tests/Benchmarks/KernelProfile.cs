using Spectre.Console;
using Unified.Benchmarks.Measuring;
using Unified.Graphs;

namespace Unified.Benchmarks;

/// <summary>Where our time goes in a work.</summary>
internal static class KernelProfile
{
    private const int Runs = 5, Rows = 30;

    public static void Print(IContender ours, Limits limits)
    {
        var profile = new GraphProfile();
        GraphRuntime.Profile = profile;
        ours.Run(Runs);
        GraphRuntime.Profile = null;
        var rows = profile.Rows();
        var total = rows.Sum(r => r.Milliseconds);
        var table = new Table().AddColumns("kernel", "launches", "ms", "share", "GFLOP/s", "of peak", "GB/s");
        foreach (var row in rows.Take(Rows))
        {
            var gflops = row.Flops / row.Milliseconds / 1e6;
            table.AddRow(
                Markup.Escape(row.Label), Text($"{(double)row.Launches / Runs:F0}"), Text($"{row.Milliseconds / Runs:F3}"), Text($"{row.Milliseconds / total:P1}"),
                Text($"{gflops:F1}"), Text($"{gflops / limits.Gflops:P0}"), Text($"{row.Traffic / row.Milliseconds / 1e6:F1}"));
        }

        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 180;
        }

        AnsiConsole.Write(table);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
