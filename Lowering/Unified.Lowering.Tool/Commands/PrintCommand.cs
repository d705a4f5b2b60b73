using System.CommandLine;
using Unified.Lowering;
using Unified.Tool.Apps;
using Unified.Tool.Calls;

namespace Unified.Tool.Commands;

/// <summary><c>unified print</c>: a graph as text, after each phase of its way to code.</summary>
internal static class PrintCommand
{
    public static Command Create()
    {
        var names = Enum.GetNames<Phase>().Select(n => n.ToLowerInvariant()).ToArray();
        var phase = new Option<string>("--stop-after") { Description = $"The last phase to print: {string.Join(", ", names)}", DefaultValueFactory = _ => "schedule" };
        phase.AcceptOnlyFromAmong(names);
        var command = new Command("print", "Print the graphs that an app's [AheadOfTime] methods name, as text, after each phase.")
        {
            AppArguments.App, AppArguments.References, AppArguments.Graph, phase, AppArguments.Json,
        };
        command.SetAction(parsed => AppArguments.WithApp(
            parsed.GetValue(AppArguments.App)!, parsed.GetValue(AppArguments.References) ?? [],
            app => Run(app, parsed.GetValue(AppArguments.Graph), Enum.Parse<Phase>(parsed.GetValue(phase)!, ignoreCase: true), parsed.GetValue(AppArguments.Json))));
        return command;
    }

    private static int Run(AppLoadContext app, string? pattern, Phase last, bool isJson)
    {
        var folder = Directory.CreateTempSubdirectory("unified-print-").FullName;
        try
        {
            GraphRuntime.Options = GraphRuntime.Options with { DumpFolder = folder };
            foreach (var call in AppCalls.Of(app, pattern))
            {
                AppCalls.Run(call, call.Arguments);
            }

            var shown = Enumerable.Range(0, (int)last + 1).Select(p => $"-{(Phase)p}-".ToLowerInvariant()).ToList();
            var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                .Where(f => shown.Exists(p => Path.GetFileName(f).Contains(p, StringComparison.Ordinal)))
                .Select(f => (Name: Path.GetRelativePath(folder, f), Text: File.ReadAllText(f))).ToList();
            if (isJson)
            {
                AppArguments.WriteJson(new { phases = files.Select(f => new { f.Name, f.Text }) });
            }
            else
            {
                files.ForEach(f => Console.WriteLine($"// {f.Name}\n{f.Text}"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
