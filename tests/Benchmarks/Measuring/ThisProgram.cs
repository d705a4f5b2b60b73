using System.Diagnostics;

namespace Unified.Benchmarks.Measuring;

/// <summary>This program once more, in a process of its own.</summary>
internal static class ThisProgram
{
    public static ProcessStartInfo Start(params IEnumerable<string> arguments)
    {
        var path = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(path) == "dotnet" ? new ProcessStartInfo(path, [Environment.GetCommandLineArgs()[0], .. arguments]) : new ProcessStartInfo(path, arguments);
    }
}
