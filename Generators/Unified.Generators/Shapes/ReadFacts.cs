using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators.Shapes;

/// <summary>
/// Turns a host expression into what is known of it while typing: constants, sizes over the parameters of the type's own constructor (which
/// stay names), and the construction of modules in fields.
/// </summary>
internal sealed class ReadFacts(CaptureSession session, UnknownSizes unknown)
{
    private readonly Dictionary<ISymbol, Fact> _members = new(SymbolEqualityComparer.Default);

    public ObjectFact Self { get; } = new(
        session.Method.ContainingType,
        session.Method.ContainingType.InstanceConstructors.SelectMany(c => c.Parameters).Where(IsInteger)
            .GroupBy(p => p.Name).ToImmutableDictionary(g => g.Key, g => (Fact)new SizeFact(Dim.Named(g.Key))),
        "");

    public Fact Of(IOperation? operation)
    {
        operation = operation is null ? null : HostReader.Unwrap(operation);
        if (operation is { ConstantValue: { HasValue: true, Value: var constant } })
        {
            return OfConstant(constant, operation.Type);
        }

        return operation switch
        {
            IConversionOperation { OperatorMethod: null } conversion => Of(conversion.Operand),
            IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } => Self,
            IParameterReferenceOperation { Parameter: { ContainingSymbol: IMethodSymbol { MethodKind: MethodKind.Constructor } } parameter }
                when SymbolEqualityComparer.Default.Equals(parameter.ContainingType, session.Method.ContainingType) && IsInteger(parameter)
                => new SizeFact(Dim.Named(parameter.Name)),
            IFieldReferenceOperation field => OfMember(field.Field, field.Instance),
            IPropertyReferenceOperation { Arguments.Length: 0 } property => OfMember(property.Property, property.Instance),
            IObjectCreationOperation { Type: INamedTypeSymbol type, Constructor: { } constructor } creation => OfCreation(type, constructor, creation),
            IBinaryOperation { OperatorMethod: null } binary => OfBinary(binary),
            _ => NoneOf(operation?.Type),
        };
    }

    public static Fact OfConstant(object? value, ITypeSymbol? type) => value switch
    {
        _ when type is INamedTypeSymbol { TypeKind: TypeKind.Enum, Name: nameof(DType) } =>
            type.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(f => f.HasConstantValue && Equals(f.ConstantValue, value)) is { } field
                && Enum.TryParse<DType>(field.Name, out var dtype) ? new ConstantFact(dtype) : Fact.Nothing,
        int or long or short or byte or sbyte or ushort or uint => new SizeFact(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)),
        _ => new ConstantFact(value),
    };

    /// <summary>Nothing, but for an integer a size of its own and for a tensor its kind.</summary>
    public Fact NoneOf(ITypeSymbol? type) =>
        type is null ? Fact.Nothing : IsInteger(type) ? new SizeFact(unknown.Next()) : session.Types.IsTensor(type) ? TensorFact.Unknown : Fact.Nothing;

    private static bool IsInteger(IParameterSymbol parameter) => IsInteger(parameter.Type);

    private static bool IsInteger(ITypeSymbol type) => type.SpecialType is SpecialType.System_Int32 or SpecialType.System_Int64;

    private Fact OfBinary(IBinaryOperation binary)
    {
        if (binary.Type is null || !IsInteger(binary.Type) || Of(binary.LeftOperand) is not SizeFact left || Of(binary.RightOperand) is not SizeFact right)
        {
            return NoneOf(binary.Type);
        }

        return binary.OperatorKind switch
        {
            BinaryOperatorKind.Add => new SizeFact(left.Value + right.Value),
            BinaryOperatorKind.Subtract => new SizeFact(left.Value - right.Value),
            BinaryOperatorKind.Multiply => new SizeFact(left.Value * right.Value),
            BinaryOperatorKind.Divide => Divide(left.Value, right.Value, unknown),
            _ => NoneOf(binary.Type),
        };
    }

    /// <summary>The quotient where it is exact, or where both are constants.</summary>
    public static SizeFact Divide(Dim left, Dim right, UnknownSizes unknown) => new(
        left.IsConstant && right.IsConstant && !right.Is(0) ? left.Value / right.Value : left.TryDivide(right) ?? unknown.Next());

    private ObjectFact OfCreation(INamedTypeSymbol type, IMethodSymbol constructor, IObjectCreationOperation creation)
    {
        var arguments = creation.Arguments.Where(a => a.Parameter is not null && a.ArgumentKind != ArgumentKind.ParamArray)
            .GroupBy(a => a.Parameter!.Name).ToImmutableDictionary(g => g.Key, g => Of(g.First().Value));
        var written = creation.Arguments.Where(a => !a.IsImplicit).Select(a => a.Syntax.ToString());
        return new ObjectFact(type, arguments, Places.OneLine($"new {constructor.ContainingType.Name}({string.Join(", ", written)})", 60));
    }

    private Fact OfMember(ISymbol member, IOperation? instance)
    {
        var type = (member as IFieldSymbol)?.Type ?? ((IPropertySymbol)member).Type;
        var owner = instance is null ? null : Of(instance) as ObjectFact;
        if (session.Types.IsTensor(type))
        {
            return ShapeContract.Of(member.GetAttributes(), session.Types)?.Tensor(new ContractScope(owner), unknown, "its [Shape]") ?? (Fact)TensorFact.Unknown;
        }

        if (owner != Self || !SymbolEqualityComparer.Default.Equals(member.ContainingType, Self.Type))
        {
            return NoneOf(type);
        }

        if (!_members.TryGetValue(member, out var known))
        {
            // Nothing while it is looked into: a member may start from another, and that from this one.
            _members[member] = NoneOf(type);
            _members[member] = known = IsFixed(member) && FirstValue(member) is { } value ? Of(value) : NoneOf(type);
        }

        return known;
    }

    private static bool IsFixed(ISymbol member) => member switch
    {
        IFieldSymbol field => field.IsReadOnly,
        IPropertySymbol property => property is { SetMethod: null, IsVirtual: false, IsOverride: false, IsAbstract: false },
        _ => false,
    };

    /// <summary>The initialiser, or the only assignment where that is a statement of the only constructor. In this file.</summary>
    private IOperation? FirstValue(ISymbol member)
    {
        if (member.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(session.Cancellation) is not { } syntax || syntax.SyntaxTree != session.Model.SyntaxTree)
        {
            return null;
        }

        var initial = syntax switch
        {
            VariableDeclaratorSyntax field => field.Initializer?.Value,
            PropertyDeclarationSyntax { ExpressionBody: null } property => property.Initializer?.Value,
            _ => null,
        };
        var type = syntax.FirstAncestorOrSelf<TypeDeclarationSyntax>();
        if (type is null || (syntax is PropertyDeclarationSyntax { AccessorList: null or { Accessors.Count: not 1 } }))
        {
            return null;
        }

        var constructors = type.Members.OfType<ConstructorDeclarationSyntax>().Where(c => !c.Modifiers.Any(m => m.ValueText == "static")).ToList();
        session.LooksAround |= constructors.Count > 0;
        var assignments = constructors.SelectMany(c => c.DescendantNodes()).OfType<AssignmentExpressionSyntax>()
            .Where(a => NameOf(a.Left) == member.Name).ToList();
        if (initial is not null)
        {
            return assignments.Count == 0 ? session.Model.GetOperation(initial, session.Cancellation) : null;
        }

        return constructors.Count == 1 && member.ContainingType.InstanceConstructors.Length == 1 && assignments is [{ Parent: ExpressionStatementSyntax statement } only]
            && statement.Parent == constructors[0].Body
                ? session.Model.GetOperation(only.Right, session.Cancellation) : null;
    }

    private static string? NameOf(ExpressionSyntax expression) => expression switch
    {
        IdentifierNameSyntax name => name.Identifier.ValueText,
        MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax } member => member.Name.Identifier.ValueText,
        _ => null,
    };
}
