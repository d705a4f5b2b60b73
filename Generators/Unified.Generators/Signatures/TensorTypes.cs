using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Unified.Generators;

/// <summary>Tells tensors, modules and lists of them from other types.</summary>
internal static class TensorTypes
{
    public static bool IsTensor(ITypeSymbol? type) => DerivesFrom(type, KnownNames.Tensor);

    public static bool IsModule(ITypeSymbol? type) => DerivesFrom(type, KnownNames.Module);

    public static bool DerivesFrom(ITypeSymbol? type, string baseName)
    {
        // A type parameter is what its constraints say.
        if (type is ITypeParameterSymbol parameter)
        {
            return parameter.ConstraintTypes.Any(t => DerivesFrom(t, baseName));
        }

        for (var t = type; t is not null; t = t.BaseType)
        {
            if (t.Is(baseName))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The item type of an array or of anything enumerable; null for strings and the rest.</summary>
    public static ITypeSymbol? ItemType(ITypeSymbol type)
    {
        if (type is IArrayTypeSymbol { Rank: 1 } array)
        {
            return array.ElementType;
        }

        if (type.SpecialType == SpecialType.System_String)
        {
            return null;
        }

        var enumerable = IsEnumerable(type) ? (INamedTypeSymbol)type : type.AllInterfaces.FirstOrDefault(IsEnumerable);
        return enumerable?.TypeArguments[0];
    }

    public static ArgumentForm FormOf(ITypeSymbol type)
    {
        if (IsTensor(type))
        {
            return ArgumentForm.Tensor;
        }

        if (type.SpecialType is SpecialType.System_Int32 or SpecialType.System_Int64 or SpecialType.System_Boolean
            or SpecialType.System_Single or SpecialType.System_Double)
        {
            return ArgumentForm.Number;
        }

        return type is ITypeParameterSymbol ? ArgumentForm.Generic
            : !type.IsValueType && IsReadOnlyList(type) ? ArgumentForm.TensorList : ArgumentForm.Object;
    }

    /// <summary>A type of number that a graph can compute.</summary>
    private static string? NumberOf(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_Int32 => "int",
        SpecialType.System_Int64 => "long",
        SpecialType.System_Single => "float",
        SpecialType.System_Double => "double",
        SpecialType.System_Boolean => "bool",
        _ => null,
    };

    /// <summary>How to rebuild a result of this type; null when it holds anything but tensors and numbers.</summary>
    public static ResultPlan? PlanOf(ITypeSymbol type)
    {
        if (type.SpecialType == SpecialType.System_Void)
        {
            return new VoidResult();
        }

        if (type.Is(KnownNames.Tensor))
        {
            return new TensorResult();
        }

        if (NumberOf(type) is { } number)
        {
            return new NumberResult(number);
        }

        if (type is INamedTypeSymbol { IsTupleType: true } tuple)
        {
            var items = tuple.TupleElements.Select(e => PlanOf(e.Type)).ToImmutableArray();
            return items.Any(i => i is null or VoidResult) ? null : new TupleResult(items!);
        }

        if (ArgumentParts.Of(type.WithNullableAnnotation(NullableAnnotation.None)) is not null && RecordLayout.Of(type) is { Constructor.Parameters: { IsEmpty: false } parameters } layout && parameters.Length == layout.Members.Length && !ArgumentParts.IsEndless(type))
        {
            var items = parameters.Select(p => PlanOf(p.Type)).ToImmutableArray();
            return items.Any(i => i is null or VoidResult) ? null : new RecordResult(type.WithNullableAnnotation(NullableAnnotation.None).Full(), items!);
        }

        return IsCollection(type) && ItemType(type).Is(KnownNames.Tensor) ? new ListResult(type.Full()) : null;
    }

    private static bool IsCollection(ITypeSymbol type) =>
        type is IArrayTypeSymbol { Rank: 1 }
        || type.OriginalDefinition.ToDisplayString() is "System.Collections.Generic.IEnumerable<T>"
            or "System.Collections.Generic.IReadOnlyCollection<T>" or "System.Collections.Generic.IReadOnlyList<T>"
            or "System.Collections.Generic.ICollection<T>" or "System.Collections.Generic.IList<T>"
            or "System.Collections.Generic.List<T>" or "System.Collections.Immutable.ImmutableArray<T>";

    private static bool IsEnumerable(ITypeSymbol type) =>
        type.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T;

    private static bool IsReadOnlyList(ITypeSymbol type) =>
        (type is IArrayTypeSymbol { Rank: 1 } array && IsTensor(array.ElementType))
        || type.AllInterfaces.Append(type as INamedTypeSymbol).Any(t =>
            t?.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IReadOnlyList_T && IsTensor(t.TypeArguments[0]));
}
