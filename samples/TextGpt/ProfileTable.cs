using System.Globalization;
using Spectre.Console;
using Unified;

namespace TextGpt;

/// <summary>Prints where the time of the training graph goes.</summary>
public static class ProfileTable
{
    private const int Rows = 40;

    public static void Print(GraphProfile profile, int steps, double peakGflops)
    {
        var rows = profile.Rows();
        var total = rows.Sum(r => r.Milliseconds);
        var bandwidth = MachineLimits.ReadGigabytesPerSecond();
        var table = new Table().Title($"{total / steps:F1} ms per step in kernels; peak {peakGflops:F0} GFLOP/s, memory {bandwidth:F0} GB/s")
            .AddColumns("kernel", "launches/step", "ms/step", "share", "GFLOP/s", "of peak", "GB/s");
        foreach (var row in rows.Take(Rows))
        {
            var gflops = row.Flops / row.Milliseconds / 1e6;
            table.AddRow(
                Markup.Escape(row.Label),
                Text((double)row.Launches / steps, "F1"),
                Text(row.Milliseconds / steps, "F3"),
                Text(row.Milliseconds / total, "P1"),
                Text(gflops, "F1"),
                Text(gflops / peakGflops, "P0"),
                Text(row.Traffic / row.Milliseconds / 1e6, "F1"));
        }

        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 180;
        }

        AnsiConsole.Write(table);
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
