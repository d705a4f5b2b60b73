using System.Collections.Immutable;
using System.Diagnostics;
using Unified.Ir;
using Unified.Lowering.Artifacts;
using Unified.Lowering.Targets;
using Unified.Tool.Apps;

namespace Unified.Tool.Lower;

/// <summary>What lowering an app came to.</summary>
/// <param name="Eager">The methods that run eagerly, each with why.</param>
internal sealed record LoweredApp(
    IReadOnlyList<AheadOfTimeFunction> Functions, int Reused, IReadOnlyDictionary<string, string> Eager, int Kernels, long Bytes, double Seconds);

/// <summary>Turns an app's entry points into an artifact.</summary>
internal static class LowerApp
{
    /// <param name="tuning">The numbers that kernels are cut and written by.</param>
    /// <param name="ifAny">An app without entry points is no fault: there is no artifact then.</param>
    /// <param name="warn">Told what is not as it should be, and does not stop the build.</param>
    /// <param name="progress">Told the name of the entry point that runs and how many graphs there are by now, before each and after every graph.</param>
    /// <exception cref="AppException">The app has no entry point, or one of a wrong form.</exception>
    /// <exception cref="GraphCompileException">A graph breaks a rule.</exception>
    public static LoweredApp Run(AppLoadContext app, IReadOnlyList<string> targetNames, string output, Tuning tuning, bool ifAny, Action<string> warn, Action<string, int> progress)
    {
        var clock = Stopwatch.StartNew();
        app.CheckVersions();
        var entries = EntryPoint.Of(app);
        if (entries.Count == 0 && ifAny)
        {
            File.Delete(output);
            return new LoweredApp([], 0, new Dictionary<string, string>(), 0, 0, clock.Elapsed.TotalSeconds);
        }

        if (entries.Count == 0)
        {
            throw new AppException("no method is marked [AheadOfTime]: write 'static void Graphs(GraphSet graphs)' that adds the calls to compile, or build without UnifiedLower");
        }

        CodeTarget[] targets = [.. targetNames.Select(CodeTarget.Of)];
        var machines = targets.Select(t => t.Machine.ToString()).ToImmutableArray();
        var compiler = new ReusingCompiler(new AheadOfTimeCompiler(targets), targets, Former(output, machines, tuning)) { Made = progress };
        GraphRuntime.UseArtifact(null);
        GraphRuntime.UseCompiler(compiler);
        GraphRuntime.Log = warn;
        GraphRuntime.Options = GraphRuntime.Options with { Tuning = tuning };
        foreach (var entry in entries)
        {
            progress(entry.Name, compiler.Functions.Count);
            compiler.Origin = entry.Name;
            entry.Run(new GraphSet());
        }

        var artifact = AheadOfTimeCompiler.Pack(Toolchain, machines, compiler.Functions, tuning);
        var bytes = ArtifactCodec.Encode(artifact);
        Write(output, bytes);
        return new LoweredApp(compiler.Functions, compiler.Reused, compiler.Eager, artifact.Kernels.Length, bytes.Length, clock.Elapsed.TotalSeconds);
    }

    /// <summary>The compiler's version and build: graphs of another are made anew.</summary>
    private static string Toolchain => $"{ProgramImageCodec.CompilerVersion} {typeof(AheadOfTimeCompiler).Assembly.ManifestModule.ModuleVersionId:N}";

    private static ArtifactFile? Former(string output, ImmutableArray<string> machines, Tuning tuning)
    {
        try
        {
            var file = File.Exists(output) ? ArtifactCodec.Open(File.ReadAllBytes(output)) : null;
            return file is not null && file.Compiler == Toolchain && file.Targets.SequenceEqual(machines) && file.Tuning == tuning.ToString() ? file : null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return null;
        }
    }

    // Under another name first: a build that is stopped leaves the whole file or the former one.
    private static void Write(string output, byte[] bytes)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(output))!;
        Directory.CreateDirectory(folder);
        var temporary = $"{output}.{Environment.ProcessId}";
        File.WriteAllBytes(temporary, bytes);
        File.Move(temporary, output, overwrite: true);
    }
}
