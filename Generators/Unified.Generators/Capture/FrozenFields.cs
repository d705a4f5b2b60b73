using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Unified.Generators;

/// <summary>
/// Turns a field into the answer whether its array or list is never changed after construction: it is private and readonly,
/// holds a collection made for it, and outside of constructors the type only reads items, counts and loops over it. Such a
/// field of layers or parameters then costs no guards.
/// </summary>
internal sealed class FrozenFields(CaptureSession session)
{
    private static readonly HashSet<string> Reads = new(StringComparer.Ordinal)
    {
        "Length", "Count", "Select", "SelectMany", "Where", "Any", "All", "Sum", "Min", "Max", "First", "Last", "Single", "Contains", "IndexOf", "Zip",
        "ToArray", "ToList", "OfType",
    };

    private readonly Dictionary<IFieldSymbol, bool> _known = new(SymbolEqualityComparer.Default);

    /// <summary>The expression reads such a field.</summary>
    public bool IsReadBy(IOperation? expression) => expression is not null
        && HostReader.Unwrap(expression) is IFieldReferenceOperation { Field: var field }
        && IsFrozen(field);

    private bool IsFrozen(IFieldSymbol field)
    {
        field = field.OriginalDefinition;
        if (!_known.TryGetValue(field, out var frozen))
        {
            _known[field] = frozen = field is { IsReadOnly: true, DeclaredAccessibility: Accessibility.Private }
                && field.Type is IArrayTypeSymbol { Rank: 1 } or INamedTypeSymbol { Name: "List", TypeArguments.Length: 1 }
                && field.DeclaringSyntaxReferences.Length > 0
                && Declarations(field).All(IsFresh)
                && Uses(field).All(IsHarmless);
        }

        return frozen;
    }

    private IEnumerable<IdentifierNameSyntax> Uses(IFieldSymbol field)
    {
        session.LooksAround = true;
        return field.ContainingType.DeclaringSyntaxReferences.SelectMany(r => r.GetSyntax(session.Cancellation).DescendantNodes())
            .OfType<IdentifierNameSyntax>().Where(i => i.Identifier.ValueText == field.Name);
    }

    private IEnumerable<ExpressionSyntax> Declarations(IFieldSymbol field) => field.DeclaringSyntaxReferences
        .Select(r => r.GetSyntax(session.Cancellation)).OfType<VariableDeclaratorSyntax>().Select(d => d.Initializer?.Value).OfType<ExpressionSyntax>();

    private static bool IsHarmless(IdentifierNameSyntax name)
    {
        var use = name.Parent is MemberAccessExpressionSyntax member && member.Name == name ? (ExpressionSyntax)member : name;
        var isConstructing = name.FirstAncestorOrSelf<MemberDeclarationSyntax>() is ConstructorDeclarationSyntax;
        return use.Parent switch
        {
            ElementAccessExpressionSyntax element when element.Expression == use => isConstructing || !IsWritten(element),
            MemberAccessExpressionSyntax access when access.Expression == use => Reads.Contains(access.Name.Identifier.ValueText)
                || (isConstructing && access.Name.Identifier.ValueText == "Add"),
            ForEachStatementSyntax each => each.Expression == use,
            ForEachVariableStatementSyntax each => each.Expression == use,
            SpreadElementSyntax => true,
            AssignmentExpressionSyntax assignment => isConstructing && assignment.Left == use && IsFresh(assignment.Right),
            _ => false,
        };
    }

    private static bool IsFresh(ExpressionSyntax value) => value is CollectionExpressionSyntax or BaseObjectCreationExpressionSyntax
        or ArrayCreationExpressionSyntax or ImplicitArrayCreationExpressionSyntax
        || value is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ToArray" or "ToList" } };

    private static bool IsWritten(ElementAccessExpressionSyntax element) => element.Parent switch
    {
        AssignmentExpressionSyntax assignment => assignment.Left == element,
        ArgumentSyntax argument => !argument.RefKindKeyword.IsKind(SyntaxKind.None) || argument.Parent is TupleExpressionSyntax { Parent: AssignmentExpressionSyntax },
        PrefixUnaryExpressionSyntax prefix => prefix.IsKind(SyntaxKind.PreIncrementExpression) || prefix.IsKind(SyntaxKind.PreDecrementExpression),
        PostfixUnaryExpressionSyntax postfix => !postfix.IsKind(SyntaxKind.SuppressNullableWarningExpression),
        RefExpressionSyntax => true,
        _ => false,
    };
}
