using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.Generators;

/// <summary>Turns an invocation into a <see cref="CallSite"/>, where it calls a static graph.</summary>
internal static class ReadCallSite
{
    public static bool IsCandidate(SyntaxNode node) => node is InvocationExpressionSyntax invocation && NameGate.NameOf(invocation) is not (null or "nameof");

    /// <summary>The call on its way to be bound; null where its name says that it need not be.</summary>
    public static Pending<CallSite?>? Pending(InvocationExpressionSyntax invocation, SemanticModel model) =>
        NameGate.NameOf(invocation) is not { } name || !NameGate.MayBeStaticGraph(model.Compilation, name) ? null
        : new Pending<CallSite?>(
            $"{SourcePrint.Of(model.Compilation).Signatures}{SourcePrint.Of(invocation.SyntaxTree)}{invocation.SpanStart}", "",
            cancel => (Of(invocation, model, cancel), LooksAround: false));

    private static CallSite? Of(InvocationExpressionSyntax invocation, SemanticModel model, CancellationToken cancel)
    {
        if (model.GetSymbolInfo(invocation, cancel).Symbol is not IMethodSymbol { MethodKind: MethodKind.Ordinary or MethodKind.ReducedExtension } called
            || (called.ReducedFrom ?? called).OriginalDefinition is var method && !method.IsStaticGraph()
            || ReadSignature.Of(method, model.Compilation) is not { CanBeCalled: true } target
            || !ReadSignature.CanSee(method, model.Compilation)
            || model.GetInterceptableLocation(invocation, cancel) is not { } location)
        {
            return null;
        }

        return new CallSite(target, location.GetInterceptsLocationAttributeSyntax());
    }
}
