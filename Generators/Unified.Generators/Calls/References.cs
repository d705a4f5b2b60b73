using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Unified.Generators;

/// <summary>What is passed by reference.</summary>
internal enum ReferenceKind
{
    /// <summary>A variable of the caller alone.</summary>
    Variable,

    /// <summary>The value of an expression, which nobody else holds as a variable.</summary>
    Value,

    /// <summary>A variable that the method may know by another name, too.</summary>
    Shared,
}

/// <summary>Turns an argument by reference into what it refers to.</summary>
internal static class References
{
    /// <param name="argument">The value of an <c>in</c>, <c>ref</c> or <c>out</c> argument.</param>
    public static (ReferenceKind Kind, ISymbol? Variable) Of(IOperation argument) => argument switch
    {
        IDeclarationExpressionOperation or IDiscardOperation or ILocalReferenceOperation { IsDeclaration: true } => (ReferenceKind.Variable, null),
        ILocalReferenceOperation { Local: { RefKind: RefKind.None } local } => (ReferenceKind.Variable, local),
        IParameterReferenceOperation { Parameter: { RefKind: RefKind.None, ContainingSymbol: IMethodSymbol { MethodKind: not MethodKind.Constructor } } parameter } =>
            (ReferenceKind.Variable, parameter),
        ILocalReferenceOperation or IParameterReferenceOperation or IFieldReferenceOperation or IArrayElementReferenceOperation or IImplicitIndexerReferenceOperation
            or IPropertyReferenceOperation { Property.ReturnsByRef: true } or IPropertyReferenceOperation { Property.ReturnsByRefReadonly: true }
            or IInvocationOperation { TargetMethod.ReturnsByRef: true } or IInvocationOperation { TargetMethod.ReturnsByRefReadonly: true }
            or IConditionalOperation { IsRef: true } or IInstanceReferenceOperation => (ReferenceKind.Shared, null),
        _ => (ReferenceKind.Value, null),
    };
}
