using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.CodeFixes;

/// <summary>Turns <c>model.Forward</c> used as a delegate into <c>x => model.Forward(x)</c>, a call that can run as a graph.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(WrapInLambda)), Shared]
public sealed class WrapInLambda : CodeFixProvider
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["UG108"];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        var model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (var diagnostic in context.Diagnostics)
        {
            if (root?.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is ExpressionSyntax group
                && model?.GetSymbolInfo(group, context.CancellationToken).Symbol is IMethodSymbol method)
            {
                context.RegisterCodeFix(
                    CodeAction.Create("Call it in a lambda", _ => Task.FromResult(Fix(context.Document, root, group, method)), nameof(WrapInLambda)), diagnostic);
            }
        }
    }

    private static Document Fix(Document document, SyntaxNode root, ExpressionSyntax group, IMethodSymbol method)
    {
        var names = string.Join(", ", method.Parameters.Select(p => p.Name));
        var parameters = method.Parameters.Length == 1 ? names : $"({names})";
        var lambda = SyntaxFactory.ParseExpression($"{parameters} => {group.WithoutTrivia()}({names})").WithTriviaFrom(group);
        return document.WithSyntaxRoot(root.ReplaceNode(group, lambda));
    }
}
