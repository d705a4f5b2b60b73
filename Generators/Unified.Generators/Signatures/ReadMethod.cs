using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using Unified.Generators.Shapes;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns a method with <c>[StaticGraph]</c> into what its companion is written from: its signature and its packed IR.</summary>
internal static class ReadMethod
{
    public static Pending<MethodReading> Pending(GeneratorAttributeSyntaxContext context)
    {
        var around = context.TargetSymbol.ContainingType?.Nesting().SelectMany(t => t.DeclaringSyntaxReferences).Select(r => SourcePrint.Of(r.SyntaxTree)).Distinct() ?? [];
        return new(
            SourcePrint.Of(context.SemanticModel.Compilation).Signatures + SourcePrint.Of(context.TargetNode),
            string.Concat(around),
            cancel => Of(context, cancel));
    }

    private static (MethodReading Reading, bool LooksAround) Of(GeneratorAttributeSyntaxContext context, CancellationToken cancel)
    {
        var method = (IMethodSymbol)context.TargetSymbol;
        var compilation = context.SemanticModel.Compilation;
        var companion = CompanionNames.Of(method);
        var types = TensorCallCapture.IsFoundByTypes(method) ? TensorCallCapture.TypesOf(method).Length : 0;
        var isIndexed = method.ContainingType is not null && ReadSignature.IsPublic(method);
        if (ReadSignature.Of(method, compilation) is not { } signature)
        {
            return (new(companion, method.Name, isIndexed, null, types), false);
        }

        var read = new StaticGraphMethod(signature, null, null, null, [], [], [], UsingsOf(context.TargetNode), null);
        if (!signature.HasBody)
        {
            return (new(companion, method.Name, isIndexed, read, types), false);
        }

        try
        {
            var session = new CaptureSession(method, context.SemanticModel, cancel);
            var captured = MethodCapture.Capture(session);
            return (new(companion, method.Name, isIndexed, captured.Function is null ? read : With(read, captured, compilation) with { Inferred = Inferred(session, captured.Function) }, types), session.LooksAround);
        }
        catch (OperationCanceledException)
        {
            throw;
        }
        catch (Exception e)
        {
            var span = ((MethodDeclarationSyntax)context.TargetNode).Identifier.GetLocation();
            var failure = new InternalFailure(
                signature.Key, $"{e.GetType().Name}: {e.Message}", context.TargetNode.SyntaxTree.FilePath, span.SourceSpan, span.GetLineSpan().Span);
            return (new(companion, method.Name, isIndexed, read with { Failure = failure }, types), true);
        }
    }

    private static StaticGraphMethod With(StaticGraphMethod read, CapturedMethod captured, Compilation compilation) => read with
    {
        Packed = FunctionCodec.Pack(captured.Function!),
        Text = FunctionText.Print(captured.Function!),
        Thunks = captured.Thunks,
        Guards = captured.Thunks.Where(t => !t.IsSetter && captured.Function!.Thunks[t.Number].IsGuard).Select(t => t.Number).ToImmutableArray(),
        Callees = captured.Callees.Select(c => c with { CompanionName = IsThere(c, compilation) ? c.CompanionName : "" }).ToImmutableArray(),
    };

    /// <summary>A fault of the inference is the analyzer's to report.</summary>
    private static string? Inferred(CaptureSession session, Function function)
    {
        try
        {
            return InferShapes.Of(session, function).Signature;
        }
#pragma warning disable CA1031 // Whatever went wrong, the graph itself is right.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    /// <summary>An assembly that was compiled without the generator has the attribute but no companions.</summary>
    private static bool IsThere(CalleeSource callee, Compilation compilation) =>
        DocumentationCommentId.GetFirstSymbolForDeclarationId(callee.Key, compilation) is IMethodSymbol method
        && ReadSignature.CanSee(method, compilation);

    private static UsingText UsingsOf(SyntaxNode node)
    {
        static string Text(IEnumerable<UsingDirectiveSyntax> usings) =>
            string.Join("\n", usings.Where(u => u.GlobalKeyword.Span.IsEmpty).Select(u => u.WithoutTrivia().ToString()));

        var unit = (CompilationUnitSyntax)node.SyntaxTree.GetRoot();
        var inner = node.Ancestors().OfType<BaseNamespaceDeclarationSyntax>().Reverse().SelectMany(n => n.Usings);
        return new UsingText(Text(unit.Usings), Text(inner));
    }
}

/// <summary>What the attribute was found on.</summary>
/// <param name="Method">Null where the declaration cannot be a static graph.</param>
/// <param name="TypeParameters">How many its graph is found by.</param>
internal sealed record MethodReading(string Companion, string Name, bool IsPublic, StaticGraphMethod? Method, int TypeParameters);
