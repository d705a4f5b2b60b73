using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.Generators;

/// <summary>Turns a compilation into texts by which two of them are compared: whether reading something again could give anything else.</summary>
internal sealed class SourcePrint
{
    private static readonly ConditionalWeakTable<Compilation, SourcePrint> s_all = new();
    private static readonly ConditionalWeakTable<SyntaxTree, TreePrint> s_trees = new();
    private static readonly ConditionalWeakTable<object, string> s_numbers = new();
    private static long s_number;

    private SourcePrint(Compilation compilation)
    {
        var trees = compilation.SyntaxTrees.Select(t => s_trees.GetValue(t, TreePrint.Of)).ToList();
        var setting = string.Join(" ", compilation.References.Cast<object>().Append(compilation.Options).Concat(compilation.SyntaxTrees.Select(t => t.Options).Distinct()).Select(Number))
            + compilation.AssemblyName;
        Signatures = Hash(setting + string.Concat(trees.Select(t => t.Signatures)));
    }

    /// <summary>Everything but the bodies of methods: all that binding sees outside of its own file.</summary>
    public string Signatures { get; }

    public static SourcePrint Of(Compilation compilation) => s_all.GetValue(compilation, c => new SourcePrint(c));

    /// <summary>A whole file.</summary>
    public static string Of(SyntaxTree tree) => s_trees.GetValue(tree, TreePrint.Of).Whole;

    /// <summary>A whole member and its place: messages name lines.</summary>
    public static string Of(SyntaxNode node)
    {
        var place = node.SyntaxTree.GetMappedLineSpan(node.Span);
        return $"{place.Path}({place.StartLinePosition}){node}";
    }

    // References and options have no content to compare that is cheap, and stay the same objects from keystroke to keystroke.
    private static string Number(object thing) =>
        s_numbers.GetValue(thing, _ => Interlocked.Increment(ref s_number).ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static string Hash(string text)
    {
        using var sha = SHA256.Create();
        return Convert.ToBase64String(sha.ComputeHash(Encoding.Unicode.GetBytes(text)));
    }

    private sealed record TreePrint(string Whole, string Signatures)
    {
        public static TreePrint Of(SyntaxTree tree) => new(
            tree.FilePath + Convert.ToBase64String([.. tree.GetText().GetChecksum()]),
            Hash(tree.FilePath + WithoutBodies(tree.GetRoot())));

        // The words alone: blanks and comments change nothing, directives may.
        private static string WithoutBodies(SyntaxNode root)
        {
            var text = new StringBuilder();
            foreach (var item in root.DescendantNodesAndTokens(n => !IsBody(n)))
            {
                if (item.AsNode() is { } node)
                {
                    text.Append(IsBody(node) ? "{}" : "");
                    continue;
                }

                var token = item.AsToken();
                if (token.ContainsDirectives)
                {
                    text.Append(string.Concat(token.LeadingTrivia.Concat(token.TrailingTrivia).Where(t => t.IsDirective)));
                }

                text.Append(token.Text).Append(' ');
            }

            return text.ToString();
        }

        private static bool IsBody(SyntaxNode node) => (node is BlockSyntax or ArrowExpressionClauseSyntax) && node.Parent is BaseMethodDeclarationSyntax;
    }
}
