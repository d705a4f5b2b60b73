using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Unified.Generators.Tests;

/// <summary>Runs the generator and the analyzer over sources and keeps what they gave.</summary>
internal sealed class Generation
{
    private GeneratorDriver _driver;

    private Generation(CSharpCompilation compilation, GeneratorDriver driver) => (Compilation, _driver, Output) = (compilation, driver, compilation);

    /// <summary>What the user wrote.</summary>
    public CSharpCompilation Compilation { get; private set; }

    /// <summary>The same with the generated sources.</summary>
    public Compilation Output { get; private set; }

    public GeneratorRunResult Result => _driver.GetRunResult().Results.Single();

    /// <summary>Generated text by file name.</summary>
    public IReadOnlyDictionary<string, string> Sources => Result.GeneratedSources.ToDictionary(s => s.HintName, s => s.SourceText.ToString());

    /// <summary>The only generated file whose name starts so.</summary>
    public string Source(string start) => Sources.Single(s => s.Key.StartsWith(start, StringComparison.Ordinal)).Value;

    public static Generation Of(params string[] sources) => Of(Compilations.Create("App", sources, [StandIn.Runtime.Reference, StandIn.Nn.Reference]));

    public static Generation Of(CSharpCompilation compilation, IReadOnlyDictionary<string, string>? properties = null)
    {
        var driver = CSharpGeneratorDriver.Create(
            [new StaticGraphGenerator().AsSourceGenerator()],
            parseOptions: Compilations.ParseOptions,
            optionsProvider: new BuildProperties(properties ?? ImmutableDictionary<string, string>.Empty),
            driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));
        var generation = new Generation(compilation, driver);
        generation.Run();
        return generation;
    }

    /// <summary>Runs again over the changed sources, with what the first run cached.</summary>
    public void Edit(Func<CSharpCompilation, CSharpCompilation> change)
    {
        Compilation = change(Compilation);
        Run();
    }

    /// <summary>Replaces text in one of the user's files.</summary>
    public void Edit(string path, string before, string after) => Edit(c =>
    {
        var tree = c.SyntaxTrees.Single(t => t.FilePath == path);
        var text = tree.ToString();
        Assert.Contains(before, text, StringComparison.Ordinal);
        return c.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(text.Replace(before, after, StringComparison.Ordinal), Compilations.ParseOptions, path, System.Text.Encoding.UTF8));
    });

    /// <summary>Why the outputs of a step are what they are, in this run.</summary>
    public ImmutableArray<IncrementalStepRunReason> Reasons(string step) =>
        Result.TrackedSteps.TryGetValue(step, out var steps) ? [.. steps.SelectMany(s => s.Outputs).Select(o => o.Reason)] : [];

    /// <summary>Compiles with the generated sources; a warning fails the test.</summary>
    public CompiledAssembly Emit() => Compilations.Emit(Output);

    public World Load() => Compilations.Load(StandIn.Runtime, StandIn.Nn, Emit());

    public async Task<ImmutableArray<Diagnostic>> Analyze(bool reportSuppressed = false)
    {
        var options = new CompilationWithAnalyzersOptions(new AnalyzerOptions([]), null, true, false, reportSuppressed);
        var found = await Output.WithAnalyzers([new StaticGraphAnalyzer()], options).GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        return [.. found.OrderBy(d => d.Location.SourceSpan.Start)];
    }

    private void Run()
    {
        _driver = _driver.RunGeneratorsAndUpdateCompilation(Compilation, out var output, out _, TestContext.Current.CancellationToken);
        Output = output;
        Assert.Null(Result.Exception);
        Assert.Empty(Result.Diagnostics);
    }

    private sealed class BuildProperties(IReadOnlyDictionary<string, string> properties) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Properties(properties);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => new Properties(ImmutableDictionary<string, string>.Empty);

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => new Properties(ImmutableDictionary<string, string>.Empty);
    }

    private sealed class Properties(IReadOnlyDictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value) => values.TryGetValue(key, out value);
    }
}
