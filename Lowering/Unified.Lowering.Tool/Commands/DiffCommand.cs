using System.CommandLine;
using Unified.Ir;
using Unified.Tool.Inspect;

namespace Unified.Tool.Commands;

/// <summary><c>unified diff</c>: which graphs changed from one artifact to another, and why.</summary>
internal static class DiffCommand
{
    public static Command Create()
    {
        var before = new Argument<string>("before") { Description = "A .graphs file" };
        var after = new Argument<string>("after") { Description = "Another" };
        var command = new Command("diff", "Show which graphs changed from one artifact to another, and why. Exit code 0 also where some did.") { before, after, AppArguments.Json };
        command.SetAction(parsed => CommandErrors.Guard(parsed.GetValue(before)!, null, () => Run(parsed.GetValue(before)!, parsed.GetValue(after)!, parsed.GetValue(AppArguments.Json))));
        return command;
    }

    private static int Run(string beforePath, string afterPath, bool isJson)
    {
        var (before, after) = (ArtifactCodec.Open(File.ReadAllBytes(beforePath)), ArtifactCodec.Open(File.ReadAllBytes(afterPath)));
        var (changes, same) = ArtifactDiff.Of(before, after);
        var added = after.Targets.Except(before.Targets).ToList();
        var removed = before.Targets.Except(after.Targets).ToList();
        if (isJson)
        {
            AppArguments.WriteJson(new { same, changes, targets_added = added, targets_removed = removed, same_compiler = before.Compiler == after.Compiler, same_tuning = before.Tuning == after.Tuning });
            return 0;
        }

        if (before.Tuning != after.Tuning)
        {
            Console.WriteLine($"tuned to {Named(before.Tuning)} and to {Named(after.Tuning)}");
        }

        foreach (var change in changes)
        {
            Console.WriteLine($"{change.Change}: {change.Graph}");
            foreach (var why in change.Why)
            {
                Console.WriteLine($"    {why}");
            }
        }

        added.ForEach(t => Console.WriteLine($"target added: {t}"));
        removed.ForEach(t => Console.WriteLine($"target removed: {t}"));
        if (before.Compiler != after.Compiler)
        {
            Console.WriteLine($"made by {before.Compiler} and by {after.Compiler}");
        }

        Console.WriteLine($"{same} graphs are the same, {changes.Count} are not");
        return 0;
    }

    private static string Named(string tuning) => tuning.Length == 0 ? "the default" : $"'{tuning}'";
}
