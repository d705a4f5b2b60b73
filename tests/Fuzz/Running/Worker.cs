using System.Reflection;
using Unified.Lowering;

namespace Unified.Fuzz;

/// <summary>
/// The child process: compiles the programs of each folder that it is given and runs them one by one, telling on standard output where it is, so
/// that the parent knows whose fault an end of the process is.
/// </summary>
internal static class Worker
{
    /// <summary>Said when all of a folder has been run.</summary>
    public const string End = "end";

    /// <summary>Said when a folder could not be compiled, and no one program is to blame.</summary>
    public const string Failed = "failed";

    public static async Task<int> Run()
    {
        var said = Console.Out;
        Console.SetOut(TextWriter.Null);
        void Say(string word, string name, string detail = "")
        {
            said.WriteLine($"{word}\t{name}\t{detail.ReplaceLineEndings(" ")}");
            said.Flush();
        }

        GraphRuntime.UseCompiler(new GraphCompiler());
        while (Console.In.ReadLine() is { } folder)
        {
            var sources = Directory.GetFiles(folder, "*.cs").Order(StringComparer.Ordinal).Select(f => (Path.GetFileNameWithoutExtension(f), File.ReadAllText(f))).ToList();
            try
            {
                await RunAll(sources, Say);
                Say(End, "");
            }
            catch (InvalidOperationException e)
            {
                Say(Failed, "", e.ToString());
            }
        }

        return 0;
    }

    private static async Task RunAll(List<(string Name, string Text)> sources, Action<string, string, string> say)
    {
        var refused = new HashSet<string>();
        var (assembly, context) = await CompilePrograms.Of(sources, (name, outcome, detail) =>
        {
            refused.Add(name);
            say(outcome.ToString(), name, detail);
        });
        foreach (var (name, _) in sources)
        {
            if (!refused.Contains(name) && (assembly.GetType(name) ?? assembly.GetType($"Of{name}.{name}")) is { } type)
            {
                var verdict = RunBothModes.Of(name, type, stage => say(stage, name, ""));
                say(verdict.Outcome.ToString(), name, verdict.Detail);
            }
        }

        context.Unload();
    }
}
