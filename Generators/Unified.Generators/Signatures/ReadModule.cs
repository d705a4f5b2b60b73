using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.Generators;

/// <summary>Turns a module class into the list of its state.</summary>
internal static class ReadModule
{
    public static bool IsCandidate(SyntaxNode node) =>
        node is ClassDeclarationSyntax { BaseList: not null } type && type.Modifiers.Any(SyntaxKind.PartialKeyword);

    public static Pending<ModuleState?> Pending(ClassDeclarationSyntax declaration, SemanticModel model) => new(
        $"{SourcePrint.Of(model.Compilation).Signatures}{declaration.SyntaxTree.FilePath}{declaration.SpanStart}", "", cancel => (Of(declaration, model, cancel), LooksAround: false));

    private static ModuleState? Of(ClassDeclarationSyntax declaration, SemanticModel model, CancellationToken cancel)
    {
        if (model.GetDeclaredSymbol(declaration, cancel) is not { } type || !TensorTypes.IsModule(type) || type.Is(KnownNames.Module))
        {
            return null;
        }

        // Several parts may list bases: the first one speaks for the type.
        var first = type.DeclaringSyntaxReferences.Select(r => r.GetSyntax(cancel)).OfType<ClassDeclarationSyntax>().First(c => c.BaseList is not null);
        if (first != declaration || !type.Nesting().All(SignatureRules.IsPartial) || DescribeOf(type) is not null
            || DescribeAbove(type) is not { } overridden)
        {
            return null;
        }

        var members = Members(type).ToImmutableArray();
        return members.IsEmpty ? null : new ModuleState(
            (type.GetDocumentationCommentId() ?? type.ToDisplayString()).Substring(2).Replace('`', '-') + ".Describe.g.cs",
            type.NamespaceName(),
            type.Headers().ToImmutableArray(),
            overridden.DeclaredAccessibility == Accessibility.ProtectedOrInternal && SymbolEqualityComparer.Default.Equals(overridden.ContainingAssembly, type.ContainingAssembly)
                ? "protected internal" : "protected",
            members);
    }

    /// <summary>Fields and auto-properties declared in this class that hold tensors or modules.</summary>
    public static IEnumerable<ModuleMember> Members(INamedTypeSymbol type)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var field in type.GetMembers().OfType<IFieldSymbol>().Where(f => !f.IsStatic && !f.IsConst))
        {
            // The backing field of an auto-property stands for the property.
            var member = field.AssociatedSymbol ?? field;
            var isVisible = member is IPropertySymbol { GetMethod: not null } or IFieldSymbol { IsImplicitlyDeclared: false };
            if (isVisible && SeenAs(field.Type) is { } seen && !member.Has(KnownNames.NotStateAttribute))
            {
                // Two members that differ only in case or underscores keep their full names.
                var name = NameOf(member.Name);
                yield return new ModuleMember(taken.Add(name) ? name : member.Name, $"({seen})this.{SymbolNames.Escaped(member.Name)}");
            }
        }
    }

    public static bool IsState(ITypeSymbol type) => SeenAs(type) is not null;

    /// <summary>The parameter type of the visitor's method that takes it. A module that is also a list of modules is a module.</summary>
    private static string? SeenAs(ITypeSymbol type)
    {
        if (One(type) is { } one)
        {
            return one + "?";
        }

        return TensorTypes.ItemType(type) is { } item && One(item) is { } many ? $"global::System.Collections.Generic.IEnumerable<{many}>?" : null;
    }

    private static string? One(ITypeSymbol type) =>
        TensorTypes.IsTensor(type) ? "global::" + KnownNames.Tensor : TensorTypes.IsModule(type) ? "global::" + KnownNames.Module : null;

    /// <summary><c>_queryWeight</c> and <c>QueryWeight</c> are both <c>queryWeight</c>.</summary>
    private static string NameOf(string member)
    {
        var name = member.TrimStart('_');
        return name.Length == 0 ? member : char.ToLowerInvariant(name[0]) + name.Substring(1);
    }

    private static IMethodSymbol? DescribeOf(INamedTypeSymbol type) =>
        type.GetMembers("Describe").OfType<IMethodSymbol>().FirstOrDefault(m => m.Parameters.Length == 1 && m.Parameters[0].Type.Is("Unified.Nn.IModuleVisitor"));

    private static IMethodSymbol? DescribeAbove(INamedTypeSymbol type)
    {
        for (var t = type.BaseType; t is not null; t = t.BaseType)
        {
            if (DescribeOf(t) is { } method)
            {
                return method;
            }
        }

        return null;
    }
}
