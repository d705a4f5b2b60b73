using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Unified.Generators;

/// <summary>
/// Turns a type into the properties and fields that are all its state, where that can be told from its declaration: a record with a primary
/// constructor, or a class or struct with a constructor that does nothing. Its objects can then be lists of the members' values in a graph.
/// </summary>
/// <param name="Members">In the order of the declaration.</param>
/// <param name="Constructor">Its parameters are the first members, by name.</param>
internal sealed record RecordLayout(ImmutableArray<ISymbol> Members, IMethodSymbol Constructor)
{
    public static ITypeSymbol TypeOf(ISymbol member) => member is IPropertySymbol property ? property.Type : ((IFieldSymbol)member).Type;

    public int IndexOf(ISymbol member)
    {
        for (var i = 0; i < Members.Length; i++)
        {
            if (SymbolEqualityComparer.Default.Equals(Members[i], member))
            {
                return i;
            }
        }

        return -1;
    }

    public int IndexOf(string name) => Members.IndexOf(Members.FirstOrDefault(m => m.Name == name)!);

    /// <summary>The layout; null where a constructor, initializer or base class may do more than keep values.</summary>
    public static RecordLayout? Of(ITypeSymbol? type)
    {
        if (type is not INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct, IsAbstract: false, IsTupleType: false } named
            || named.IsRefLikeType
            || named.BaseType is not { SpecialType: SpecialType.System_Object or SpecialType.System_ValueType })
        {
            return null;
        }

        if (named.DeclaringSyntaxReferences.IsEmpty)
        {
            return ReadPlainType.FromReference(named) is var (known, made) ? new RecordLayout(known, made) : null;
        }

        if (named.DeclaringSyntaxReferences is not [var reference]
            || reference.GetSyntax() is not TypeDeclarationSyntax declaration)
        {
            return null;
        }

        var constructors = named.InstanceConstructors.Where(c => !(c.IsImplicitlyDeclared && (c.Parameters.Length == 1 || named.IsValueType))).ToList();
        var primary = declaration.ParameterList is null ? null : constructors.FirstOrDefault(c => c.DeclaringSyntaxReferences.Any(r => r.GetSyntax() == declaration));
        var constructor = declaration.ParameterList is null
            ? named.InstanceConstructors.FirstOrDefault(c => c is { IsImplicitlyDeclared: true, Parameters.IsEmpty: true })
            : named.IsRecord ? primary : null;
        if (constructor is null || constructors.Any(c => !SymbolEqualityComparer.Default.Equals(c, constructor)))
        {
            return null;
        }

        var members = ImmutableArray.CreateBuilder<ISymbol>();
        foreach (var member in named.GetMembers().Where(m => !m.IsStatic))
        {
            switch (member)
            {
                case IFieldSymbol { AssociatedSymbol: IPropertySymbol property }:
                    members.Add(property);
                    break;
                case IFieldSymbol field:
                    members.Add(field);
                    break;
            }
        }

        // Written as a parameter, or without a first value of its own.
        var isPlain = members.All(m => m.DeclaredAccessibility is Accessibility.Public or Accessibility.Internal && m.DeclaringSyntaxReferences.All(r => r.GetSyntax() is ParameterSyntax or PropertyDeclarationSyntax { Initializer: null } or VariableDeclaratorSyntax { Initializer: null }))
            && constructor.Parameters.Select((p, i) => i < members.Count && members[i].Name == p.Name && members[i].DeclaringSyntaxReferences.All(r => r.GetSyntax() is ParameterSyntax)).All(x => x);
        return isPlain ? new RecordLayout(members.ToImmutable(), constructor) : null;
    }
}
