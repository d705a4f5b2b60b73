using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Unified.Generators;

namespace Unified.Fuzz;

/// <summary>Turns program sources into one loaded assembly, and says which of them were not accepted and why.</summary>
internal static class CompilePrograms
{
    private static readonly CSharpParseOptions s_parse = new CSharpParseOptions(LanguageVersion.CSharp14).WithFeatures([new("InterceptorsNamespaces", "Unified.Generated")]);

    private static readonly ImmutableArray<MetadataReference> s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p))];

    /// <param name="sources">Class name and text of each program.</param>
    /// <param name="refused">Told of each program that C# or the generator does not accept.</param>
    public static async Task<(Assembly Assembly, AssemblyLoadContext Context)> Of(IReadOnlyList<(string Name, string Text)> sources, Action<string, Outcome, string> refused)
    {
        var left = sources.ToDictionary(s => s.Name, s => CSharpSyntaxTree.ParseText(s.Text, s_parse, s.Name, System.Text.Encoding.UTF8));
        while (true)
        {
            var compilation = Create(left.Values);
            CSharpGeneratorDriver.Create([new StaticGraphGenerator().AsSourceGenerator()], parseOptions: s_parse)
                .RunGeneratorsAndUpdateCompilation(compilation, out var output, out var generated);
            if (generated.FirstOrDefault(d => d.Id is "CS8785" or "CS8784") is { } broken)
            {
                throw new InvalidOperationException(broken.ToString());
            }

            // C#'s own diagnostics and the analyzer's, from one binding of the sources.
            var found = await output.WithAnalyzers([new StaticGraphAnalyzer()]).GetAllDiagnosticsAsync();
            if (found.FirstOrDefault(d => d.Id == "AD0001") is { } fault)
            {
                throw new InvalidOperationException(fault.ToString());
            }

            var known = left.Count;
            Refuse(found.Where(d => d.Id.StartsWith("CS", StringComparison.Ordinal)), left, Outcome.Invalid, refused);
            if (left.Count < known)
            {
                continue;
            }

            // What the capture refuses is still C#: it stays in the assembly, and is not run.
            var accepted = new Dictionary<string, SyntaxTree>(left);
            Refuse(generated, accepted, Outcome.Crash, refused);
            Refuse(found, accepted, Outcome.Diagnosed, refused);
            using var image = new MemoryStream();
            var emitted = output.Emit(image);
            if (!emitted.Success)
            {
                // Generated code that does not compile: the fault of the program whose name its file bears.
                var error = emitted.Diagnostics.First(d => d.Severity == DiagnosticSeverity.Error);
                var owner = left.Keys.FirstOrDefault(n => error.Location.SourceTree?.FilePath.Contains(n + "_", StringComparison.Ordinal) == true
                    || error.Location.SourceTree?.FilePath.Contains(n + ".", StringComparison.Ordinal) == true)
                    ?? throw new InvalidOperationException(error.ToString());
                left.Remove(owner);
                refused(owner, Outcome.Crash, $"generated code: {error}");
                continue;
            }

            image.Position = 0;
            var context = new AssemblyLoadContext(null, isCollectible: true);
            return (context.LoadFromStream(image), context);
        }
    }

    private static void Refuse(IEnumerable<Diagnostic> found, Dictionary<string, SyntaxTree> left, Outcome outcome, Action<string, Outcome, string> refused)
    {
        foreach (var error in found.Where(d => d.Severity == DiagnosticSeverity.Error))
        {
            var path = error.Location.SourceTree?.FilePath ?? error.Location.GetLineSpan().Path;
            if (left.Remove(path ?? ""))
            {
                refused(path!, outcome, error.ToString());
            }
            else if (path is null or "" || path == "Shared")
            {
                throw new InvalidOperationException($"an error without a place in a program: {error}");
            }
        }
    }

    private static CSharpCompilation Create(IEnumerable<SyntaxTree> programs) => CSharpCompilation.Create(
        "Programs",
        [CSharpSyntaxTree.ParseText(ProgramSource.Usings, s_parse, "Usings"), CSharpSyntaxTree.ParseText(ProgramSource.Shared, s_parse, "Shared"), .. programs],
        s_references,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable, optimizationLevel: OptimizationLevel.Release));
}
