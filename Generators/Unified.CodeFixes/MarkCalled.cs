using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.CodeFixes;

/// <summary>Writes <c>[StaticGraph]</c> on the method that a static graph calls with tensors.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(MarkCalled)), Shared]
public sealed class MarkCalled : CodeFixProvider
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["UG003"];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var cancel = context.CancellationToken;
        var root = await context.Document.GetSyntaxRootAsync(cancel).ConfigureAwait(false);
        var model = await context.Document.GetSemanticModelAsync(cancel).ConfigureAwait(false);
        foreach (var diagnostic in context.Diagnostics)
        {
            // A delegate's call has no method to mark, and a method of another assembly no source.
            if (root?.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is not InvocationExpressionSyntax call
                || model?.GetSymbolInfo(call, cancel).Symbol is not IMethodSymbol { MethodKind: MethodKind.Ordinary } called
                || called.DeclaringSyntaxReferences.FirstOrDefault() is not { } reference
                || await reference.GetSyntaxAsync(cancel).ConfigureAwait(false) is not MethodDeclarationSyntax method
                || context.Document.Project.Solution.GetDocument(method.SyntaxTree) is not { } document)
            {
                continue;
            }

            context.RegisterCodeFix(
                CodeAction.Create(
                    $"Make '{called.Name}' a static graph", async c => MarkOverride.Fix(document, (await method.SyntaxTree.GetRootAsync(c).ConfigureAwait(false))!, method, "StaticGraph")
                        .Project.Solution, nameof(MarkCalled)),
                diagnostic);
        }
    }
}
