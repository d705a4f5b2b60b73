using System.Globalization;
using Spectre.Console;

namespace Unified.Tool.Commands;

/// <summary>Numbers and tables for people.</summary>
internal static class Text
{
    private const int WidthOfFiles = 180;

    public static string Number(double value, string format = "0.##") => value.ToString(format, CultureInfo.InvariantCulture);

    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => $"{Number(bytes / 1024.0, "0.#")} KB",
        < 1 << 30 => $"{Number(bytes / 1048576.0, "0.#")} MB",
        _ => $"{Number(bytes / 1073741824.0)} GB",
    };

    public static string Count(long count) => count switch
    {
        < 10_000 => Number(count),
        < 10_000_000 => $"{Number(count / 1e3)} k",
        < 10_000_000_000 => $"{Number(count / 1e6)} M",
        _ => $"{Number(count / 1e9)} G",
    };

    public static void Write(Table table)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WidthOfFiles;
        }

        AnsiConsole.Write(table);
    }
}
