using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.Generators;

/// <summary>A type whose objects are lists of their members in a graph.</summary>
/// <param name="Type">As <c>typeof</c> takes it.</param>
/// <param name="Parameters">The number of the constructor's parameters.</param>
internal sealed record PlainType(string Type, int Parameters, EquatableArray<string> Members);

/// <summary>
/// Turns public types of an assembly into what other assemblies are told of them, and that back: a reference shows neither fields nor what a
/// constructor does.
/// </summary>
internal static class ReadPlainType
{
    private static readonly ConditionalWeakTable<IAssemblySymbol, ImmutableDictionary<ISymbol, AttributeData>> s_known = new();

    public static bool IsCandidate(SyntaxNode node) => node is RecordDeclarationSyntax or StructDeclarationSyntax
        || node is ClassDeclarationSyntax { BaseList: null, ParameterList: null };

    public static Pending<PlainType?> Pending(TypeDeclarationSyntax declaration, SemanticModel model) => new(
        $"{SourcePrint.Of(model.Compilation).Signatures}{declaration.SyntaxTree.FilePath}{declaration.SpanStart}", "", cancel => (Of(declaration, model, cancel), LooksAround: false));

    /// <summary>The members of a type of another assembly, its constructor's parameters first; null where that says nothing of the type.</summary>
    public static (ImmutableArray<ISymbol> Members, IMethodSymbol Constructor)? FromReference(INamedTypeSymbol type)
    {
        if (type.ContainingAssembly is not { } assembly || !s_known.GetValue(assembly, TypesIn).TryGetValue(type.OriginalDefinition, out var known)
            || known.ConstructorArguments is not [_, { Value: int count }, { Kind: TypedConstantKind.Array } names])
        {
            return null;
        }

        var members = names.Values.Select(n => type.GetMembers((string)n.Value!).FirstOrDefault(m => m is IPropertySymbol or IFieldSymbol)).OfType<ISymbol>().ToImmutableArray();
        var constructor = type.InstanceConstructors.FirstOrDefault(c => c.Parameters.Length == count
            && c.Parameters.Select((p, i) => i < names.Values.Length && p.Name == (string)names.Values[i].Value!).All(same => same));
        return constructor is null || members.Length != names.Values.Length ? null : (members, constructor);
    }

    private static ImmutableDictionary<ISymbol, AttributeData> TypesIn(IAssemblySymbol assembly) => assembly.GetAttributes()
        .Where(a => a.AttributeClass.Is(KnownNames.PlainTypeAttribute) && a.ConstructorArguments.Length == 3 && a.ConstructorArguments[0].Value is INamedTypeSymbol)
        .GroupBy<AttributeData, ISymbol>(a => ((INamedTypeSymbol)a.ConstructorArguments[0].Value!).OriginalDefinition, SymbolEqualityComparer.Default)
        .ToImmutableDictionary(g => g.Key, g => g.First(), SymbolEqualityComparer.Default);

    private static PlainType? Of(TypeDeclarationSyntax declaration, SemanticModel model, CancellationToken cancel)
    {
        if (model.GetDeclaredSymbol(declaration, cancel) is not INamedTypeSymbol type
            || type.Nesting().Any(t => t.DeclaredAccessibility != Accessibility.Public)
            || model.Compilation.GetTypeByMetadataName(KnownNames.PlainTypeAttribute) is null
            || new TypeClassifier(model.Compilation).LayoutOf(type) is not { } layout
            || layout.Members.Any(m => m.DeclaredAccessibility != Accessibility.Public))
        {
            return null;
        }

        var named = type.IsGenericType ? type.ConstructUnboundGenericType() : type;
        return new PlainType(
            named.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat), layout.Constructor.Parameters.Length, layout.Members.Select(m => m.Name).ToImmutableArray());
    }
}
