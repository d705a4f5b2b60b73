using System.Reflection;
using Unified.Lowering;

namespace Unified.Fuzz;

/// <summary>
/// The child process: compiles the programs of a folder and runs them one by one, telling on standard output where it is, so that the parent
/// knows whose fault an end of the process is.
/// </summary>
internal static class Worker
{
    public static async Task<int> Run(string folder)
    {
        var said = Console.Out;
        Console.SetOut(TextWriter.Null);
        void Say(string word, string name, string detail = "")
        {
            said.WriteLine($"{word}\t{name}\t{detail.ReplaceLineEndings(" ")}");
            said.Flush();
        }

        GraphRuntime.UseCompiler(new GraphCompiler());
        var sources = Directory.GetFiles(folder, "*.cs").Order(StringComparer.Ordinal).Select(f => (Path.GetFileNameWithoutExtension(f), File.ReadAllText(f))).ToList();
        Assembly assembly;
        try
        {
            assembly = await CompilePrograms.Of(sources, (name, outcome, detail) => Say(outcome.ToString(), name, detail));
        }
        catch (Exception e)
        {
            Say("failed", "", e.ToString());
            return 2;
        }

        foreach (var (name, _) in sources)
        {
            if ((assembly.GetType(name) ?? assembly.GetType($"Of{name}.{name}")) is { } type)
            {
                var verdict = RunBothModes.Of(name, type, stage => Say(stage, name));
                Say(verdict.Outcome.ToString(), name, verdict.Detail);
            }
        }

        return 0;
    }
}
