using System.Globalization;
using System.Runtime.CompilerServices;

namespace Unified.Ir.Tests;

/// <summary>The tables of docs/tuning.md are those of the rows. <c>UPDATE_GOLDEN=1</c> writes them.</summary>
public class TuningPageTests
{
    private const string Begin = "<!-- written by UPDATE_GOLDEN=1 dotnet run -c Release --project tests/Ir.Tests -- -class '*TuningPageTests' -->\n";
    private const string End = "<!-- end of what is written -->\n";

    [Fact]
    public void The_page_says_what_the_rows_say()
    {
        var path = Path.GetFullPath(Path.Combine(Folder(), "../../../docs/tuning.md"));
        var text = File.ReadAllText(path);
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        Assert.True(from >= Begin.Length && to >= from, "docs/tuning.md has lost the marks around its tables");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, text[..from] + Tables() + text[to..]);
            return;
        }

        Assert.Equal(Tables(), text[from..to]);
    }

    private static string Tables() => string.Join("\n", (string[])
    [
        "| tunable | | default | may be | kernels | changes rounding |", "|---|---|---|---|---|---|",
        .. TunableTable.All.Select(t => string.Create(
            CultureInfo.InvariantCulture,
            $"| `{t.Name}` | {t.Meaning} | {t.Default} | {string.Join(", ", t.Candidates)} | {string.Join(", ", t.Families)} | {(t.ChangesRounding ? "yes" : "no")} |")),
        "",
        "| family | kernels | small ones |", "|---|---|---|",
        .. KernelFamily.All.Select(f => $"| `{f.Name}` | {f.Meaning} | {f.Small ?? ""} |"),
    ]) + "\n";

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
