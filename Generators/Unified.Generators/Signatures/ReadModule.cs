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

    public static ModuleState? Of(ClassDeclarationSyntax declaration, SemanticModel model, CancellationToken cancel)
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
        foreach (var field in type.GetMembers().OfType<IFieldSymbol>().Where(f => !f.IsStatic && !f.IsConst))
        {
            // The backing field of an auto-property stands for the property.
            var member = field.AssociatedSymbol ?? field;
            var isVisible = member is IPropertySymbol { GetMethod: not null } or IFieldSymbol { IsImplicitlyDeclared: false };
            if (isVisible && IsState(field.Type) && !member.Has(KnownNames.NotStateAttribute))
            {
                yield return new ModuleMember(NameOf(member.Name), "this." + SymbolNames.Escaped(member.Name));
            }
        }
    }

    public static bool IsState(ITypeSymbol type) =>
        IsOne(type) || (TensorTypes.ItemType(type) is { } item && IsOne(item));

    public static string NameOf(string member)
    {
        var name = member.TrimStart('_');
        return name.Length == 0 ? member : name;
    }

    private static bool IsOne(ITypeSymbol type) => TensorTypes.IsTensor(type) || TensorTypes.IsModule(type);

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
