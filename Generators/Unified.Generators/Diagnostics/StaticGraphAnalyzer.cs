using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using Unified.Generators.Shapes;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// Reports what the capture and the declaration rules find, at its place in the source. The generator itself stays silent,
/// because its diagnostics could not be suppressed by <c>#pragma</c>.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class StaticGraphAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        [.. DiagnosticTable.Capture, .. DiagnosticTable.Shapes, .. StructureTable.OfAnalyzer];

    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(Declaration, SymbolKind.Method);
        context.RegisterSymbolAction(Type, SymbolKind.NamedType);
        context.RegisterOperationBlockAction(Body);
        context.RegisterOperationAction(LocalFunction, OperationKind.LocalFunction);
        context.RegisterOperationAction(MethodGroup, OperationKind.MethodReference);
        context.RegisterOperationAction(BaseCall, OperationKind.Invocation);
    }

    private static void Declaration(SymbolAnalysisContext context)
    {
        var method = (IMethodSymbol)context.Symbol;
        if (method.IsStaticGraph())
        {
            Report(context.ReportDiagnostic, SignatureRules.FaultOf(method), Place(method));
        }
        else if (MarkedAbove(method) is { } above && !method.Has(KnownNames.EagerAttribute))
        {
            context.ReportDiagnostic(Diagnostic.Create(StructureTable.Override, Place(method), method.Name, above.ContainingType.Name + "." + above.Name));
        }
    }

    /// <summary>The static graph that this method overrides or implements.</summary>
    private static IMethodSymbol? MarkedAbove(IMethodSymbol method)
    {
        for (var above = method.OverriddenMethod; above is not null; above = above.OverriddenMethod)
        {
            if (above.IsStaticGraph())
            {
                return above;
            }
        }

        var type = method.ContainingType;
        return type is null || method.IsStatic || type.TypeKind == TypeKind.Interface ? null
            : type.AllInterfaces.SelectMany(i => i.GetMembers()).OfType<IMethodSymbol>().FirstOrDefault(m =>
                m.IsStaticGraph() && SymbolEqualityComparer.Default.Equals(type.FindImplementationForInterfaceMember(m), method));
    }

    private static void Type(SymbolAnalysisContext context)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        var hidden = type.Nesting().FirstOrDefault(t => !SignatureRules.IsPartial(t));
        var graph = type.GetMembers().OfType<IMethodSymbol>().FirstOrDefault(m => m.IsStaticGraph() && !m.IsAbstract && SignatureRules.FaultOf(m) is null);
        if (graph is not null && hidden is not null)
        {
            context.ReportDiagnostic(Diagnostic.Create(StructureTable.NotPartial, Place(hidden), hidden.Name, graph.Name));
        }
        else if (hidden is not null && type.TypeKind == TypeKind.Class && TensorTypes.IsModule(type) && !type.Is(KnownNames.Module)
            && ReadModule.Members(type).FirstOrDefault() is { } member)
        {
            context.ReportDiagnostic(Diagnostic.Create(StructureTable.ModuleNotPartial, Place(hidden), hidden.Name, member.Name));
        }
    }

    private static void Body(OperationBlockAnalysisContext context)
    {
        ReportStateInParameters(context);
        if (context.OwningSymbol is not IMethodSymbol method || !method.IsStaticGraph() || SignatureRules.FaultOf(method) is not null
            || context.OperationBlocks.FirstOrDefault(b => b.Kind is OperationKind.Block) is not { SemanticModel: { } model } block)
        {
            return;
        }

        var session = new CaptureSession(method, model, context.CancellationToken);
        var captured = MethodCapture.Capture(session);
        foreach (var found in captured.Diagnostics.Concat(captured.Function is { } function ? Shapes(session, function) : []))
        {
            var place = Location.Create(block.Syntax.SyntaxTree, found.Span);
            context.ReportDiagnostic(Diagnostic.Create(DiagnosticTable.OfCapture(found.Id), place, [.. found.Arguments]));
        }
    }

    /// <summary>What is wrong with the shapes. A fault of the inference itself must not take the other diagnostics with it.</summary>
    private static ImmutableArray<CaptureDiagnostic> Shapes(CaptureSession session, Function function)
    {
        try
        {
            return InferShapes.Of(session, function).Found;
        }
#pragma warning disable CA1031 // Whatever went wrong is said in UG029, and the method is judged without its shapes.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            var place = session.Method.DeclaringSyntaxReferences[0].GetSyntax(session.Cancellation);
            return [Places.Diagnostic("UG029", place is MethodDeclarationSyntax method ? method.ReturnType : place, session.Method.Name, $"{e.GetType().Name}: {e.Message}")];
        }
    }

    /// <summary>A constructor parameter that a method uses lives on as a field without a name, which <c>Describe</c> cannot visit.</summary>
    private static void ReportStateInParameters(OperationBlockAnalysisContext context)
    {
        var type = context.OwningSymbol.ContainingType;
        if (type is null || context.OwningSymbol is IFieldSymbol or IPropertySymbol or IMethodSymbol { MethodKind: MethodKind.Constructor } || !TensorTypes.IsModule(type))
        {
            return;
        }

        var uses = context.OperationBlocks.SelectMany(b => b.DescendantsAndSelf()).OfType<IParameterReferenceOperation>()
            .Where(r => r.Parameter.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.Constructor } && ReadModule.IsState(r.Parameter.Type))
            .GroupBy(r => r.Parameter, SymbolEqualityComparer.Default);
        foreach (var use in uses)
        {
            context.ReportDiagnostic(Diagnostic.Create(StructureTable.StateInParameter, use.First().Syntax.GetLocation(), type.Name, use.Key!.Name));
        }
    }

    private static void LocalFunction(OperationAnalysisContext context)
    {
        var method = ((ILocalFunctionOperation)context.Operation).Symbol;
        if (method.IsStaticGraph())
        {
            Report(context.ReportDiagnostic, SignatureRules.FaultOf(method), Place(method));
        }
    }

    private static void MethodGroup(OperationAnalysisContext context)
    {
        var reference = (IMethodReferenceOperation)context.Operation;
        if (reference.Method.IsStaticGraph() && reference.Parent is not INameOfOperation && !IsInStaticGraph(context))
        {
            context.ReportDiagnostic(Diagnostic.Create(StructureTable.MethodGroup, reference.Syntax.GetLocation(), reference.Method.Name));
        }
    }

    private static void BaseCall(OperationAnalysisContext context)
    {
        var invocation = (IInvocationOperation)context.Operation;
        if (invocation.Syntax is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Expression: BaseExpressionSyntax } }
            && invocation.TargetMethod.IsStaticGraph()
            && !IsInStaticGraph(context))
        {
            context.ReportDiagnostic(Diagnostic.Create(StructureTable.BaseCall, invocation.Syntax.GetLocation(), invocation.TargetMethod.Name));
        }
    }

    // There the capture takes it into the graph, or reports it.
    private static bool IsInStaticGraph(OperationAnalysisContext context) => context.ContainingSymbol is IMethodSymbol caller && caller.IsStaticGraph();

    private static void Report(Action<Diagnostic> report, SignatureFault? fault, Location place)
    {
        if (fault is not null)
        {
            report(Diagnostic.Create(fault.Rule, place, [.. fault.Arguments]));
        }
    }

    private static Location Place(ISymbol symbol) => symbol.Locations.FirstOrDefault() ?? Location.None;
}
