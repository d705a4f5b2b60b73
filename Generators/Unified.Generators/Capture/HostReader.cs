using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Microsoft.CodeAnalysis.Text;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>What an expression needs in order to be evaluated outside of the graph.</summary>
/// <param name="IsPure">Nothing in it belongs to the graph, and it changes no variable: its text can be a thunk.</param>
/// <param name="Locals">Locals and parameters of the method that it reads, in order of first use.</param>
/// <param name="UsesNumbers">One of them is a number or bool, and so perhaps a symbolic size.</param>
internal sealed record HostReading(bool IsPure, ImmutableArray<ISymbol> Locals, bool UsesNumbers);

/// <summary>Turns an operation tree into the answer whether it is host code, and over which locals.</summary>
internal sealed class HostReader(CaptureSession session)
{
    private HashSet<ISymbol>? _assigned;

    /// <summary>The variable is assigned somewhere after its declaration.</summary>
    public bool IsAssigned(ISymbol variable) => (_assigned ??= new(
        session.Bodies.SelectMany(b => b.Descendants()).SelectMany(Written).SelectMany(o => o.DescendantsAndSelf())
            .Select(o => o switch { ILocalReferenceOperation l => (ISymbol)l.Local, IParameterReferenceOperation p => p.Parameter, _ => null }).OfType<ISymbol>(),
        SymbolEqualityComparer.Default)).Contains(variable);

    /// <summary>A further body is captured in this method.</summary>
    public void AddBody(IOperation body)
    {
        session.Bodies.Add(body);
        _assigned = null;
    }

    public HostReading Read(IOperation operation) => Read(operation, operation.Syntax.Span);

    /// <param name="scope">Variables declared in this span need not be known from outside.</param>
    public HostReading Read(IOperation operation, TextSpan scope)
    {
        var locals = ImmutableArray.CreateBuilder<ISymbol>();
        var isPure = Walk(operation, scope, locals);
        return new HostReading(isPure, locals.ToImmutable(), locals.Any(l => HostArithmetic.IsNumber(TypeOf(l))));
    }

    public static ITypeSymbol? TypeOf(ISymbol local) => local switch
    {
        ILocalSymbol l => l.Type,
        IParameterSymbol p => p.Type,
        _ => null,
    };

    /// <summary>The operation itself, whatever its operands are, belongs to the graph or changes a variable.</summary>
    public bool BelongsToGraph(IOperation operation, TextSpan scope) => operation switch
    {
        ILocalReferenceOperation l => !IsDeclaredIn(l.Local, scope) && !IsHostLocal(l.Local),
        IParameterReferenceOperation p => IsDeclaredIn(p.Parameter, scope) ? false
            : IsOwnParameter(p.Parameter) ? !IsHostLocal(p.Parameter)
            : p.Parameter.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.AnonymousFunction or MethodKind.LocalFunction },
        IInvocationOperation i => i.TargetMethod.MethodKind == MethodKind.LocalFunction
            || session.Types.BelongsToGraph(i.TargetMethod)
            || HostCallCapture.IsEager(i.TargetMethod)
            || ((!TypeClassifier.IsSystem(i.TargetMethod) || i.TargetMethod.MethodKind == MethodKind.DelegateInvoke) && HasTensors(i))
            || IsReadOfAggregate(operation)
            || IsGraphQuery(i),
        IMethodReferenceOperation m => m.Method.MethodKind == MethodKind.LocalFunction || session.Types.BelongsToGraph(m.Method)
            || (!TypeClassifier.IsSystem(m.Method) && HasTensors(m.Method)),
        IPropertyReferenceOperation p => session.Types.BelongsToGraph(p.Property) || IsComputedTensor(p) || IsReadOfAggregate(operation),
        IFieldReferenceOperation or IArrayElementReferenceOperation or IImplicitIndexerReferenceOperation => IsReadOfAggregate(operation),
        IBinaryOperation b => IsGraphOperator(b.OperatorMethod) || IsNullTestOfGraphValue(b),
        IIsPatternOperation p => IsNullTestOfGraphValue(p),
        IUnaryOperation u => IsGraphOperator(u.OperatorMethod),
        IConversionOperation c => IsGraphOperator(c.OperatorMethod),
        IObjectCreationOperation o => session.Types.IsOrHoldsTensors(o.Type) || o.Arguments.Any(a => session.Types.IsOrHoldsTensors(a.Value.Type)),
        IWithOperation w => IsAggregateOfGraph(w.Operand),
        IArrayCreationOperation or ICollectionExpressionOperation or ITupleOperation => session.Types.IsOrHoldsTensors(operation.Type),
        IAssignmentOperation a => a.Parent is not IObjectOrCollectionInitializerOperation,
        IInstanceReferenceOperation self => session.Members.IsOfGraph(self),
        IConditionalAccessInstanceOperation => !scope.Contains(operation.Syntax.Span),
        IIncrementOrDecrementOperation or IAwaitOperation or IAddressOfOperation or IInvalidOperation => true,
        IArgumentOperation { Parameter.RefKind: RefKind.Out or RefKind.Ref, Value: ILocalReferenceOperation l } => !IsDeclaredIn(l.Local, scope),
        IArgumentOperation { Parameter.RefKind: RefKind.Out or RefKind.Ref, Value: IParameterReferenceOperation p } => !IsDeclaredIn(p.Parameter, scope),
        _ => false,
    };

    /// <summary>The value is a list, tuple or shape that lives in the graph.</summary>
    public bool IsAggregateOfGraph(IOperation? operation)
    {
        operation = operation is null ? null : Unwrap(operation);
        return operation switch
        {
            null => false,
            ILocalReferenceOperation l => KindOfLocal(l.Local) == ValueKind.Aggregate,
            IParameterReferenceOperation p => KindOfLocal(p.Parameter) == ValueKind.Aggregate,
            IPropertyReferenceOperation p when session.Types.IntrinsicOf(p.Property) == "shape" => true,
            IInstanceReferenceOperation self => session.Members.IsOfGraph(self),
            IConditionalAccessInstanceOperation => session.Expressions.Conditionals.IsAccessedInGraph,
            _ => session.Types.KindOf(operation.Type) == ValueKind.Aggregate && BelongsToGraph(operation, operation.Syntax.Span),
        };
    }

    /// <summary>The operand below implicit conversions.</summary>
    public static IOperation Unwrap(IOperation operation)
    {
        while (operation is IConversionOperation { IsImplicit: true } conversion)
        {
            operation = conversion.Operand;
        }

        return operation;
    }

    /// <summary>The operand of <c>is null</c>, <c>is not null</c>, <c>== null</c> or <c>!= null</c>.</summary>
    public static (IOperation Value, bool Negated)? NullTest(IOperation operation) => operation switch
    {
        IIsPatternOperation { Pattern: IConstantPatternOperation { Value.ConstantValue: { HasValue: true, Value: null } } } p => (p.Value, false),
        IIsPatternOperation { Pattern: INegatedPatternOperation { Pattern: IConstantPatternOperation { Value.ConstantValue: { HasValue: true, Value: null } } } } p =>
            (p.Value, true),
        IBinaryOperation { OperatorKind: BinaryOperatorKind.Equals or BinaryOperatorKind.NotEquals, OperatorMethod: null } b =>
            b.RightOperand.ConstantValue is { HasValue: true, Value: null } ? (b.LeftOperand, b.OperatorKind == BinaryOperatorKind.NotEquals)
            : b.LeftOperand.ConstantValue is { HasValue: true, Value: null } ? (b.RightOperand, b.OperatorKind == BinaryOperatorKind.NotEquals)
            : null,
        _ => null,
    };

    public bool HasTensors(IInvocationOperation call) =>
        session.Types.IsOrHoldsTensors(call.Type)
        || session.Types.IsOrHoldsTensors(call.Instance?.Type)
        || call.Arguments.Any(a => session.Types.IsOrHoldsTensors(Unwrap(a.Value).Type));

    /// <summary>A query such as <c>layers.Select(l => l.Forward(x))</c>: the list may be the host's, what is computed from it is not.</summary>
    public bool IsGraphQuery(IInvocationOperation call) =>
        call.TargetMethod is { Name: "Select" or "Aggregate", ContainingType.Name: "Enumerable" } && TypeClassifier.IsSystem(call.TargetMethod)
        && session.Types.IsOrHoldsTensors(call.Type)
        && call.Arguments.Any(a => a.Value.Type?.TypeKind == TypeKind.Delegate && IsGraphFunction(a.Value));

    private bool IsGraphFunction(IOperation function) => function switch
    {
        IDelegateCreationOperation creation => IsGraphFunction(creation.Target),
        IConversionOperation conversion => IsGraphFunction(conversion.Operand),
        IAnonymousFunctionOperation lambda => !Read(lambda).IsPure,
        _ => BelongsToGraph(function, function.Syntax.Span),
    };

    public bool IsOwnParameter(IParameterSymbol parameter) => SymbolEqualityComparer.Default.Equals(parameter.ContainingSymbol, session.Method)
        || session.Writer.Find(parameter) is not null || session.Writer.FindFunction(parameter) is not null;

    private bool Walk(IOperation operation, TextSpan scope, ImmutableArray<ISymbol>.Builder locals)
    {
        if (BelongsToGraph(operation, scope))
        {
            return false;
        }

        var local = operation switch
        {
            ILocalReferenceOperation l when !IsDeclaredIn(l.Local, scope) => (ISymbol)l.Local,
            IParameterReferenceOperation p when IsOwnParameter(p.Parameter) && !IsDeclaredIn(p.Parameter, scope) => p.Parameter,
            _ => null,
        };
        if (local is not null && !locals.Contains(local, SymbolEqualityComparer.Default))
        {
            locals.Add(local);
        }

        foreach (var child in operation.ChildOperations)
        {
            if (!Walk(child, scope, locals))
            {
                return false;
            }
        }

        return true;
    }

    private static IEnumerable<IOperation> Written(IOperation operation) => operation switch
    {
        IAssignmentOperation a => [a.Target],
        IIncrementOrDecrementOperation i => [i.Target],
        IForLoopOperation f => f.AtLoopBottom.SelectMany(Written),
        IArgumentOperation { Parameter.RefKind: RefKind.Ref or RefKind.Out } a => [a.Value],
        _ => [],
    };

    private bool IsHostLocal(ISymbol symbol) => KindOfLocal(symbol) == ValueKind.Host;

    private ValueKind? KindOfLocal(ISymbol symbol) => session.Writer.Find(symbol) is { } local ? session.Writer[local].Type.Kind : null;

    private bool IsReadOfAggregate(IOperation operation) => IsAggregateOfGraph(operation switch
    {
        IInvocationOperation i => i.Instance ?? (i.TargetMethod.IsExtensionMethod ? i.Arguments.FirstOrDefault()?.Value : null),
        IPropertyReferenceOperation p => p.Instance,
        IFieldReferenceOperation f => f.Instance,
        IArrayElementReferenceOperation a => a.ArrayReference,
        IImplicitIndexerReferenceOperation i => i.Instance,
        _ => null,
    });

    private bool IsNullTestOfGraphValue(IOperation operation) =>
        NullTest(operation) is var (value, _)
        && Unwrap(value) is var inner
        && (IsAggregateOfGraph(inner) || (session.Types.IsOrHoldsTensors(inner.Type) && BelongsToGraph(inner, inner.Syntax.Span)));

    private bool IsGraphOperator(IMethodSymbol? method) => method is not null && (session.Types.BelongsToGraph(method) || HasTensors(method));

    private bool HasTensors(IMethodSymbol method) =>
        session.Types.IsOrHoldsTensors(method.ReturnType) || method.Parameters.Any(p => session.Types.IsOrHoldsTensors(p.Type));

    // A tensor made at each read would be made outside of the graph, where no gradient reaches it.
    private bool IsComputedTensor(IPropertyReferenceOperation property) =>
        session.Types.IsTensor(property.Type)
        && !session.Types.IsParameterTensor(property.Type)
        && !TypeClassifier.IsSystem(property.Property)
        && !GuardRule.IsStored(property.Property);

    private static bool IsDeclaredIn(ISymbol symbol, TextSpan scope) =>
        symbol.DeclaringSyntaxReferences.Any(r => scope.Contains(r.Span)) || symbol.DeclaringSyntaxReferences.IsEmpty;
}
