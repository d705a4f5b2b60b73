using System.CommandLine;
using System.Globalization;
using Unified.Ir;
using Unified.Lowering.Targets;
using Unified.Lowering.Tune;
using Unified.Tool.Lower;

namespace Unified.Tool.Commands;

/// <summary><c>unified lower</c>: compiles the graphs that an app's <c>[AheadOfTime]</c> methods name.</summary>
internal static class LowerCommand
{
    public static Command Create()
    {
        var app = AppArguments.App;
        var references = AppArguments.References;
        var output = new Option<string>("--output", "-o") { Description = "The artifact to write (default: beside the app, its name with .graphs)" };
        var targets = new Option<string>("--targets")
        {
            Description = $"Machines to compile for, separated by ';': {string.Join("; ", CodeTarget.Known.Select(t => $"{t.Name} ({t.Says})"))}",
            DefaultValueFactory = _ => "x64-v3;x64-v4",
        };
        var tuning = new Option<string>("--tuning") { Description = "A table that 'unified tune' wrote, of the machine that the app will run on (default: no numbers are tuned)" };
        var ifAny = new Option<bool>("--if-any") { Description = "No [AheadOfTime] method is no error: nothing is written" };
        var command = new Command("lower", "Compile the graphs that an app's [AheadOfTime] methods name. Graphs of a former artifact that are still right are kept.")
        {
            app, references, output, targets, tuning, ifAny, AppArguments.Json,
        };
        command.SetAction(parsed => Run(
            parsed.GetValue(app)!, parsed.GetValue(references) ?? [], parsed.GetValue(output), parsed.GetValue(targets)!, parsed.GetValue(tuning), parsed.GetValue(ifAny), parsed.GetValue(AppArguments.Json)));
        return command;
    }

    private static int Run(string app, string[] references, string? output, string targets, string? tuning, bool ifAny, bool isJson)
    {
        output ??= Path.ChangeExtension(app, ".graphs");
        return AppArguments.WithApp(app, references, context =>
        {
            var names = targets.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            string? said = null;
            var lowered = Bar.Over(null, report => LowerApp.Run(
                context, names, output, tuning is null ? Tuning.Default : TuningTable.Load(tuning).Tuning, ifAny, m => Say($"{app} : warning UG301: {CommandErrors.OneLine(m)}", isJson), (entry, graphs) =>
                {
                    report($"{entry}: {graphs} graphs", graphs);
                    if (entry != said && !Bar.IsShown)
                    {
                        Say($"  graphs of {entry}", isJson);
                    }

                    said = entry;
                }));
            if (isJson)
            {
                AppArguments.WriteJson(new
                {
                    output, targets = names, graphs = lowered.Functions.Count, kept = lowered.Reused, eager = lowered.Eager, kernels = lowered.Kernels, bytes = lowered.Bytes, seconds = lowered.Seconds,
                });
            }
            else if (lowered.Bytes > 0)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {Path.GetFileName(output)}: {lowered.Functions.Count} graphs ({lowered.Reused} kept), {lowered.Eager.Count} eager, {lowered.Kernels} kernels for {string.Join(", ", names)}, {lowered.Bytes / 1024} KB, {lowered.Seconds:0.0} s"));
            }

            return 0;
        });
    }

    private static void Say(string line, bool isJson) => (isJson ? Console.Error : Console.Out).WriteLine(line);
}
