using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.Generators;

/// <summary>What is wrong with a static graph's declaration: a row of <see cref="StructureTable"/> and its arguments.</summary>
internal sealed record SignatureFault(DiagnosticDescriptor Rule, ImmutableArray<string> Arguments);

/// <summary>Finds what in a declaration cannot be a static graph, whatever its body says.</summary>
internal static class SignatureRules
{
    private static readonly ImmutableArray<(Func<IMethodSymbol, bool> Applies, string What, string Instead)> s_kinds =
    [
        (m => m.MethodKind == MethodKind.LocalFunction, "a local function", "make it a method"),
        (m => m.MethodKind is not (MethodKind.Ordinary or MethodKind.ExplicitInterfaceImplementation), "an accessor, operator or finalizer", "call a method from it"),
        (m => m.IsGenericMethod && (m.IsVirtual || m.IsAbstract || m.IsOverride || m.ContainingType.TypeKind == TypeKind.Interface || !m.ExplicitInterfaceImplementations.IsEmpty),
            "a generic method that may be overridden", "put the type parameter on the type"),
        (m => m.TypeParameters.Any(p => p.AllowsRefLikeType), "a generic method of types that may be ref structs", "leave out 'allows ref struct'"),
        (m => m.TypeParameters.Any(p => m.ContainingType.Nesting().SelectMany(t => t.TypeParameters).Any(t => t.Name == p.Name)),
            "a generic method whose type parameter has the name of one of its type", "give it another name"),
        (m => m.IsAsync, "async", "await outside of it"),
        (m => m.IsExtern, "extern", "give it a body"),
        (m => m.IsStatic && m.ContainingType.TypeKind == TypeKind.Interface, "a static interface member", "make it an instance method"),
        (m => m.ContainingType.TypeKind == TypeKind.Struct, "a method of a struct", "make the type a class"),
        (m => m.ContainingType.Name.Length == 0 || m.ContainingType.IsExtension, "a member of an extension block", "make it a method of a class"),
        (m => m.ReturnsByRef || m.ReturnsByRefReadonly, "a method that returns by reference", "return the tensor"),
    ];

    public static SignatureFault? FaultOf(IMethodSymbol method)
    {
        foreach (var (applies, what, instead) in s_kinds)
        {
            if (applies(method))
            {
                return new(StructureTable.Kind, [method.Name, what, instead]);
            }
        }

        if (method.ContainingType.Nesting().FirstOrDefault(IsHidden) is { } hidden)
        {
            return new(StructureTable.Hidden, [method.Name, hidden.Name]);
        }

        foreach (var parameter in method.Parameters)
        {
            if (parameter.Type.IsRefLikeType || parameter.Type.TypeKind is TypeKind.Pointer or TypeKind.FunctionPointer)
            {
                return new(StructureTable.Parameter, [parameter.Name, method.Name, "a span or a pointer", "pass an array"]);
            }

            if (ArgumentParts.IsHandedBack(parameter) && TensorTypes.PlanOf(parameter.Type) is null or { Lists: > 0 })
            {
                var keyword = parameter.RefKind == RefKind.Out ? "out" : "ref";
                return new(StructureTable.Parameter, [
                    parameter.Name, method.Name, $"{keyword} {parameter.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}",
                    "make it a Tensor, a number, or a tuple or record of them"]);
            }
        }

        return TensorTypes.PlanOf(method.ReturnType) switch
        {
            null => new(StructureTable.Result, [method.Name, method.ReturnType.ToDisplayString()]),
            { Lists: > 1 } => new(StructureTable.Lists, [method.Name]),
            _ => null,
        };
    }

    public static bool IsPartial(INamedTypeSymbol type) =>
        type.DeclaringSyntaxReferences.Any(r =>
            r.GetSyntax() is TypeDeclarationSyntax { Modifiers: var modifiers }
            && modifiers.Any(m => m.IsKind(SyntaxKind.PartialKeyword)));

    // The companion stands outside of the type and must be able to name it.
    private static bool IsHidden(INamedTypeSymbol type) =>
        type.IsFileLocal || type.DeclaredAccessibility is Accessibility.Private or Accessibility.Protected or Accessibility.ProtectedAndInternal;
}
