using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Unified.Ir;
using Unified.Tool.Inspect;

namespace Unified.Tool.Commands;

/// <summary><c>unified inspect</c>: what an artifact holds.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var artifact = new Argument<string>("artifact") { Description = "A .graphs file" };
        var dims = new Option<string[]>("--dim", "-d") { Description = "Sizes for the memory plan and the work, as B=32 (default: 1)", AllowMultipleArgumentsPerToken = true };
        var memory = new Option<bool>("--memory") { Description = "Also the memory plan: where each block of working memory lies, and from which step to which (--json has it always)" };
        var command = new Command("inspect", "Show an artifact's graphs: signatures, targets, sizes of code, working memory, operations.") { artifact, dims, memory, AppArguments.Json };
        command.SetAction(parsed => CommandErrors.Guard(
            parsed.GetValue(artifact)!, null,
            () => Run(parsed.GetValue(artifact)!, Sizes(parsed.GetValue(dims) ?? []), parsed.GetValue(memory), parsed.GetValue(AppArguments.Json))));
        return command;
    }

    /// <exception cref="ArgumentException">An item is not of the form name=size.</exception>
    internal static Dictionary<string, long> Sizes(string[] items) => items.ToDictionary(
        i => i.Split('=')[0],
        i => i.Split('=') is [_, var size] && long.TryParse(size, CultureInfo.InvariantCulture, out var value) && value >= 0
            ? value : throw new ArgumentException($"--dim {i}: write a name and a size, as B=32"),
        StringComparer.Ordinal);

    private static int Run(string path, Dictionary<string, long> sizes, bool showsMemory, bool isJson)
    {
        var file = ArtifactCodec.Open(File.ReadAllBytes(path));
        var graphs = Enumerable.Range(0, file.Keys.Length).Select(g => GraphFacts.Of(file, g, sizes)).ToList();
        if (isJson)
        {
            AppArguments.WriteJson(new { artifact = path, compiler = file.Compiler, targets = file.Targets, tuning = file.Tuning, bytes = new FileInfo(path).Length, sizes, graphs });
            return 0;
        }

        Console.WriteLine($"{path}: {graphs.Count} graphs for {string.Join(", ", file.Targets)}, {Text.Bytes(new FileInfo(path).Length)}, by compiler {file.Compiler}{(file.Tuning.Length == 0 ? "" : $", tuned: {file.Tuning}")}");
        var table = new Table().AddColumns("graph", "arguments", "any", "methods", "launches", "kernels", "code", "working memory", "operations");
        foreach (var g in graphs)
        {
            table.AddRow(
                Markup.Escape(g.Method), Markup.Escape(g.Signature), string.Join(' ', g.Dims), Text.Number(g.Methods), Text.Number(g.Launches), Text.Number(g.Kernels),
                string.Join(" / ", g.CodeBytes.Values.Select(Text.Bytes)), Text.Bytes(g.ArenaBytes), Text.Count(g.Flops));
        }

        Text.Write(table);
        foreach (var g in showsMemory ? graphs : [])
        {
            var plan = new Table().Title(Markup.Escape($"{g.Method}: {Text.Bytes(g.ArenaBytes)}")).AddColumns("program", "offset", "bytes", "steps", "holds");
            foreach (var block in g.Memory)
            {
                plan.AddRow(
                    Markup.Escape(block.Program), Text.Number(block.Offset), Text.Number(block.Bytes), $"{block.FirstStep} to {block.LastStep}", Markup.Escape(block.Holds));
            }

            Text.Write(plan);
        }

        Console.WriteLine(sizes.Count == 0 ? "Memory and operations: for sizes of 1; --dim B=32 for others." : $"Memory and operations: for {string.Join(", ", sizes.Select(s => $"{s.Key}={s.Value}"))}.");
        return 0;
    }
}
