using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns an expression into instructions that leave its value in a register: host code as a thunk, the rest by its kind.</summary>
internal sealed class ExpressionCapture
{
    private readonly CaptureSession _session;
    private readonly ImmutableDictionary<OperationKind, Func<IOperation, Captured>> _rows;

    public ExpressionCapture(CaptureSession session)
    {
        _session = session;
        Calls = new TensorCallCapture(session);
        Reads = new MemberCapture(session);
        Aggregates = new AggregateCapture(session);
        Lists = new ListCapture(session);
        Records = new RecordCapture(session);
        Dictionaries = new DictionaryCapture(session);
        Conditionals = new ConditionalCapture(session);
        Assignments = new AssignmentCapture(session);
        _rows = new Dictionary<OperationKind, Func<IOperation, Captured>>
        {
            [OperationKind.Invocation] = o => Calls.Invocation((IInvocationOperation)o),
            [OperationKind.PropertyReference] = o => Reads.Property((IPropertyReferenceOperation)o),
            [OperationKind.FieldReference] = o => Reads.Field((IFieldReferenceOperation)o),
            [OperationKind.ArrayElementReference] = o => Reads.ArrayElement((IArrayElementReferenceOperation)o),
            [OperationKind.ImplicitIndexerReference] = o => Reads.ImplicitIndexer((IImplicitIndexerReferenceOperation)o),
            [OperationKind.Binary] = o => Conditionals.Binary((IBinaryOperation)o),
            [OperationKind.IsPattern] = o => Conditionals.IsPattern((IIsPatternOperation)o),
            [OperationKind.Unary] = o => Calls.Unary((IUnaryOperation)o),
            [OperationKind.Conversion] = o => Conversion((IConversionOperation)o),
            [OperationKind.Conditional] = o => Conditionals.Conditional((IConditionalOperation)o),
            [OperationKind.ConditionalAccess] = o => Conditionals.Access((IConditionalAccessOperation)o),
            [OperationKind.Coalesce] = o => Conditionals.Coalesce((ICoalesceOperation)o),
            [OperationKind.SwitchExpression] = o => Conditionals.Switch((ISwitchExpressionOperation)o),
            [OperationKind.SimpleAssignment] = o => Assignments.Simple((ISimpleAssignmentOperation)o),
            [OperationKind.CompoundAssignment] = o => Assignments.Compound((ICompoundAssignmentOperation)o),
            [OperationKind.CoalesceAssignment] = o => Assignments.Coalesce((ICoalesceAssignmentOperation)o),
            [OperationKind.Increment] = o => Assignments.Increment((IIncrementOrDecrementOperation)o),
            [OperationKind.Decrement] = o => Assignments.Increment((IIncrementOrDecrementOperation)o),
            [OperationKind.DeconstructionAssignment] = o => Assignments.Deconstruction((IDeconstructionAssignmentOperation)o),
            [OperationKind.Tuple] = o => Aggregates.List(((ITupleOperation)o).Elements, o),
            [OperationKind.ArrayCreation] = o => Aggregates.Array((IArrayCreationOperation)o),
            [OperationKind.CollectionExpression] = o => Aggregates.Collection((ICollectionExpressionOperation)o),
            [OperationKind.ObjectCreation] = o => Aggregates.Object((IObjectCreationOperation)o),
            [OperationKind.With] = o => Records.With((IWithOperation)o),
            [OperationKind.LocalReference] = o => Local(((ILocalReferenceOperation)o).Local, o),
            [OperationKind.ParameterReference] = o => Local(((IParameterReferenceOperation)o).Parameter, o),
        }.ToImmutableDictionary();
    }

    public TensorCallCapture Calls { get; }

    public MemberCapture Reads { get; }

    public AggregateCapture Aggregates { get; }

    public ListCapture Lists { get; }

    public RecordCapture Records { get; }

    public DictionaryCapture Dictionaries { get; }

    public ConditionalCapture Conditionals { get; }

    public AssignmentCapture Assignments { get; }

    /// <summary>The value of the expression. After a reported error the register is missing, and nothing more is reported about it.</summary>
    public Captured Capture(IOperation operation)
    {
        _session.Cancellation.ThrowIfCancellationRequested();
        if (operation.ConstantValue.HasValue)
        {
            return Constant(operation, operation.ConstantValue.Value);
        }

        switch (operation)
        {
            case IInvalidOperation:
                _session.IsBroken = true;
                return Captured.Missing(ValueKind.Void);
            case IThrowOperation:
                return Throw((IThrowOperation)operation);
            case IConversionOperation { IsImplicit: true } conversion when ChangesNothing(conversion):
                return Capture(conversion.Operand);
            case IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } self:
                return _session.Members.This(self) ?? new(_session.Writer.Load(0), _session.Writer[0].Type.Kind);
            case IConditionalAccessInstanceOperation accessed:
                return Conditionals.Accessed(accessed);
            case ILocalReferenceOperation { IsDeclaration: false } local:
                return Local(local.Local, local);
            case IParameterReferenceOperation parameter when _session.Hosts.IsOwnParameter(parameter.Parameter):
                return Local(parameter.Parameter, parameter);
        }

        var reading = _session.Hosts.Read(operation);
        var isStructured = !reading.IsPure || operation.DescendantsAndSelf().Any(o => Conditionals.NamedTensor(o) is not null) || (reading.UsesNumbers && CarriesSizes(operation));
        if (isStructured && HostArithmetic.Find(operation) is { } step)
        {
            return Arithmetic(step, operation);
        }

        return isStructured && _rows.TryGetValue(operation.Kind, out var row) ? row(operation) : Host(operation);
    }

    /// <summary>A host value as a thunk; what belongs to the graph by itself and has no row is an error.</summary>
    public Captured Host(IOperation operation) =>
        operation is IDelegateCreationOperation or IAnonymousFunctionOperation ? _session.Refuse("UG008", operation, "A lambda or delegate")
        : _session.Hosts.BelongsToGraph(operation, operation.Syntax.Span) ? _session.Refuse("UG002", operation, Quote(operation), "compute it outside and pass it in")
        : _session.Thunks.Capture(operation);

    /// <summary>Registers of several expressions, evaluated in order; null when one of them failed.</summary>
    public ImmutableArray<int>? Capture(IEnumerable<IOperation> operations)
    {
        var values = operations.Select(Capture).ToList();
        return values.Any(v => v.IsMissing) ? null : [.. values.Select(v => v.Register)];
    }

    public static string Quote(IOperation operation) => $"'{Places.OneLine(operation.Syntax.ToString(), 60)}'";

    // A read of a field is the same thunk whatever base type it is read as; a collection expression has its type already.
    private static bool ChangesNothing(IConversionOperation conversion) =>
        conversion.Operand is ICollectionExpressionOperation or IThrowOperation
        || (conversion.Operand.Type is not null && conversion.Conversion is { IsUserDefined: false } kind && (kind.IsReference || kind.IsIdentity));

    // Whether the operation is worth taking apart, so that a size stays symbolic through it.
    private static bool CarriesSizes(IOperation operation) =>
        HostArithmetic.Find(operation) is not null
        || operation is IConditionalOperation or ITupleOperation
        || operation is IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.ConditionalOr, OperatorMethod: null }
        || (operation is IArrayCreationOperation { Initializer: not null, Type: IArrayTypeSymbol { Rank: 1 } array } && HostArithmetic.IsNumber(array.ElementType))
        || (operation is ICollectionExpressionOperation { Type: IArrayTypeSymbol { ElementType: var element } } && HostArithmetic.IsNumber(element));

    private Captured Constant(IOperation operation, object? value)
    {
        var kind = _session.Types.KindOf(operation.Type);
        kind = kind == ValueKind.Void ? ValueKind.Host : kind;
        var isLiteral = operation.Type?.TypeKind != TypeKind.Enum && value is null or bool or int or long or float or double or string;
        return isLiteral ? new(_session.Writer.Literal(value), kind) : _session.Thunks.Capture(operation);
    }

    private Captured Local(ISymbol symbol, IOperation operation)
    {
        if (_session.Writer.Find(symbol) is { } local)
        {
            return new(_session.Writer.Load(local), _session.Writer[local].Type.Kind);
        }

        return _session.Writer.FindFunction(symbol) is null
            ? _session.Refuse("UG015", operation, symbol.Name)
            : _session.Refuse("UG008", operation, $"The function in '{symbol.Name}', used as an object,");
    }

    private Captured Arithmetic(HostStep step, IOperation operation) => Capture(step.Operands) is { } operands
        ? new(_session.Writer.Emit(r => new HostInstruction(r, step.Operator, step.Type, operands, _session.Place(operation))), ValueKind.Host)
        : Captured.Missing(ValueKind.Host);

    private Captured Conversion(IConversionOperation conversion)
    {
        if (_session.Types.OpOf(conversion.OperatorMethod) is { } op)
        {
            return Calls.Apply(op, conversion, conversion.OperatorMethod!, [conversion.Operand]);
        }

        if (_session.Types.IntrinsicOf(conversion.OperatorMethod) == "truth")
        {
            return Capture(conversion.Operand) with { Kind = ValueKind.Tensor };
        }

        if (_session.Types.IntrinsicOf(conversion.OperatorMethod) == "number")
        {
            return Calls.Number(conversion);
        }

        if (_session.Functions.Operator(conversion.OperatorMethod, conversion, conversion.Operand) is { } inlined)
        {
            return inlined;
        }

        var kind = _session.Types.KindOf(conversion.Type);
        var operandKind = _session.Types.KindOf(conversion.Operand.Type);
        if (conversion.OperatorMethod is not null && kind == ValueKind.Tensor && operandKind == ValueKind.Host)
        {
            return _session.Refuse("UG003", conversion, $"conversion to {conversion.Type!.Name}", TensorCallCapture.OperatorInstead);
        }

        var isGraphValue = operandKind is ValueKind.Tensor or ValueKind.Aggregate || _session.Hosts.IsAggregateOfGraph(conversion.Operand);
        if (!isGraphValue && !conversion.IsImplicit)
        {
            return Host(conversion);
        }

        if (isGraphValue && !conversion.IsImplicit && !conversion.Conversion.IsIdentity)
        {
            return _session.Refuse("UG002", conversion, $"The cast {Quote(conversion)}", "declare the value with the type it has");
        }

        // Lists, shapes and tuples go on as they are; so do references and boxes of host values.
        if (isGraphValue || conversion.Conversion is { IsUserDefined: false, IsNumeric: false })
        {
            return Capture(conversion.Operand);
        }

        return Host(conversion);
    }

    private Captured Throw(IThrowOperation operation)
    {
        if (operation.Exception is not { } exception)
        {
            return _session.Refuse("UG002", operation, "'throw' without an exception", "throw a new one");
        }

        if (_session.Thunks.Make(HostReader.Unwrap(exception)) is var (thunk, arguments))
        {
            _session.Writer.Emit(new ThrowInstruction(thunk, arguments, _session.Place(operation)));
        }

        return Captured.Missing(ValueKind.Void);
    }
}
