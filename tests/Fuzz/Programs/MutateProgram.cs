using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.Fuzz;

/// <summary>Turns an accepted program into a neighbour of it, by its syntax alone: C# or the generator may refuse what comes out.</summary>
internal static class MutateProgram
{
    public static string Of(string text, Random random)
    {
        for (var i = 1 + random.Next(2); i > 0; i--)
        {
            var root = CSharpSyntaxTree.ParseText(text).GetRoot();
            if (root.DescendantNodes().OfType<MethodDeclarationSyntax>().FirstOrDefault(m => m.Identifier.Text is "Run" or "Forward" && IsOfProgram(m))?.Body is not { Statements.Count: > 0 } body)
            {
                return text;
            }

            var changed = random.Next(5) switch
            {
                0 => Statements(body, random),
                1 => Token(body, random, t => t.IsKind(SyntaxKind.IdentifierToken), (a, b) => b),
                2 => Token(body, random, t => t.IsKind(SyntaxKind.NumericLiteralToken), (a, b) => SyntaxFactory.Literal(random.Next(-1, 5))),
                3 => Expression(body, random),
                _ => Operator(body, random),
            };
            text = root.ReplaceNode(body, changed).NormalizeWhitespace().ToFullString();
        }

        return text;
    }

    // Snippets have further types, with methods of the same name.
    private static bool IsOfProgram(MethodDeclarationSyntax method) =>
        method.Parent is ClassDeclarationSyntax { BaseList: { } bases } && bases.Types.Any(t => t.ToString() == nameof(FuzzProgram));

    private static T Any<T>(IReadOnlyList<T> all, Random random) => all[random.Next(all.Count)];

    /// <summary>Deletes, doubles or swaps statements of one block.</summary>
    private static BlockSyntax Statements(BlockSyntax body, Random random)
    {
        var block = Any([.. body.DescendantNodesAndSelf().OfType<BlockSyntax>().Where(b => b.Statements.Count > 0)], random);
        var (i, j) = (random.Next(block.Statements.Count), random.Next(block.Statements.Count));
        var (a, b) = (block.Statements[i], block.Statements[j]);
        var statements = random.Next(3) switch
        {
            0 => block.Statements.RemoveAt(i),
            1 => block.Statements.Insert(j, a),
            _ => SyntaxFactory.List(block.Statements.Select(s => s == a ? b : s == b ? a : s)),
        };
        return body.ReplaceNode(block, block.WithStatements(statements));
    }

    private static BlockSyntax Token(BlockSyntax body, Random random, Func<SyntaxToken, bool> which, Func<SyntaxToken, SyntaxToken, SyntaxToken> change)
    {
        List<SyntaxToken> tokens = [.. body.DescendantTokens().Where(which)];
        return tokens.Count == 0 ? body : body.ReplaceToken(Any(tokens, random), change(Any(tokens, random), Any(tokens, random)));
    }

    private static BlockSyntax Expression(BlockSyntax body, Random random)
    {
        List<ExpressionSyntax> all = [.. body.DescendantNodes().OfType<ExpressionSyntax>()];
        if (all.Count == 0)
        {
            return body;
        }

        var (replaced, by) = (Any(all, random), Any(all, random));

        // As text: not every place of the tree takes every expression, and whether C# does is C#'s to say.
        var text = body.ToFullString();
        var start = replaced.SpanStart - body.FullSpan.Start;
        return (BlockSyntax)SyntaxFactory.ParseStatement($"{text[..start]}{by}{text[(start + replaced.Span.Length)..]}");
    }

    private static BlockSyntax Operator(BlockSyntax body, Random random)
    {
        SyntaxKind[] kinds = [SyntaxKind.PlusToken, SyntaxKind.MinusToken, SyntaxKind.AsteriskToken, SyntaxKind.LessThanToken, SyntaxKind.GreaterThanToken];
        return Token(body, random, t => kinds.Contains(t.Kind()) && t.Parent is BinaryExpressionSyntax, (a, b) => SyntaxFactory.Token(Any(kinds, random)));
    }
}
