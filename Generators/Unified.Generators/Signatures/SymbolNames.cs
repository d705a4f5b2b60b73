using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Unified.Generators;

/// <summary>Turns symbols into the C# that names them from anywhere.</summary>
internal static class SymbolNames
{
    private static readonly SymbolDisplayFormat s_full = SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(
        SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers);

    private static readonly SymbolDisplayFormat s_metadata = new(
        globalNamespaceStyle: SymbolDisplayGlobalNamespaceStyle.Omitted,
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    /// <summary><c>global::Ns.Outer.Mlp&lt;T&gt;</c>, with nullable annotations.</summary>
    public static string Full(this ITypeSymbol type) => type.ToDisplayString(s_full);

    /// <summary>Is it the type of this name? Not meant for generic types.</summary>
    public static bool Is(this ITypeSymbol? type, string fullName) =>
        type is not null && fullName.EndsWith(type.Name, StringComparison.Ordinal) && type.ToDisplayString(s_metadata) == fullName;

    public static string Escaped(string identifier) =>
        SyntaxFacts.GetKeywordKind(identifier) != SyntaxKind.None || SyntaxFacts.GetContextualKeywordKind(identifier) != SyntaxKind.None
            ? "@" + identifier : identifier;

    public static bool Has(this ISymbol symbol, string attribute) => symbol.AttributeOf(attribute) is not null;

    public static AttributeData? AttributeOf(this ISymbol symbol, string attribute)
    {
        foreach (var data in symbol.GetAttributes())
        {
            if (data.AttributeClass.Is(attribute))
            {
                return data;
            }
        }

        return null;
    }

    public static bool IsStaticGraph(this IMethodSymbol method) => method.OriginalDefinition.Has(KnownNames.StaticGraphAttribute);

    /// <summary>The types around and including this one, outermost first.</summary>
    public static IReadOnlyList<INamedTypeSymbol> Nesting(this INamedTypeSymbol type)
    {
        var result = new List<INamedTypeSymbol>();
        for (var t = type; t is not null; t = t.ContainingType)
        {
            result.Insert(0, t);
        }

        return result;
    }

    public static IEnumerable<TypeHeader> Headers(this INamedTypeSymbol type) => type.Nesting().Select(t =>
    {
        var keyword = t.TypeKind switch
        {
            TypeKind.Interface => "interface",
            TypeKind.Struct => t.IsRecord ? "record struct" : "struct",
            _ => t.IsRecord ? "record" : "class",
        };
        var parameters = t.TypeParameters.IsEmpty ? "" : "<" + string.Join(", ", t.TypeParameters.Select(p => Escaped(p.Name))) + ">";
        return new TypeHeader($"partial {keyword} {Escaped(t.Name)}{parameters}");
    });

    public static string NamespaceName(this INamedTypeSymbol type) =>
        type.ContainingNamespace is { IsGlobalNamespace: false } space ? space.ToDisplayString(s_full).Replace("global::", "") : "";

    public static IEnumerable<SignatureTypeParameter> TypeParametersInScope(this INamedTypeSymbol type) =>
        type.Nesting().SelectMany(t => t.TypeParameters).Select(Signature);

    public static SignatureTypeParameter Signature(ITypeParameterSymbol parameter) => new(Escaped(parameter.Name), Constraints(parameter));

    private static string Constraints(ITypeParameterSymbol parameter)
    {
        var parts = new List<string>();
        if (parameter.HasUnmanagedTypeConstraint)
        {
            parts.Add("unmanaged");
        }
        else if (parameter.HasValueTypeConstraint)
        {
            parts.Add("struct");
        }
        else if (parameter.HasReferenceTypeConstraint)
        {
            parts.Add(parameter.ReferenceTypeConstraintNullableAnnotation == NullableAnnotation.Annotated ? "class?" : "class");
        }
        else if (parameter.HasNotNullConstraint)
        {
            parts.Add("notnull");
        }

        parts.AddRange(parameter.ConstraintTypes.Select(t => t.Full()));
        if (parameter.HasConstructorConstraint)
        {
            parts.Add("new()");
        }

        return parts.Count == 0 ? "" : $"where {Escaped(parameter.Name)} : {string.Join(", ", parts)}";
    }
}
