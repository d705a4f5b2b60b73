using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.CodeFixes;

/// <summary>Writes <c>[StaticGraph]</c> or <c>[Eager]</c> on an override of a static graph.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(MarkOverride)), Shared]
public sealed class MarkOverride : CodeFixProvider
{
    private static readonly ImmutableArray<(string Title, string Attribute)> s_choices =
        [("Make it a static graph", "StaticGraph"), ("Keep it eager", "Eager")];

    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["UG102"];

    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (var diagnostic in context.Diagnostics)
        {
            if (root?.FindNode(diagnostic.Location.SourceSpan).FirstAncestorOrSelf<MethodDeclarationSyntax>() is not { } method)
            {
                continue;
            }

            foreach (var (title, attribute) in s_choices)
            {
                context.RegisterCodeFix(
                    CodeAction.Create(title, _ => Task.FromResult(Fix(context.Document, root, method, attribute)), attribute), diagnostic);
            }
        }
    }

    internal static Document Fix(Document document, SyntaxNode root, MethodDeclarationSyntax method, string attribute)
    {
        // The list takes the method's comments and its indentation; the method keeps only the indentation.
        var leading = method.GetLeadingTrivia();
        var indentation = leading.LastOrDefault(t => t.IsKind(SyntaxKind.WhitespaceTrivia));
        var name = SyntaxFactory.ParseName("Unified." + attribute).WithAdditionalAnnotations(Microsoft.CodeAnalysis.Simplification.Simplifier.Annotation);
        var list = SyntaxFactory.AttributeList([SyntaxFactory.Attribute(name)])
            .WithLeadingTrivia(leading)
            .WithTrailingTrivia(SyntaxFactory.EndOfLine("\n"));
        var bare = method.WithLeadingTrivia(indentation);
        return document.WithSyntaxRoot(root.ReplaceNode(method, bare.WithAttributeLists(bare.AttributeLists.Insert(0, list))));
    }
}
