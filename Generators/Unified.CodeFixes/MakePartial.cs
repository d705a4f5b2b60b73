using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.CodeFixes;

/// <summary>Writes <c>partial</c> before a type that holds static graphs or module state.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(MakePartial)), Shared]
public sealed class MakePartial : CodeFixProvider
{
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["UG101", "UG110"];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (var diagnostic in context.Diagnostics)
        {
            if (root?.FindNode(diagnostic.Location.SourceSpan).FirstAncestorOrSelf<TypeDeclarationSyntax>() is { } type)
            {
                context.RegisterCodeFix(
                    CodeAction.Create("Make partial", _ => Task.FromResult(Fix(context.Document, root, type)), nameof(MakePartial)), diagnostic);
            }
        }
    }

    private static Document Fix(Document document, SyntaxNode root, TypeDeclarationSyntax type)
    {
        var partial = SyntaxFactory.Token(SyntaxKind.PartialKeyword).WithTrailingTrivia(SyntaxFactory.Space);
        var fixedType = type.Modifiers.Count > 0
            ? type.WithModifiers(type.Modifiers.Add(partial))
            : type.WithKeyword(type.Keyword.WithLeadingTrivia()).WithModifiers([partial.WithLeadingTrivia(type.Keyword.LeadingTrivia)]);
        return document.WithSyntaxRoot(root.ReplaceNode(type, fixedType));
    }
}
