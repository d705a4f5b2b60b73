using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Unified.Generators;

/// <summary>Arithmetic that sizes may flow through.</summary>
/// <param name="Operator">As <see cref="Ir.HostInstruction"/> names it.</param>
/// <param name="Type">C# keyword of the result's type.</param>
internal sealed record HostStep(string Operator, string Type, ImmutableArray<IOperation> Operands);

/// <summary>Turns C# operators, casts and Math calls on numbers and bools into the operators of HostInstruction.</summary>
internal static class HostArithmetic
{
    private static readonly ImmutableDictionary<SpecialType, string> Numbers = new Dictionary<SpecialType, string>
    {
        [SpecialType.System_Int32] = "int",
        [SpecialType.System_Int64] = "long",
        [SpecialType.System_Single] = "float",
        [SpecialType.System_Double] = "double",
        [SpecialType.System_Boolean] = "bool",
    }.ToImmutableDictionary();

    private static readonly ImmutableDictionary<BinaryOperatorKind, string> Binary = new Dictionary<BinaryOperatorKind, string>
    {
        [BinaryOperatorKind.Add] = "add",
        [BinaryOperatorKind.Subtract] = "sub",
        [BinaryOperatorKind.Multiply] = "mul",
        [BinaryOperatorKind.Divide] = "div",
        [BinaryOperatorKind.Remainder] = "rem",
        [BinaryOperatorKind.Equals] = "eq",
        [BinaryOperatorKind.NotEquals] = "ne",
        [BinaryOperatorKind.LessThan] = "lt",
        [BinaryOperatorKind.LessThanOrEqual] = "le",
        [BinaryOperatorKind.GreaterThan] = "gt",
        [BinaryOperatorKind.GreaterThanOrEqual] = "ge",
        [BinaryOperatorKind.And] = "and",
        [BinaryOperatorKind.Or] = "or",
        [BinaryOperatorKind.ExclusiveOr] = "xor",
    }.ToImmutableDictionary();

    private static readonly ImmutableDictionary<UnaryOperatorKind, string> Unary = new Dictionary<UnaryOperatorKind, string>
    {
        [UnaryOperatorKind.Minus] = "neg",
        [UnaryOperatorKind.Not] = "not",
    }.ToImmutableDictionary();

    // Method of Math or MathF, number of arguments → operator.
    private static readonly ImmutableDictionary<(string, int), string> Functions = new Dictionary<(string, int), string>
    {
        [("Min", 2)] = "min",
        [("Max", 2)] = "max",
        [("Abs", 1)] = "abs",
        [("Sqrt", 1)] = "sqrt",
        [("Pow", 2)] = "pow",
        [("Log", 1)] = "log",
        [("Exp", 1)] = "exp",
    }.ToImmutableDictionary();

    public static bool IsNumber(ITypeSymbol? type) => NameOf(type) is not null;

    /// <summary>The keyword of a type that arithmetic is captured in, else null.</summary>
    public static string? NameOf(ITypeSymbol? type) => type is not null && Numbers.TryGetValue(type.SpecialType, out var name) ? name : null;

    public static string? OperatorOf(BinaryOperatorKind kind) => Binary.TryGetValue(kind, out var name) ? name : null;

    /// <summary>The step that the operation is; null when it is none. Its operands may be anything. What checks for overflow is none.</summary>
    public static HostStep? Find(IOperation operation) => NameOf(operation.Type) is not { } type ? null : operation switch
    {
        IBinaryOperation { OperatorMethod: null, IsLifted: false, IsChecked: false } b when OperatorOf(b.OperatorKind) is { } name
            && IsNumber(b.LeftOperand.Type) && IsNumber(b.RightOperand.Type) => new(name, type, [b.LeftOperand, b.RightOperand]),
        IUnaryOperation { OperatorMethod: null, IsLifted: false, IsChecked: false } u when Unary.TryGetValue(u.OperatorKind, out var name)
            && IsNumber(u.Operand.Type) => new(name, type, [u.Operand]),
        IConversionOperation { OperatorMethod: null, IsChecked: false } c when c.Conversion is { IsNumeric: true } && type != "bool" && IsNumber(c.Operand.Type) =>
            new("to_" + type, type, [c.Operand]),
        IInvocationOperation { TargetMethod.ContainingType: { Name: "Math" or "MathF" } math } i when TypeClassifier.IsSystem(math)
            && Functions.TryGetValue((i.TargetMethod.Name, i.Arguments.Length), out var name)
            && i.Arguments.All(a => IsNumber(a.Parameter?.Type)) => new(name, type, [.. i.Arguments.OrderBy(a => a.Parameter!.Ordinal).Select(a => a.Value)]),
        _ => null,
    };
}
