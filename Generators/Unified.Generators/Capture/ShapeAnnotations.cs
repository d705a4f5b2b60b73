using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns <c>[Shape("B", 784)]</c> into a shape over named dims.</summary>
internal static class ShapeAnnotations
{
    /// <param name="name">Of the parameter: axes about which nothing is said become <c>_name0</c>, <c>_name1</c>, ….</param>
    /// <param name="syntax">Where an error is put when the attribute has no syntax.</param>
    public static Shape? Read(CaptureSession session, IEnumerable<AttributeData> attributes, string name, ITypeSymbol type, SyntaxNode syntax)
    {
        if (session.Types.ShapeAnnotation(attributes) is not { ConstructorArguments: [var argument] } annotation)
        {
            return null;
        }

        var place = annotation.ApplicationSyntaxReference?.GetSyntax() ?? syntax;
        if (!session.Types.IsTensor(type))
        {
            session.Report("UG017", place, $"'{name}' is not a tensor", "remove [Shape], which only a tensor can have");
            return null;
        }

        // [Shape(null)] passes null for the whole array: one axis of which nothing is said.
        if (argument.Kind != TypedConstantKind.Array || argument.IsNull)
        {
            return Shape.From(Dim.Named($"_{name}0"));
        }

        var dims = ImmutableArray.CreateBuilder<Dim>();
        var isOpen = argument.Values.FirstOrDefault().Value is "..";
        foreach (var item in argument.Values.Skip(isOpen ? 1 : 0))
        {
            Dim? dim = item.Value switch
            {
                null or "?" => Dim.Named($"_{name}{dims.Count}"),
                int size and >= 0 => Dim.Constant(size),
                long size and >= 0 => Dim.Constant(size),

                // The constructor's parameter: the instance decides the size, no caller names it.
                string text when IsOfInstance(session.Method.ContainingType, text) => Dim.Named($"_{name}{dims.Count}"),
                string text when SyntaxFacts.IsValidIdentifier(text) => Dim.Named(text),
                _ => null,
            };
            if (dim is null)
            {
                session.Report("UG017", place, $"'{item.ToCSharpString()}' is not the size of an axis", "write [Shape(\"B\", 784)] with names, non-negative ints, \"?\", null, or \"..\" first for any axes before");
                return null;
            }

            dims.Add(dim);
        }

        // Of any rank: a contract between method and caller, which a graph for one rank need not be told.
        return isOpen ? null : new Shape(dims.ToImmutable());
    }

    private static bool IsOfInstance(INamedTypeSymbol? type, string name) =>
        type is not null && type.InstanceConstructors.Any(c => c.Parameters.Any(p => p.Name == name));
}
