using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Unified.Generators.Tests;

/// <summary>An assembly in memory: to load and to refer to.</summary>
internal sealed record CompiledAssembly(string Name, byte[] Image, byte[] Symbols)
{
    public MetadataReference Reference { get; } = MetadataReference.CreateFromImage(Image);
}

/// <summary>Compiles sources in memory the way the SDK would: implicit usings, C# 14, interceptors on.</summary>
internal static class Compilations
{
    private const string Usings = "global using System; global using System.Collections.Generic; global using System.Linq;";

    private static readonly ImmutableArray<MetadataReference> s_platform =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name is "mscorlib.dll" or "netstandard.dll" or "Microsoft.CSharp.dll"))
            .Select(p => MetadataReference.CreateFromFile(p)),
        MetadataReference.CreateFromFile(typeof(Unified.Ir.Function).Assembly.Location),
    ];

    // The SDK switches these off as well: the framework unifies versions.
    private static readonly ImmutableDictionary<string, ReportDiagnostic> s_options =
        ImmutableDictionary<string, ReportDiagnostic>.Empty.Add("CS1701", ReportDiagnostic.Suppress).Add("CS1702", ReportDiagnostic.Suppress);

    public static CSharpParseOptions ParseOptions { get; } = new CSharpParseOptions(LanguageVersion.CSharp14)
        .WithFeatures([new("InterceptorsNamespaces", "Unified.Generated")]);

    public static CSharpCompilation Create(
        string name, IEnumerable<string> sources, IEnumerable<MetadataReference> references, OutputKind kind = OutputKind.DynamicallyLinkedLibrary,
        OptimizationLevel optimization = OptimizationLevel.Debug) =>
        CSharpCompilation.Create(
            name,
            [.. sources.Prepend(Usings).Select((s, i) => CSharpSyntaxTree.ParseText(s, ParseOptions, i == 0 ? "Usings.cs" : $"File{i}.cs", System.Text.Encoding.UTF8))],
            [.. s_platform, .. references],
            new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable, optimizationLevel: optimization,
                specificDiagnosticOptions: s_options));

    /// <summary>Compiles without the generator.</summary>
    public static CompiledAssembly Emit(string name, IEnumerable<string> sources, IEnumerable<MetadataReference> references) =>
        Emit(Create(name, sources, references));

    public static CompiledAssembly Emit(Compilation compilation)
    {
        using var image = new MemoryStream();
        using var symbols = new MemoryStream();
        var result = compilation.Emit(image, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        var faults = result.Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning).ToList();
        Assert.True(faults.Count == 0, string.Join("\n", faults.Take(20).Select(f => $"{f}\n   in: {f.Location.SourceTree?.GetText().Lines[f.Location.GetLineSpan().StartLinePosition.Line]}")));
        return new CompiledAssembly(compilation.AssemblyName!, image.ToArray(), symbols.ToArray());
    }

    /// <summary>Loads the assemblies apart from those of other tests, so that each has its own statics.</summary>
    public static World Load(params IEnumerable<CompiledAssembly> assemblies)
    {
        var context = new AssemblyLoadContext(null, isCollectible: true);
        return new World([.. assemblies.Select(a => context.LoadFromStream(new MemoryStream(a.Image), new MemoryStream(a.Symbols)))]);
    }
}
