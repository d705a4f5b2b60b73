using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Unified.Generators;

namespace Unified.Syntax.Tests;

/// <summary>Turns snippets into one loaded assembly by the real generator, and those that are refused into their verdicts.</summary>
internal sealed partial class CompileSnippets
{
    private static readonly CSharpParseOptions s_parse = new CSharpParseOptions(LanguageVersion.CSharp14).WithFeatures([new("InterceptorsNamespaces", "Unified.Generated")]);

    private static readonly ImmutableArray<MetadataReference> s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p))];

    // Types of another assembly, made by the generator as any library's are.
    private static readonly byte[] s_library = Library("""
        using Unified;
        namespace Shared;
        public sealed record Pair(Tensor A, Tensor B);
        public readonly record struct Item(Tensor T, int N);
        public sealed record Deep(Pair P, Tensor C);
        public sealed record Box<T>(Tensor A, T B);
        public sealed class Keep { public Tensor? T { get; set; } public int N { get; set; } }
        public sealed record Checked(Tensor A) { public Tensor A { get; } = A * 2f; }
        public sealed record Numbers(int A, int B);
        """);

    private static readonly SyntaxTree s_usings = CSharpSyntaxTree.ParseText(
        "global using System; global using System.Collections.Generic; global using System.Linq; global using System.Threading.Tasks;", s_parse, "Usings");

    private readonly Dictionary<string, (Snippet Snippet, SyntaxTree Tree)> _left = [];
    private readonly Dictionary<string, Verdict> _verdicts = [];

    private CompileSnippets(IReadOnlyList<Snippet> snippets)
    {
        for (var i = 0; i < snippets.Count; i++)
        {
            var space = string.Create(CultureInfo.InvariantCulture, $"S{i}");
            _left.Add(space, (snippets[i], CSharpSyntaxTree.ParseText(snippets[i].Source(space), s_parse, space, System.Text.Encoding.UTF8)));
        }
    }

    /// <returns>The model's type and caller of each accepted snippet, and the verdict of every other one, by name.</returns>
    public static async Task<(IReadOnlyList<(Snippet Snippet, Type Model, MethodInfo Caller)> Accepted, Dictionary<string, Verdict> Refused)> Of(IReadOnlyList<Snippet> snippets)
    {
        var work = new CompileSnippets(snippets);
        var assembly = await work.Run();
        return ([.. work._left.Select(l => (
            l.Value.Snippet, assembly.GetType($"Snippets.{l.Key}.Model", true)!, assembly.GetType($"Snippets.{l.Key}.Caller", true)!.GetMethod("Call")!))], work._verdicts);
    }

    private async Task<Assembly> Run()
    {
        while (true)
        {
            var compilation = CSharpCompilation.Create(
                "Snippets", _left.Values.Select(s => s.Tree).Prepend(s_usings), [.. s_references, MetadataReference.CreateFromImage(s_library)],
                new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable,
                    optimizationLevel: OptimizationLevel.Release));
            if (Refuse(compilation.GetDiagnostics(), Outcome.Invalid))
            {
                continue;
            }

            CSharpGeneratorDriver.Create([new StaticGraphGenerator().AsSourceGenerator()], parseOptions: s_parse)
                .RunGeneratorsAndUpdateCompilation(compilation, out var output, out var generated);
            var analyzed = await output.WithAnalyzers([new StaticGraphAnalyzer()]).GetAnalyzerDiagnosticsAsync();
            if (Refuse([.. generated, .. analyzed], Outcome.Diagnosed))
            {
                continue;
            }

            using var image = new MemoryStream();
            var emitted = output.Emit(image);
            if (!emitted.Success)
            {
                if (!Refuse(emitted.Diagnostics, Outcome.Crash))
                {
                    throw new InvalidOperationException(string.Join("\n", emitted.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
                }

                continue;
            }

            image.Position = 0;
            var context = new AssemblyLoadContext("Snippets", isCollectible: true);
            context.LoadFromStream(new MemoryStream(s_library));
            return context.LoadFromStream(image);
        }
    }

    private static byte[] Library(string source)
    {
        var compilation = CSharpCompilation.Create(
            "Shared", [CSharpSyntaxTree.ParseText(source, s_parse)], s_references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create([new StaticGraphGenerator().AsSourceGenerator()], parseOptions: s_parse).RunGeneratorsAndUpdateCompilation(compilation, out var output, out _);
        using var image = new MemoryStream();
        var emitted = output.Emit(image);
        return emitted.Success ? image.ToArray() : throw new InvalidOperationException(string.Join("\n", emitted.Diagnostics));
    }

    // Generated code names the snippet's namespace before the place of the error, or after it at the latest.
    private static string? Owner(Diagnostic error)
    {
        if (error.Location.SourceTree?.ToString() is not { } text)
        {
            return null;
        }

        var before = Space().Matches(text[..error.Location.SourceSpan.End]);
        return before.Count > 0 ? before[^1].Groups["space"].Value : Space().Match(text) is { Success: true } after ? after.Groups["space"].Value : null;
    }

    [GeneratedRegex(@"Snippets\.(?<space>S[0-9]+)\b", RegexOptions.ExplicitCapture)]
    private static partial Regex Space();

    private bool Refuse(IEnumerable<Diagnostic> found, Outcome outcome)
    {
        var any = false;
        foreach (var error in found.Where(d => d.Severity == DiagnosticSeverity.Error).OrderBy(d => d.Location.SourceSpan.Start))
        {
            var path = error.Location.SourceTree?.FilePath ?? error.Location.GetLineSpan().Path;
            if ((_left.ContainsKey(path) ? path : Owner(error)) is not { } space)
            {
                if (error.Id is "AD0001" or "CS8785" or "CS8784")
                {
                    throw new InvalidOperationException(error.ToString());
                }

                continue;
            }

            // Only the first error of each: what follows may come of it.
            if (!_left.ContainsKey(space))
            {
                continue;
            }

            any = true;
            var (snippet, tree) = _left[space];
            _left.Remove(space);
            var place = error.Location.SourceTree == tree || error.Location.GetLineSpan().Path == space
                ? tree.GetText().ToString(error.Location.SourceTree == tree ? error.Location.SourceSpan : tree.GetText().Lines.GetTextSpan(error.Location.GetLineSpan().Span))
                : "";
            _verdicts.Add(snippet.Name, new Verdict(outcome == Outcome.Invalid && error.Id == snippet.Expected ? Outcome.Diagnosed : outcome, error.Id, place, outcome == Outcome.Diagnosed ? error.GetMessage(CultureInfo.InvariantCulture) : error.ToString()));
        }

        return any;
    }
}
