using System.CommandLine;
using Unified.Tool.Commands;

namespace Unified.Tool;

/// <summary>The `unified` command.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        var root = new RootCommand("Compiles the static graphs of .NET apps ahead of time, and looks into what came out.")
        {
            LowerCommand.Create(),
            InspectCommand.Create(),
            PrintCommand.Create(),
            RunCommand.Create(),
            BenchCommand.Create(),
            TuneCommand.Create(),
            DiffCommand.Create(),
            CacheCommand.Create(),
        };
        return root.Parse(args).Invoke();
    }
}
