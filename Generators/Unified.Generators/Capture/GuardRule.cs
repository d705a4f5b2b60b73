using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Unified.Generators;

/// <summary>
/// Turns a host expression into the answer whether its value can change between calls and must be checked again. What is not
/// provably immutable can change. A new object made at each evaluation is not compared: it would never be the same.
/// </summary>
internal sealed class GuardRule(CaptureSession session)
{
    /// <summary>Fields whose collections cannot change.</summary>
    public FrozenFields Frozen { get; } = new(session);

    public bool IsGuard(IOperation operation)
    {
        var parts = operation.DescendantsAndSelf().Where(o => o is not IInvalidOperation).ToList();
        var changes = parts.Any(ReadsMutable);
        var type = operation.Type;
        var isReference = type is { IsReferenceType: true, SpecialType: not SpecialType.System_String } && !session.Types.IsTensor(type);
        return isReference ? changes && IsRead(operation) : changes || parts.Any(Runs);
    }

    /// <summary>An auto-property, or a getter that only returns a field.</summary>
    public static bool IsStored(IPropertySymbol property) => IsAuto(property) || FieldBehind(property) is not null;

    /// <summary>The accessors are the compiler's own, so that the property is a field with a name.</summary>
    public static bool IsAuto(IPropertySymbol property)
    {
        if (property.IsAbstract || property.ContainingType.TypeKind == TypeKind.Interface)
        {
            return false;
        }

        if (property.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() is not { } syntax)
        {
            // Metadata: reference assemblies have no private fields, but keep the attribute on the accessor.
            return property.OriginalDefinition.GetMethod?.GetAttributes().Any(a => a.AttributeClass?.Name == "CompilerGeneratedAttribute") == true;
        }

        return syntax is not PropertyDeclarationSyntax declaration
            || (declaration.ExpressionBody is null
                && declaration.AccessorList?.Accessors.All(a => a.Body is null && a.ExpressionBody is null) == true);
    }

    private bool ReadsMutable(IOperation operation) => operation switch
    {
        IFieldReferenceOperation f => IsMutable(f.Field),
        IPropertyReferenceOperation { Arguments.Length: > 0 } p => !IsImmutableType(p.Property.ContainingType) && !Frozen.IsReadBy(p.Instance),
        IPropertyReferenceOperation p => IsAuto(p.Property)
            ? p.Property.SetMethod is { IsInitOnly: false }
            : FieldBehind(p.Property) is { } field ? IsMutable(field) : p.Property.SetMethod is { IsInitOnly: false },
        IArrayElementReferenceOperation a => !Frozen.IsReadBy(a.ArrayReference),
        IImplicitIndexerReferenceOperation i => !IsImmutableType(i.Instance.Type) && !Frozen.IsReadBy(i.Instance),
        IParameterReferenceOperation p => IsAssignedPrimaryParameter(p.Parameter),
        _ => false,
    };

    private bool Runs(IOperation operation) => operation switch
    {
        IInvocationOperation i => !IsImmutableType(i.TargetMethod.ContainingType),
        IPropertyReferenceOperation { Arguments.Length: 0 } p =>
            !IsStored(p.Property) && !IsImmutableType(p.Property.ContainingType) && !Frozen.IsReadBy(p.Instance),
        IDynamicInvocationOperation or IDynamicMemberReferenceOperation => true,
        _ => false,
    };

    /// <summary>The object stays the same from read to read, as opposed to one made or returned by a call.</summary>
    private static bool IsRead(IOperation operation) => operation switch
    {
        IConversionOperation { OperatorMethod: null } c => IsRead(c.Operand),
        ICoalesceOperation c => IsRead(c.Value) && IsRead(c.WhenNull),
        IConditionalOperation { WhenFalse: { } other } c => IsRead(c.WhenTrue) && IsRead(other),
        IPropertyReferenceOperation p => p.Arguments.Length > 0 || IsStored(p.Property) || p.Property.SetMethod is not null,
        IFieldReferenceOperation or IArrayElementReferenceOperation or IParameterReferenceOperation or ILocalReferenceOperation
            or IInstanceReferenceOperation or IThrowOperation or IImplicitIndexerReferenceOperation => true,
        _ => operation.ConstantValue.HasValue,
    };

    private static bool IsMutable(IFieldSymbol field) =>
        !field.IsReadOnly && !field.IsConst && field.ContainingType is not { IsTupleType: true } && field.ContainingType?.TypeKind != TypeKind.Enum;

    private static IFieldSymbol? FieldBehind(IPropertySymbol property)
    {
        if (property.IsAbstract || property.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() is not PropertyDeclarationSyntax declaration)
        {
            return null;
        }

        var body = declaration.ExpressionBody?.Expression
            ?? declaration.AccessorList?.Accessors.FirstOrDefault(a => a.IsKind(SyntaxKind.GetAccessorDeclaration))?.ExpressionBody?.Expression;
        if (body is FieldExpressionSyntax)
        {
            return property.ContainingType.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(f => SymbolEqualityComparer.Default.Equals(f.AssociatedSymbol, property));
        }

        var name = body switch
        {
            IdentifierNameSyntax i => i.Identifier.ValueText,
            MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax } m => m.Name.Identifier.ValueText,
            _ => null,
        };
        return name is null ? null : property.ContainingType.GetMembers(name).OfType<IFieldSymbol>().FirstOrDefault();
    }

    // Their members give the same value for the same object and arguments.
    private static bool IsImmutableType(ITypeSymbol? type) =>
        TypeClassifier.IsSystem(type)
        && (type!.SpecialType is (>= SpecialType.System_Boolean and <= SpecialType.System_String) or SpecialType.System_Array or SpecialType.System_Nullable_T
            || type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T
            || type.IsTupleType
            || type.Name is "Math" or "MathF" or "KeyValuePair" or "Index" or "Range" or "TimeSpan"
            || type.Name.StartsWith("Immutable", StringComparison.Ordinal)
            || type.Name.StartsWith("Frozen", StringComparison.Ordinal));

    /// <summary>A primary constructor's parameter that some member of the type writes to.</summary>
    private bool IsAssignedPrimaryParameter(IParameterSymbol parameter)
    {
        if (parameter.ContainingSymbol is not IMethodSymbol { MethodKind: MethodKind.Constructor } constructor)
        {
            return false;
        }

        session.LooksAround = true;
        return constructor.ContainingType.DeclaringSyntaxReferences
            .SelectMany(r => r.GetSyntax(session.Cancellation).DescendantNodes())
            .OfType<IdentifierNameSyntax>()
            .Any(i => i.Identifier.ValueText == parameter.Name && IsWritten(i));
    }

    private static bool IsWritten(IdentifierNameSyntax name) => name.Parent switch
    {
        AssignmentExpressionSyntax a => a.Left == name,
        PrefixUnaryExpressionSyntax p => p.IsKind(SyntaxKind.PreIncrementExpression) || p.IsKind(SyntaxKind.PreDecrementExpression) || p.IsKind(SyntaxKind.AddressOfExpression),
        PostfixUnaryExpressionSyntax p => !p.IsKind(SyntaxKind.SuppressNullableWarningExpression),
        ArgumentSyntax a => !a.RefKindKeyword.IsKind(SyntaxKind.None) || a.Parent is TupleExpressionSyntax { Parent: AssignmentExpressionSyntax },
        RefExpressionSyntax => true,
        _ => false,
    };
}
