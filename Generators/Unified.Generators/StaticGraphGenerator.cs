using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.Generators;

/// <summary>Turns methods marked <c>[StaticGraph]</c> into companions that hold their IR, and calls of them into calls of the companions.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class StaticGraphGenerator : IIncrementalGenerator
{
    /// <summary>Names of the pipeline's steps, as tests see them.</summary>
    internal static class Steps
    {
        public const string Captures = nameof(Captures);
        public const string Methods = nameof(Methods);
        public const string Diagnostics = nameof(Diagnostics);
        public const string Graphs = nameof(Graphs);
        public const string Index = nameof(Index);
        public const string PlainTypes = nameof(PlainTypes);
        public const string Bindings = nameof(Bindings);
        public const string Calls = nameof(Calls);
        public const string Members = nameof(Members);
        public const string Modules = nameof(Modules);
        public const string Settings = nameof(Settings);
    }

    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var settings = Settings(context);
        var methods = Methods(context);
        ReportFailures(context, methods);
        EmitCompanions(context, methods);
        EmitAssembly(context, methods, settings);
        EmitModules(context);
        EmitInterceptors(context);
        EmitSupport(context, settings);
    }

    private static IncrementalValueProvider<AssemblySettings> Settings(IncrementalGeneratorInitializationContext context) =>
        context.CompilationProvider.Combine(context.AnalyzerConfigOptionsProvider)
            .Select((pair, _) => ReadSettings.Of(pair.Left, pair.Right))
            .WithTrackingName(Steps.Settings);

    private static IncrementalValuesProvider<MethodReading> Methods(IncrementalGeneratorInitializationContext context) =>
        context.SyntaxProvider.ForAttributeWithMetadataName(
                KnownNames.StaticGraphAttribute, (node, _) => node is MethodDeclarationSyntax, (c, _) => ReadMethod.Pending(c))
            .Select((pending, cancel) => pending.Read(cancel)).WithTrackingName(Steps.Captures)
            .Combine(context.AnalyzerConfigOptionsProvider.Select((options, _) => ReadSettings.EmitsIrText(options)))
            .Select((pair, _) => pair.Right || pair.Left.Method is null ? pair.Left : pair.Left with { Method = pair.Left.Method with { Text = null } })
            .WithTrackingName(Steps.Methods);

    private static void ReportFailures(IncrementalGeneratorInitializationContext context, IncrementalValuesProvider<MethodReading> methods)
    {
        var failures = methods.Where(m => m.Method?.Failure is not null).Select((m, _) => m.Method!.Failure!).WithTrackingName(Steps.Diagnostics);
        context.RegisterSourceOutput(failures, (output, failure) => output.ReportDiagnostic(Diagnostic.Create(
            StructureTable.Failure, Location.Create(failure.FilePath, failure.Span, failure.Lines), failure.Method, failure.Message)));
    }

    private static void EmitCompanions(IncrementalGeneratorInitializationContext context, IncrementalValuesProvider<MethodReading> methods)
    {
        var sources = methods
            .Select((m, _) => new GeneratedSource(
                m.Companion + ".g.cs",
                m.Method is null ? CompanionSource.Placeholder(m.Companion, m.IsPublic, m.TypeParameters) : CompanionSource.Write(m.Method)))
            .WithTrackingName(Steps.Graphs);
        context.RegisterSourceOutput(sources, (output, source) => output.AddSource(source.HintName, source.Text));
    }

    private static void EmitAssembly(
        IncrementalGeneratorInitializationContext context, IncrementalValuesProvider<MethodReading> methods, IncrementalValueProvider<AssemblySettings> settings)
    {
        var names = methods.Where(m => m.IsPublic).Select((m, _) => m.Name).Collect()
            .Select((all, _) => new EquatableArray<string>([.. all.Distinct().OrderBy(n => n, StringComparer.Ordinal)]))
            .WithTrackingName(Steps.Index);
        var types = context.SyntaxProvider.CreateSyntaxProvider(
                (node, _) => ReadPlainType.IsCandidate(node), (c, _) => ReadPlainType.Pending((TypeDeclarationSyntax)c.Node, c.SemanticModel))
            .Select((pending, cancel) => pending.Read(cancel)).WithTrackingName(Steps.PlainTypes)
            .Where(t => t is not null).Collect().Select((all, _) => new EquatableArray<PlainType>([.. all.Distinct()!]));
        context.RegisterSourceOutput(names.Combine(types).Combine(settings), (output, pair) =>
        {
            if (!pair.Left.Left.IsEmpty || !pair.Left.Right.IsEmpty || pair.Right.SetsMode)
            {
                output.AddSource("Unified.Assembly.g.cs", AssemblySource.Write(pair.Left.Left.Items, pair.Left.Right.Items, pair.Right));
            }
        });
    }

    private static void EmitModules(IncrementalGeneratorInitializationContext context)
    {
        var modules = context.SyntaxProvider.CreateSyntaxProvider(
                (node, _) => ReadModule.IsCandidate(node), (c, _) => ReadModule.Pending((ClassDeclarationSyntax)c.Node, c.SemanticModel))
            .Select((pending, cancel) => pending.Read(cancel)).WithTrackingName(Steps.Members)
            .Where(m => m is not null)
            .WithTrackingName(Steps.Modules);
        context.RegisterSourceOutput(modules, (output, module) => output.AddSource(module!.HintName, ModuleSource.Write(module)));
    }

    private static void EmitInterceptors(IncrementalGeneratorInitializationContext context)
    {
        // File by file: there may be tens of thousands of calls, and each would be asked for at each keystroke.
        var calls = context.SyntaxProvider.CreateSyntaxProvider(
                (node, _) => node is CompilationUnitSyntax, (c, _) => ReadCallSite.Pending((CompilationUnitSyntax)c.Node, c.SemanticModel))
            .Select((pending, cancel) => pending.Read(cancel)).WithTrackingName(Steps.Bindings)
            .Where(file => !file.IsEmpty)
            .WithTrackingName(Steps.Calls);
        context.RegisterImplementationSourceOutput(calls.Collect(), (output, all) =>
        {
            if (!all.IsEmpty)
            {
                output.AddSource("Unified.Interceptors.g.cs", InterceptorSource.Write([.. all.SelectMany(file => file)]));
            }
        });
    }

    private static void EmitSupport(IncrementalGeneratorInitializationContext context, IncrementalValueProvider<AssemblySettings> settings) =>
        context.RegisterSourceOutput(settings.Select((s, _) => s.HasRuntime), (output, hasRuntime) =>
        {
            if (hasRuntime)
            {
                output.AddSource(SupportSource.HintName, SupportSource.Text);
            }
        });
}

/// <summary>A file on its way out.</summary>
internal sealed record GeneratedSource(string HintName, string Text);
