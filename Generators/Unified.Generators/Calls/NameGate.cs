using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.Generators;

/// <summary>
/// Says by its name alone whether a call may mean a static graph. Binding every invocation of a project at each keystroke
/// would take seconds; the few that pass here are bound.
/// </summary>
internal static class NameGate
{
    private static readonly ConditionalWeakTable<Compilation, HashSet<string>> s_names = new();
    private static readonly ConditionalWeakTable<SyntaxTree, string[]> s_ofTree = new();
    private static readonly ConditionalWeakTable<IAssemblySymbol, string[]> s_ofReference = new();

    public static bool MayBeStaticGraph(Compilation compilation, string name) => s_names.GetValue(compilation, NamesIn).Contains(name);

    private static HashSet<string> NamesIn(Compilation compilation)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tree in compilation.SyntaxTrees)
        {
            names.UnionWith(s_ofTree.GetValue(tree, NamesIn));
        }

        foreach (var reference in compilation.SourceModule.ReferencedAssemblySymbols)
        {
            names.UnionWith(s_ofReference.GetValue(reference, NamesIn));
        }

        return names;
    }

    // Every method with an attribute, whatever it is called: it may be an alias.
    private static string[] NamesIn(SyntaxTree tree) =>
        [.. tree.GetRoot().DescendantNodes(n => n is not (BlockSyntax or ArrowExpressionClauseSyntax or ExpressionSyntax))
            .OfType<MethodDeclarationSyntax>().Where(m => m.AttributeLists.Count > 0).Select(m => m.Identifier.ValueText).Distinct()];

    private static string[] NamesIn(IAssemblySymbol assembly) =>
        [.. assembly.GetAttributes()
            .Where(a => a.AttributeClass.Is(KnownNames.IndexAttribute) && a.ConstructorArguments.Length == 1)
            .Select(a => a.ConstructorArguments[0].Value as string).OfType<string>()];

    /// <summary>The name a call is written with; null for calls that cannot be intercepted by their form.</summary>
    public static string? NameOf(InvocationExpressionSyntax invocation) => invocation.Expression switch
    {
        // base.M() must reach exactly that body, and an interceptor could only make a virtual call of it.
        MemberAccessExpressionSyntax { Expression: BaseExpressionSyntax } => null,
        MemberAccessExpressionSyntax member => member.Name.Identifier.ValueText,
        MemberBindingExpressionSyntax binding => binding.Name.Identifier.ValueText,
        SimpleNameSyntax simple => simple.Identifier.ValueText,
        _ => null,
    };
}
