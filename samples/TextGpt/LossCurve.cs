namespace TextGpt;

/// <summary>Draws the loss over the steps.</summary>
public static class LossCurve
{
    private const int Window = 20;

    public static void Save(string path, IReadOnlyList<float> losses, string title)
    {
        using var plot = new ScottPlot.Plot();
        var steps = Enumerable.Range(1, losses.Count).Select(i => (double)i).ToArray();
        var each = plot.Add.ScatterLine(steps, [.. losses.Select(l => (double)l)]);
        each.Color = ScottPlot.Colors.LightSteelBlue;
        each.LegendText = "each step";
        var smooth = plot.Add.ScatterLine(steps, [.. losses.Select((_, i) => (double)losses.Skip(Math.Max(0, i - Window + 1)).Take(Math.Min(i + 1, Window)).Average())]);
        smooth.Color = ScottPlot.Colors.Navy;
        smooth.LineWidth = 2;
        smooth.LegendText = $"mean of {Window} steps";
        plot.Title(title);
        plot.XLabel("step");
        plot.YLabel("cross entropy, nats per byte");
        plot.ShowLegend();
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        plot.SavePng(path, 900, 520);
    }
}
