using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Unified.Generators;

/// <summary>A part of a parameter that travels by itself: how it is read from the parameter, and its type.</summary>
internal sealed record ArgumentPart(string Member, ITypeSymbol Type);

/// <summary>
/// Turns the type of a parameter into its parts: a tuple or an unchanging record with tensors in it goes into a graph as its members, so that a new
/// object at each call is the same signature. A record that may be null goes in as the object it is.
/// </summary>
internal static class ArgumentParts
{
    private const int Deepest = 8;

    /// <summary>Null where the type goes in whole.</summary>
    public static ImmutableArray<ArgumentPart>? Of(ITypeSymbol type) =>
        Members(type) is { IsEmpty: false } parts && !IsEndless(type) && parts.Any(p => TensorTypes.IsTensor(p.Type) || Of(p.Type) is not null) ? parts : null;

    /// <summary>The parts of parts, down to what goes in whole; <see cref="ArgumentPart.Member"/> is the whole way, such as <c>.Pair.Left</c>.</summary>
    public static IEnumerable<ArgumentPart> Leaves(ITypeSymbol type, string way = "") => Of(type) is { } parts
        ? parts.SelectMany(p => Leaves(p.Type, way + p.Member))
        : [new ArgumentPart(way, type)];

    /// <summary>The ways to objects that must not be null for the leaves to be read.</summary>
    public static IEnumerable<string> NotNull(ITypeSymbol type, string way = "") => Of(type) is not { } parts ? []
        : (type.IsValueType ? [] : new[] { way }).Concat(parts.SelectMany(p => NotNull(p.Type, way + p.Member)));

    /// <summary>How many arguments of the graph come before this parameter.</summary>
    public static int Before(IParameterSymbol parameter) =>
        ((IMethodSymbol)parameter.OriginalDefinition.ContainingSymbol).Parameters.Take(parameter.Ordinal).Where(IsGiven).Sum(p => Leaves(p.Type).Count());

    /// <summary>The caller gives a value for it: it is no <c>out</c> parameter.</summary>
    public static bool IsGiven(IParameterSymbol parameter) => parameter.RefKind != RefKind.Out;

    /// <summary>The caller gets a value from it: it is <c>ref</c> or <c>out</c>.</summary>
    public static bool IsHandedBack(IParameterSymbol parameter) => parameter.RefKind is RefKind.Ref or RefKind.Out;

    /// <summary>The type holds its own kind, or is nested so deep that it may.</summary>
    public static bool IsEndless(ITypeSymbol type, int depth = 0) => depth > Deepest || Members(type).Any(p => IsEndless(p.Type, depth + 1));

    private static ImmutableArray<ArgumentPart> Members(ITypeSymbol type) =>
        type is INamedTypeSymbol { IsTupleType: true } tuple ? [.. tuple.TupleElements.Select((e, i) => new ArgumentPart($".Item{i + 1}", e.Type))]
        : type.NullableAnnotation != NullableAnnotation.Annotated && RecordLayout.Of(type) is { } layout && (type.IsValueType || layout.Members.All(IsFixed))
        ? [.. layout.Members.Select(m => new ArgumentPart("." + SymbolNames.Escaped(m.Name), RecordLayout.TypeOf(m)))]
        : [];

    private static bool IsFixed(ISymbol member) => member is IPropertySymbol { SetMethod: null or { IsInitOnly: true } } or IFieldSymbol { IsReadOnly: true };
}
