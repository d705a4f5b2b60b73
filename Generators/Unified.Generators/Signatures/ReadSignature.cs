using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;

namespace Unified.Generators;

/// <summary>Turns a static graph's symbol, from source or from metadata, into its <see cref="MethodSignature"/>.</summary>
internal static class ReadSignature
{
    // One method is called in many places.
    private static readonly ConditionalWeakTable<Compilation, ConcurrentDictionary<ISymbol, MethodSignature?>> s_known = new();

    /// <summary>Null for a method that <see cref="CanBeEmitted"/> refuses: it stays eager everywhere.</summary>
    public static MethodSignature? Of(IMethodSymbol method, Compilation compilation) =>
        s_known.GetValue(compilation, _ => new(SymbolEqualityComparer.Default)).GetOrAdd((method.ReducedFrom ?? method).OriginalDefinition, m => Read((IMethodSymbol)m, compilation));

    private static MethodSignature? Read(IMethodSymbol method, Compilation compilation)
    {
        if (!CanBeEmitted(method))
        {
            return null;
        }

        var type = method.ContainingType;
        var explicitImplementation = !method.ExplicitInterfaceImplementations.IsEmpty;
        var opened = OpenedBy(method, compilation);
        return new MethodSignature(
            Key: method.GetDocumentationCommentId() ?? method.ToDisplayString(),
            Name: SymbolNames.Escaped(method.Name),
            Companion: CompanionNames.Of(method),
            Namespace: type.NamespaceName(),
            Self: type.Full(),
            Headers: type.Headers().ToImmutableArray(),
            TypeParameters: type.TypeParametersInScope().Concat(method.TypeParameters.Select(SymbolNames.Signature)).ToImmutableArray(),
            OwnTypeParameters: method.TypeParameters.Length,
            Parameters: method.Parameters.Select(p => new SignatureParameter(
                Modifier(p),
                p.Type.Full(),
                SymbolNames.Escaped(p.Name),
                !ArgumentParts.IsGiven(p) ? [] : ArgumentParts.Leaves(p.Type).Select(l => new SignaturePart(l.Member, TensorTypes.FormOf(l.Type))).ToImmutableArray(),
                !ArgumentParts.IsGiven(p) ? [] : ArgumentParts.NotNull(p.Type).ToImmutableArray(),
                ArgumentParts.IsHandedBack(p) ? TensorTypes.PlanOf(p.Type) : null)).ToImmutableArray(),
            ReturnType: method.ReturnType.Full(),
            Result: TensorTypes.PlanOf(method.ReturnType)!,
            IsStatic: method.IsStatic,
            IsExtension: method.IsExtensionMethod,
            IsPublic: IsPublic(method),
            NeedsBridge: !explicitImplementation && method.DeclaredAccessibility is Accessibility.Private or Accessibility.Protected or Accessibility.ProtectedAndInternal,
            CanBeCalled: !explicitImplementation,
            HasBody: !method.IsAbstract,
            Root: opened is null ? "" : CompanionNames.Of(opened),
            Slots: method.IsStatic ? [] : Slots(method, opened, compilation).ToImmutableArray());
    }

    private static string Modifier(IParameterSymbol parameter) => parameter.RefKind switch
    {
        RefKind.Ref => "ref ",
        RefKind.Out => "out ",
        RefKind.In => "in ",
        RefKind.RefReadOnlyParameter => "ref readonly ",
        _ => "",
    };

    /// <summary>The declaration is without fault, and its type takes a generated half where the method has a body.</summary>
    public static bool CanBeEmitted(IMethodSymbol method) =>
        SignatureRules.FaultOf(method) is null
        && (method.IsAbstract || method.DeclaringSyntaxReferences.IsEmpty || method.ContainingType.Nesting().All(SignatureRules.IsPartial));

    /// <summary>
    /// The companion can be named by other assemblies: everybody who may call or override the method may be there.
    /// </summary>
    public static bool IsPublic(IMethodSymbol method)
    {
        var accessible = method.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal
            || !method.ExplicitInterfaceImplementations.IsEmpty;
        return accessible
            && method.ContainingType.Nesting().All(t => t.DeclaredAccessibility == Accessibility.Public)
            && method.ContainingType.TypeParameters.Concat(method.TypeParameters).SelectMany(p => p.ConstraintTypes).All(IsPublic)
            && method.Parameters.Select(p => p.Type).Append(method.ReturnType).All(IsPublic);
    }

    private static bool IsPublic(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => IsPublic(array.ElementType),
        INamedTypeSymbol named => named.Nesting().All(t => t.DeclaredAccessibility == Accessibility.Public && t.TypeArguments.All(IsPublic)),
        _ => true,
    };

    /// <summary>The topmost static graph that this one overrides, itself where it opens a slot, null where it is not virtual.</summary>
    private static IMethodSymbol? OpenedBy(IMethodSymbol method, Compilation compilation)
    {
        if (method.IsStatic || !(method.IsVirtual || method.IsAbstract || method.IsOverride))
        {
            return null;
        }

        var result = method;
        for (var above = method.OverriddenMethod; above is not null; above = above.OverriddenMethod)
        {
            var original = above.OriginalDefinition;
            if (original.IsStaticGraph() && CanBeEmitted(original) && CanSee(original, compilation))
            {
                result = original;
            }
        }

        return result;
    }

    private static IEnumerable<SlotFilled> Slots(IMethodSymbol method, IMethodSymbol? opened, Compilation compilation)
    {
        if (method.IsAbstract)
        {
            yield break;
        }

        var type = method.ContainingType;
        if (opened is not null)
        {
            yield return new SlotFilled(CompanionNames.Of(opened), type.TypeKind == TypeKind.Interface ? type.Full() : "");
        }
        else if (type.TypeParametersInScope().Any() && !method.IsGenericMethod && method.ExplicitInterfaceImplementations.IsEmpty)
        {
            // Not virtual; but only an instance knows the type arguments of its graph.
            yield return new SlotFilled(CompanionNames.Of(method), "");
        }

        if (type.TypeKind == TypeKind.Interface)
        {
            yield break;
        }

        // A slot can be filled only by a type that lists the interface itself; below it the listed one asks its virtual method.
        var listed = type.Interfaces.SelectMany(i => i.AllInterfaces.Add(i)).Distinct<INamedTypeSymbol>(SymbolEqualityComparer.Default);
        foreach (var slot in listed.SelectMany(i => i.GetMembers()).OfType<IMethodSymbol>())
        {
            if (slot.IsStaticGraph()
                && CanBeEmitted(slot.OriginalDefinition)
                && CanSee(slot.OriginalDefinition, compilation)
                && SymbolEqualityComparer.Default.Equals(type.FindImplementationForInterfaceMember(slot), method))
            {
                yield return new SlotFilled(CompanionNames.Of(slot), slot.ContainingType.Full());
            }
        }
    }

    /// <summary>A companion from another assembly is there only if it is public, or shown to this one.</summary>
    public static bool CanSee(IMethodSymbol method, Compilation compilation)
    {
        if (SymbolEqualityComparer.Default.Equals(method.ContainingAssembly, compilation.Assembly))
        {
            return true;
        }

        var companion = method.ContainingAssembly.GetTypeByMetadataName($"{KnownNames.GeneratedNamespace}.{CompanionNames.Of(method)}");
        return companion is not null && compilation.IsSymbolAccessibleWithin(companion, compilation.Assembly);
    }
}
