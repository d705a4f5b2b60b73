using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>A function as a value that is known while capturing: a lambda or local function with what its names mean, or a method.</summary>
/// <param name="Body">Null for a method that is called.</param>
/// <param name="Receiver">The object of a method group, already evaluated.</param>
internal sealed record FunctionValue(IMethodSymbol Method, IBlockOperation? Body, NameScope? Scope, Captured? Receiver = null, IMethodReferenceOperation? Group = null);

/// <summary>
/// Turns calls of local functions and lambdas into their bodies at the place of the call. Captured variables are the caller's own, so
/// that assignments to them mean what they mean in C#. A variable holds a function only from its declaration on and unchanged.
/// </summary>
internal sealed class FunctionCapture
{
    private const int DepthLimit = 32;

    private readonly CaptureSession _session;
    private readonly RecursionCapture _recursions;

    private readonly Dictionary<IMethodSymbol, IBlockOperation?> _local = new(SymbolEqualityComparer.Default);
    private readonly Stack<IBlockOperation> _open = new();
    private readonly Stack<List<ValueKind>> _returned = new();

    public FunctionCapture(CaptureSession session)
    {
        _session = session;
        _recursions = new RecursionCapture(session, this);
    }

    /// <summary>The body of another function is captured: its returns are not the method's.</summary>
    public bool IsInlining => _open.Count > 0;

    /// <summary>The local function that stands in this statement. It does nothing until it is called.</summary>
    public void Declare(ILocalFunctionOperation function) => _local[function.Symbol] = function.Body;

    /// <summary>The function that the expression is, where that can be said without running it.</summary>
    public FunctionValue? Find(IOperation value)
    {
        switch (value)
        {
            case IDelegateCreationOperation creation:
                return Find(creation.Target);
            case IConversionOperation { OperatorMethod: null } conversion:
                return Find(conversion.Operand);
            case IAnonymousFunctionOperation lambda:
                return new FunctionValue(lambda.Symbol, lambda.Body, _session.Writer.Scope);
            case ILocalReferenceOperation local:
                return _session.Writer.FindFunction(local.Local);
            case IParameterReferenceOperation parameter:
                return _session.Writer.FindFunction(parameter.Parameter);
            case IMethodReferenceOperation { Method.MethodKind: MethodKind.LocalFunction } reference:
                return new FunctionValue(reference.Method, BodyOf(reference.Method), _session.Writer.Scope);
            case IMethodReferenceOperation { Method: var group } when group.Parameters.Any(ArgumentParts.IsHandedBack):
                return null;
            case IMethodReferenceOperation reference when _session.Types.OpOf(reference.Method) is not null || _session.Types.IsStaticGraph(reference.Method):
                return new FunctionValue(
                    reference.Method, null, null, reference.Instance is { } instance ? _session.Expressions.Capture(instance) : null, reference);
            default:
                return null;
        }
    }

    /// <summary>The call of a local function, or of a delegate that is known.</summary>
    public Captured? Call(IInvocationOperation call)
    {
        var function = call.TargetMethod.MethodKind == MethodKind.LocalFunction
            ? new FunctionValue(call.TargetMethod, BodyOf(call.TargetMethod), _session.Writer.Scope)
            : call is { TargetMethod.MethodKind: MethodKind.DelegateInvoke, Instance: { } instance } ? Find(instance) : null;
        return function is null ? null : Invoke(function, call, call.Arguments);
    }

    /// <summary>Calls a function on values that are there already.</summary>
    public Captured Call(FunctionValue function, IOperation place, ImmutableArray<Captured> arguments)
    {
        if (function.Body is null)
        {
            return CallMethod(function, place, arguments);
        }

        return Inline(function, place, () =>
        {
            foreach (var (parameter, argument) in function.Method.Parameters.Zip(arguments, (p, a) => (p, a)))
            {
                Bind(parameter, argument);
            }
        });
    }

    /// <summary>
    /// The getter of a computed property of <c>this</c>, as its body; null where another body could run, or where it cannot be seen from here.
    /// </summary>
    public Captured? Getter(IPropertyReferenceOperation read)
    {
        var property = read.Property;
        if (read.Instance is not (null or IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance })
            || !SymbolEqualityComparer.Default.Equals(property.ContainingType, _session.Method.ContainingType)
            || property.IsVirtual || property.IsAbstract || property.IsOverride
            || property.GetMethod is not { } getter
            || property.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(_session.Cancellation) is not PropertyDeclarationSyntax syntax
            || syntax.SyntaxTree != _session.Model.SyntaxTree
            || (read.Instance is not null && _session.Method.IsStatic))
        {
            return null;
        }

        _session.LooksAround = true;
        SyntaxNode? written = syntax.ExpressionBody ?? (SyntaxNode?)syntax.AccessorList?.Accessors.FirstOrDefault(a => a.IsKind(SyntaxKind.GetAccessorDeclaration));
        var operation = written is null ? null : _session.Model.GetOperation(written, _session.Cancellation);
        var body = operation is IMethodBodyOperation whole ? whole.BlockBody ?? whole.ExpressionBody : operation as IBlockOperation;
        // The field of the keyword "field" has no name outside of its property.
        if (body is null || body.Descendants().Any(o => o is IInvalidOperation or IFieldReferenceOperation { Field: { IsImplicitlyDeclared: true, AssociatedSymbol: IPropertySymbol } }))
        {
            return null;
        }

        _session.Hosts.AddBody(body);
        return Inline(new FunctionValue(getter, body, NameScope.Empty), read, () => { });
    }

    /// <summary>A user's operator on objects with tensors, as its body; null where it cannot be seen from here.</summary>
    public Captured? Operator(IMethodSymbol? method, IOperation place, params IOperation[] operands)
    {
        if (method is not { IsStatic: true, MethodKind: MethodKind.UserDefinedOperator or MethodKind.Conversion }
            || !(_session.Types.IsOrHoldsTensors(method.ReturnType) || method.Parameters.Any(p => _session.Types.IsOrHoldsTensors(p.Type)))
            || method.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(_session.Cancellation) is not BaseMethodDeclarationSyntax syntax
            || syntax.SyntaxTree != _session.Model.SyntaxTree
            || BodyAround(syntax) is not { } body
            || body.Descendants().Any(o => o is IInvalidOperation || IsOfItsTypeAlone(o, method.ContainingType)))
        {
            return null;
        }

        _session.Hosts.AddBody(body);
        var values = operands.Select(_session.Expressions.Aggregates.Argument).ToImmutableArray();
        return values.Any(v => v.IsMissing)
            ? Captured.Missing(_session.Types.KindOf(method.ReturnType))
            : Call(new FunctionValue(method, body, NameScope.Empty), place, values);
    }

    private IBlockOperation? BodyAround(BaseMethodDeclarationSyntax syntax)
    {
        _session.LooksAround = true;
        return _session.Model.GetOperation(syntax, _session.Cancellation) is IMethodBodyOperation whole ? whole.BlockBody ?? whole.ExpressionBody : null;
    }

    // Host code in the body is evaluated outside of the type: it cannot see what is private there, nor static members by their plain names.
    public static bool IsOfItsTypeAlone(IOperation operation, INamedTypeSymbol owner)
    {
        ISymbol? member = operation switch
        {
            IMemberReferenceOperation m => m.Member,
            IInvocationOperation i => i.TargetMethod,
            _ => null,
        };
        return SymbolEqualityComparer.Default.Equals(operation.Type?.ContainingType, owner)
            || (member is not null && SymbolEqualityComparer.Default.Equals(member.ContainingType, owner)
                && (member.IsStatic || member.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Internal)));
    }

    /// <summary>Remembers what a return inside of an inlined function gives.</summary>
    public void NoteReturn(ValueKind kind)
    {
        if (_returned.Count > 0)
        {
            _returned.Peek().Add(kind);
        }
    }

    /// <summary>Calls a function on arguments as they are written.</summary>
    public Captured Invoke(FunctionValue function, IOperation call, ImmutableArray<IArgumentOperation> arguments)
    {
        if (function.Body is null)
        {
            var values = arguments.OrderBy(a => a.Parameter!.Ordinal).Select(a => _session.Expressions.Aggregates.Argument(a.Value)).ToImmutableArray();
            return values.Any(v => v.IsMissing) ? Captured.Missing(_session.Types.KindOf(call.Type)) : CallMethod(function, call, values);
        }

        if (_recursions.IsRecursive(function))
        {
            return _recursions.Call(function, call, arguments);
        }

        // In the order of the source, before any parameter has its name.
        var bindings = new List<Action>();
        var failed = false;
        foreach (var argument in arguments)
        {
            var parameter = function.Method.Parameters[argument.Parameter!.Ordinal];
            if (parameter.RefKind is RefKind.Ref or RefKind.Out)
            {
                failed |= Variable(argument) is not { } variable || Add(() => _session.Writer.Alias(parameter, variable));
                continue;
            }

            if (argument.Value.Type?.TypeKind == TypeKind.Delegate && Find(argument.Value) is { } passed)
            {
                Add(() => _session.Writer.DeclareFunction(parameter, passed));
                continue;
            }

            var value = _session.Expressions.Aggregates.Argument(argument.Value);
            failed |= value.IsMissing;
            Add(() => Bind(parameter, value));
        }

        return failed ? Captured.Missing(_session.Types.KindOf(call.Type)) : Inline(function, call, () => bindings.ForEach(b => b()));

        bool Add(Action binding)
        {
            bindings.Add(binding);
            return false;
        }
    }

    private void Bind(IParameterSymbol parameter, Captured value)
    {
        var local = _session.Writer.Declare(parameter, _session.Types.Of(parameter.Type, value.Kind));
        _session.Writer.Emit(new StoreInstruction(local, value.Register));
    }

    /// <summary>The local behind a ref or out argument.</summary>
    public int? Variable(IArgumentOperation argument)
    {
        var target = argument.Value is IDeclarationExpressionOperation { Expression: var declared } ? declared : argument.Value;
        switch (target)
        {
            case ILocalReferenceOperation { IsDeclaration: true } local:
                return _session.Writer.Declare(local.Local, _session.Types.Of(local.Local.Type));
            case IDiscardOperation discard:
                return _session.Writer.DeclareTemporary(_session.Types.Of(discard.Type));
            case ILocalReferenceOperation local when _session.Writer.Find(local.Local) is { } known:
                return known;
            case IParameterReferenceOperation parameter when _session.Writer.Find(parameter.Parameter) is { } known:
                return known;
            default:
                _session.Report("UG002", argument.Syntax, "A ref or out argument that is no variable", "pass a local variable, or return a tuple");
                return null;
        }
    }

    /// <summary>Captures something in the names and as a part of the function.</summary>
    public Captured Within(FunctionValue function, Func<Captured> capture)
    {
        var outer = _session.Writer.Scope;
        _session.Writer.Scope = function.Scope!;
        _open.Push(function.Body!);
        try
        {
            return _session.Statements.Usings.Within(isLoop: false, capture);
        }
        finally
        {
            _open.Pop();
            _session.Writer.Scope = outer;
        }
    }

    private Captured Inline(FunctionValue function, IOperation place, Action bind)
    {
        var kind = _session.Types.KindOf(function.Method.ReturnType);
        var body = function.Body!;
        if (Fault(function.Method, body) is { } fault)
        {
            return _session.Refuse("UG008", place, fault);
        }

        return Within(function, () =>
        {
            bind();
            return IsStraight(body) ? Straight(body, kind) : Returning(body, kind, place);
        });
    }

    private string? Fault(IMethodSymbol method, IBlockOperation body) =>
        method.IsAsync ? "An async function"
        : method.IsGenericMethod ? $"The generic local function '{method.Name}'"
        : body.Descendants().Any(o => o.Kind is OperationKind.YieldReturn or OperationKind.YieldBreak) ? $"The iterator '{method.Name}'"
        : _open.Contains(body) && (method.MethodKind != MethodKind.AnonymousFunction || _open.Count > DepthLimit) ? $"The recursive function '{method.Name}'"
        : _open.Count > DepthLimit ? "A function that nests this deep"
        : null;

    private Captured Straight(IBlockOperation body, ValueKind kind)
    {
        var statements = body.Operations;
        var last = statements.LastOrDefault() as IReturnOperation;
        foreach (var statement in statements.Take(last is null ? statements.Length : statements.Length - 1))
        {
            _session.Statements.Capture(statement);
        }

        return last?.ReturnedValue is { } value ? _session.Expressions.Capture(value) : Captured.Missing(kind);
    }

    /// <summary>The body of a function as a block of its own, which a return in it ends.</summary>
    /// <param name="first">What is done at its begin.</param>
    public Captured Returning(IBlockOperation body, ValueKind kind, IOperation place, Action? first = null)
    {
        _returned.Push([]);
        var block = _session.Writer.InBlock(() =>
        {
            first?.Invoke();
            _session.Statements.Capture(body);
        });
        var kinds = _returned.Pop();
        if (kind == ValueKind.Void)
        {
            _session.Writer.Emit(new InlineInstruction(Instruction.None, block, _session.Place(place)));
            return Captured.Missing(kind);
        }

        var register = _session.Writer.Emit(r => new InlineInstruction(r, block, _session.Place(place)));
        return new(register, kind == ValueKind.Host && kinds.Contains(ValueKind.Aggregate) ? ValueKind.Aggregate : kind);
    }

    private Captured CallMethod(FunctionValue function, IOperation place, ImmutableArray<Captured> arguments) =>
        _session.Types.OpOf(function.Method) is { } op
            ? _session.Expressions.Calls.Apply(op, place, function.Method, arguments)
            : _session.Expressions.Calls.StaticGraph(function.Group!, function.Receiver, arguments, place);

    /// <summary>Nothing returns before the end, so that the body needs no block of its own.</summary>
    private static bool IsStraight(IBlockOperation body) =>
        !body.Operations.Any(o => o is IUsingDeclarationOperation)
        && body.Operations.Take(Math.Max(0, body.Operations.Length - (body.Operations.LastOrDefault() is IReturnOperation ? 1 : 0))).All(s => !Returns(s));

    private static bool Returns(IOperation operation) =>
        operation is IReturnOperation
        || (operation is not (IAnonymousFunctionOperation or ILocalFunctionOperation) && operation.ChildOperations.Any(Returns));

    // A local function may be called before the statement that it stands in.
    public IBlockOperation? BodyOf(IMethodSymbol function)
    {
        function = function.OriginalDefinition;
        if (!_local.TryGetValue(function, out var body))
        {
            var syntax = function.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(_session.Cancellation);
            _local[function] = body = syntax is null ? null : (_session.Model.GetOperation(syntax, _session.Cancellation) as ILocalFunctionOperation)?.Body;
        }

        return body;
    }
}
