using Spectre.Console;
using Unified.Benchmarks.Measuring;

namespace Unified.Benchmarks;

/// <summary>The rows of one thread count, as text.</summary>
internal sealed class ResultTable(int threads, string? torchProblem)
{
    private readonly List<Row> _rows = [];
    private readonly Limits _limits = Limits.Measure(threads);
    private readonly double _read = MachineLimits.ReadGigabytesPerSecond(threads), _written = MachineLimits.WriteGigabytesPerSecond(threads);

    public IReadOnlyList<Row> Rows => _rows;

    public void Add(Row row)
    {
        _rows.Add(row);
        Console.Error.WriteLine(row.ToJson());
    }

    public void Print()
    {
        var table = new Table()
            .Title(Text($"{threads} thread(s): {_limits.Gflops:F0} GFLOP/s f32, {_limits.VectorGigas:F1} G vectors/s, memory read {_read:F1} GB/s, written {_written:F1} GB/s (measured again for each row)"))
            .AddColumns("work", "ours ms", "+-", "onnxruntime", "libtorch", "best peer / ours", "possible", "of limit", "limit", "floor", "met");
        foreach (var row in _rows)
        {
            table.AddRow(
                row.Work, Text($"{row.OursMilliseconds:G4}"), Text($"{row.Spread:P0}"), Peer(row, "onnxruntime"), Peer(row, "libtorch"),
                row.BestPeer is { } best ? Text($"{best:F2}") : "-", row.MostPossible is { } most ? Text($"{most:F2}") : "-",
                row.ShareOfLimit is { } share ? Text($"{share:P0}") : "-", row.Limit ?? "-", row.Floor,
                row.Met switch { true => "yes", false => row.IsBeyondLimit ? Text($"limit allows {row.MostPossible:F2}") : "no", null => "" });
        }

        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 200;
        }

        AnsiConsole.Write(table);
        if (torchProblem is not null)
        {
            Console.WriteLine("libtorch is not in this table: " + torchProblem);
        }
    }

    private static string Peer(Row row, string name) => row.Peers.TryGetValue(name, out var milliseconds) ? Text($"{milliseconds:G4}") : "-";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
