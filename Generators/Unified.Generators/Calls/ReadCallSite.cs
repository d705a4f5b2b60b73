using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Unified.Generators;

/// <summary>Turns the invocations of a file into <see cref="CallSite"/>s, where they call static graphs.</summary>
internal static class ReadCallSite
{
    /// <summary>The calls of a file on their way to be bound.</summary>
    public static Pending<EquatableArray<CallSite>> Pending(CompilationUnitSyntax file, SemanticModel model) => new(
        SourcePrint.Of(model.Compilation).Signatures + SourcePrint.Of(file.SyntaxTree), "",
        cancel => (file.DescendantNodes().OfType<InvocationExpressionSyntax>()
            .Where(i => NameGate.NameOf(i) is { } name && NameGate.MayBeStaticGraph(model.Compilation, name))
            .Select(i => Of(i, model, cancel)).OfType<CallSite>().ToImmutableArray(), LooksAround: false));

    private static CallSite? Of(InvocationExpressionSyntax invocation, SemanticModel model, CancellationToken cancel)
    {
        if (model.GetSymbolInfo(invocation, cancel).Symbol is not IMethodSymbol { MethodKind: MethodKind.Ordinary or MethodKind.ReducedExtension } called
            || IsItsOwn(called)
            || (called.ReducedFrom ?? called).OriginalDefinition is var method && !method.IsStaticGraph()
            || ReadSignature.Of(method, model.Compilation) is not { CanBeCalled: true } target
            || !ReadSignature.CanSee(method, model.Compilation)
            || model.GetInterceptableLocation(invocation, cancel) is not { } location)
        {
            return null;
        }

        return new CallSite(target, location.GetInterceptsLocationAttributeSyntax(), target.Parameters.Any(p => p.Modifier.Length > 0) && SharesVariables(invocation, model, cancel));
    }

    // A generic method that calls itself with its own type parameters: the compiler takes no interceptor there. Who called it has said how it runs.
    private static bool IsItsOwn(IMethodSymbol called) =>
        called.IsGenericMethod && called.TypeArguments.Zip(called.OriginalDefinition.TypeParameters, (a, p) => SymbolEqualityComparer.Default.Equals(a, p)).All(same => same);

    /// <summary>A variable goes in by reference that others may hold, too: a field, an item of an array, one variable twice.</summary>
    private static bool SharesVariables(InvocationExpressionSyntax invocation, SemanticModel model, CancellationToken cancel)
    {
        if (model.GetOperation(invocation, cancel) is not IInvocationOperation call)
        {
            return true;
        }

        var byReference = call.Arguments.Where(a => a.Parameter?.RefKind is not (null or RefKind.None)).Select(a => References.Of(a.Value)).ToList();
        return byReference.Any(r => r.Kind == ReferenceKind.Shared)
            || byReference.Select(r => r.Variable).OfType<ISymbol>().GroupBy(v => v, SymbolEqualityComparer.Default).Any(g => g.Count() > 1);
    }
}
