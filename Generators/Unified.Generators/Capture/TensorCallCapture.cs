using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns calls of ops, intrinsics and static graphs into Apply, Assign and Call instructions.</summary>
internal sealed class TensorCallCapture(CaptureSession session)
{
    /// <summary>What to write for an operator or conversion that no op stands behind.</summary>
    public const string OperatorInstead = "write a [StaticGraph] method that computes it, and call that";

    public Captured Invocation(IInvocationOperation call)
    {
        var method = call.TargetMethod;
        if (session.Types.IntrinsicOf(method) is { } intrinsic)
        {
            return Intrinsic(intrinsic, call);
        }

        if (session.Types.OpOf(method) is { } op)
        {
            return Apply(op, call, call.Instance, call.Arguments);
        }

        if (session.Types.IsStaticGraph(method))
        {
            return StaticGraph(call);
        }

        if (HostCallCapture.IsEager(method))
        {
            return new HostCallCapture(session).Capture(call);
        }

        if (session.Functions.Call(call) is { } inlined)
        {
            return inlined;
        }

        if (call.Instance is { } instance && session.Members.Call(call, instance, method, call.Arguments) is { } ofRecord)
        {
            return ofRecord;
        }

        if (session.Expressions.Lists.Invocation(call) is { } list)
        {
            return list;
        }

        if (session.Hosts.HasTensors(call) && (!TypeClassifier.IsSystem(method) || method.MethodKind == MethodKind.DelegateInvoke || method.Name == "ThrowIfNull"))
        {
            return method is { Name: "ThrowIfNull", ContainingType.Name: "ArgumentNullException" } ? ThrowIfNull(call) : NotAStaticGraph(call);
        }

        return session.Expressions.Host(call);
    }

    public Captured Unary(IUnaryOperation operation) =>
        session.Types.IntrinsicOf(operation.OperatorMethod) == "truth" && operation.OperatorKind == UnaryOperatorKind.True
            ? session.Expressions.Capture(operation.Operand)
        : session.Types.OpOf(operation.OperatorMethod) is { } op ? Apply(op, operation, operation.OperatorMethod!, [operation.Operand])
        : session.Types.IsTensor(operation.Operand.Type)
            ? session.Refuse("UG003", operation, $"operator {operation.Syntax.ChildTokens().FirstOrDefault()}", OperatorInstead)
            : session.Functions.Operator(operation.OperatorMethod, operation, operation.Operand) ?? session.Expressions.Host(operation);

    /// <summary>An operator: operands by the names of its parameters.</summary>
    public Captured Apply(OpCode op, IOperation operation, IMethodSymbol method, ImmutableArray<IOperation> operands)
    {
        var arguments = new List<(string, Captured)>();
        foreach (var (parameter, operand) in method.Parameters.Zip(operands, (p, o) => (p, o)))
        {
            arguments.Add((parameter.Name, session.Expressions.Capture(operand)));
        }

        return Apply(op, operation, arguments);
    }

    /// <summary>A method by its delegate, on captured values.</summary>
    public Captured Apply(OpCode op, IOperation operation, IMethodSymbol method, ImmutableArray<Captured> arguments) =>
        Apply(op, operation, [.. method.Parameters.Zip(arguments, (p, a) => (p.Name, a))]);

    /// <summary>A method or property: the receiver is the first operand, optional arguments that are not given stay out.</summary>
    public Captured Apply(OpCode op, IOperation operation, IOperation? instance, ImmutableArray<IArgumentOperation> arguments)
    {
        var named = new List<(string, Captured)>();
        if (instance is not null)
        {
            if (!session.Types.IsTensor(instance.Type))
            {
                return session.Refuse("UG003", operation, Places.OneLine(operation.Syntax.ToString(), 60), "call it on a tensor");
            }

            var first = OpTable.All.FirstOrDefault(o => o.Code == op)?.Operands.FirstOrDefault()?.Name ?? "x";
            named.Add((first, session.Expressions.Capture(instance)));
        }

        foreach (var argument in arguments.Where(a => IsGiven(op, a)))
        {
            named.Add((argument.Parameter!.Name, session.Expressions.Aggregates.Argument(argument.Value)));
        }

        return Apply(op, operation, named);
    }

    private Captured Apply(OpCode op, IOperation operation, List<(string Name, Captured Value)> arguments)
    {
        var kind = session.Types.KindOf(operation.Type);
        if (arguments.Any(a => a.Value.IsMissing))
        {
            return Captured.Missing(kind);
        }

        ImmutableArray<NamedArgument> named = [.. arguments.Select(a => new NamedArgument(a.Name, a.Value.Register))];
        return new(session.Writer.Emit(r => new ApplyInstruction(r, op, named, session.Place(operation))), kind);
    }

    // What is not written stays out, unless the op itself has no default for it.
    private static bool IsGiven(OpCode op, IArgumentOperation argument) => argument switch
    {
        { ArgumentKind: ArgumentKind.DefaultValue }
            or { ArgumentKind: ArgumentKind.ParamArray, Value: IArrayCreationOperation { Initializer: null or { ElementValues.IsEmpty: true } } }
            or { ArgumentKind: ArgumentKind.ParamCollection, Value: ICollectionExpressionOperation { Elements.IsEmpty: true } } =>
            OpTable.All.FirstOrDefault(o => o.Code == op)?.Attributes.Any(a => a.Name == argument.Parameter?.Name && a.Default is null) == true,
        _ => true,
    };

    private Captured Intrinsic(string intrinsic, IInvocationOperation call)
    {
        switch (intrinsic)
        {
            case "assign" when call.Instance is { } target && call.Arguments.Length > 0:
                var to = session.Expressions.Capture(target);
                var value = session.Expressions.Capture(call.Arguments[0].Value);
                if (!to.IsMissing && !value.IsMissing)
                {
                    session.Writer.Emit(new AssignInstruction(to.Register, value.Register, session.Place(call)));
                }

                // Assign may return its target, for chaining.
                return call.Type?.SpecialType == SpecialType.System_Void ? Captured.Missing(ValueKind.Void) : to;
            case "item" when call.Instance is { } single && HostArithmetic.NameOf(call.Type) is { } type:
                var tensor = session.Expressions.Capture(single);
                return tensor.IsMissing
                    ? Captured.Missing(ValueKind.Host)
                    : new(session.Writer.Emit(r => new HostInstruction(r, "item", type, [tensor.Register], session.Place(call))), ValueKind.Host);
            case var derivative when GradientCapture.Intrinsics.Contains(derivative):
                return GradientCapture.Capture(session, call, derivative);
            case "checkpoint":
                return CustomGradientCapture.Checkpoint(session, call);
            case "gradient_hook":
                return CustomGradientCapture.Hook(session, call);
            case "custom_gradient":
                return CustomGradientCapture.Capture(session, call);
            case "vmap":
                return VmapCapture.Capture(session, call);
            case "dispose" when call.Instance is { } disposed:
                var ended = session.Expressions.Capture(disposed);
                if (!ended.IsMissing)
                {
                    session.Writer.Emit(new DisposeInstruction(ended.Register, session.Place(call)));
                }

                return Captured.Missing(ValueKind.Void);
            case "precision":
                return session.Refuse("UG002", call, $"'{Places.OneLine(call.Syntax.ToString(), 60)}' outside of a using statement", "write using (MixedPrecision.Use(…)) { … }, or using var");
            case "zeros":
                return Filled(call, 0);
            case "ones":
                return Filled(call, 1);
            case "index" when call.Instance is { } indexed:
                return IndexCapture.Capture(session, call, indexed, IndexCapture.Items(call.Arguments));
            default:
                return session.Refuse("UG002", call, $"'{call.TargetMethod.Name}'", "compute with operators");
        }
    }

    /// <summary>A number of the host where a tensor is wanted: a constant of rank 0 and of the number's own dtype.</summary>
    public Captured Number(IConversionOperation conversion)
    {
        // Without a number there would be no tensor: a result or a variable that a graph has no word for.
        if (conversion.Operand.Type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T })
        {
            return session.Refuse("UG002", conversion, "a number that may be null as a tensor", "write its Value, or what stands for null, as in (number ?? 0)");
        }

        var value = session.Expressions.Capture(conversion.Operand);
        return value.IsMissing ? Captured.Missing(ValueKind.Tensor) : new(session.Writer.Emit(r => new ApplyInstruction(
            r, OpCode.Constant, [new("value", value.Register), new("dtype", DTypeOf(conversion.Operand.Type, conversion))], session.Place(conversion))), ValueKind.Tensor);
    }

    /// <summary><c>Tensor.Zeros(shape, dtype)</c>, <c>Tensor.Ones(shape, dtype)</c>.</summary>
    private Captured Filled(IInvocationOperation call, double number)
    {
        var arguments = new List<(string, Captured)> { ("value", new(session.Writer.Literal(number), ValueKind.Host)) };
        arguments.AddRange(call.Arguments.Select(a => (a.Parameter!.Name, session.Expressions.Aggregates.Argument(a.Value))));
        return Apply(OpCode.Full, call, arguments);
    }

    private int DTypeOf(ITypeSymbol? number, IOperation place)
    {
        var name = number?.SpecialType switch
        {
            SpecialType.System_Single => nameof(DType.F32),
            SpecialType.System_Double => nameof(DType.F64),
            SpecialType.System_Int64 => nameof(DType.I64),
            _ => nameof(DType.I32),
        };
        var type = session.Model.Compilation.GetTypeByMetadataName("Unified.Ir.DType")!;
        return session.Thunks.Evaluate($"{ThunkCapture.FullName(type)}.{name}", type, isGuard: false, place).Register;
    }

    private Captured StaticGraph(IInvocationOperation call)
    {
        var method = call.TargetMethod;
        var kind = session.Types.KindOf(method.ReturnType);
        if (IsFoundByTypes(method) && TypesOf(method).FirstOrDefault(t => !IsNameable(t)) is { } hidden)
        {
            return session.Refuse("UG002", call, $"A static graph of the type '{hidden.ToDisplayString()}', which is not seen outside of its class or file,", "make it internal");
        }

        if (SharedVariable(call) is { } shared)
        {
            return session.Refuse("UG002", shared, "A reference to what the method may reach by another name, too,", "pass a local variable of its own");
        }

        var receiver = call.Instance is { } self ? session.Expressions.Capture(self) : default(Captured?);
        var arguments = new Captured[method.Parameters.Length];
        var variables = new int?[method.Parameters.Length];
        var failed = receiver is { IsMissing: true };
        foreach (var argument in call.Arguments)
        {
            if (ArgumentParts.IsHandedBack(argument.Parameter!))
            {
                variables[argument.Parameter!.Ordinal] = session.Functions.Variable(argument);
                if (variables[argument.Parameter.Ordinal] is { } known && session.Types.StaysOfHost(argument.Parameter.Type) && session.Writer[known].Type.Kind == ValueKind.Host)
                {
                    return session.Refuse("UG004", argument, $"Assigning an object of the graph to '{argument.Value.Syntax}', which holds one of the host,", "declare a new variable for it");
                }

                failed |= variables[argument.Parameter.Ordinal] is null;
                continue;
            }

            var isApart = ArgumentParts.Of(argument.Parameter!.OriginalDefinition.Type) is not null;
            var value = !isApart && argument.Parameter.OriginalDefinition.Type is not ITypeParameterSymbol && session.Types.StaysOfHost(argument.Parameter.Type) ? session.Expressions.Records.Argument(argument)
                : argument.ArgumentKind is ArgumentKind.ParamArray or ArgumentKind.ParamCollection
                ? session.Expressions.Aggregates.Argument(argument.Value)
                : session.Expressions.Capture(argument.Value);
            failed |= value.IsMissing;
            arguments[argument.Parameter.Ordinal] = value;
        }

        if (failed)
        {
            return Captured.Missing(kind);
        }

        // What a variable holds at the call, after all arguments have been evaluated.
        foreach (var parameter in method.Parameters.Where(p => ArgumentParts.IsHandedBack(p) && ArgumentParts.IsGiven(p)))
        {
            var variable = variables[parameter.Ordinal]!.Value;
            arguments[parameter.Ordinal] = new(session.Writer.Load(variable), session.Writer[variable].Type.Kind);
        }

        var result = StaticGraph(method, call.Instance, call.IsVirtual, receiver, [.. arguments], call);
        return variables.All(v => v is null) ? result : TakeBack(method, result.Register, variables, call);
    }

    /// <summary>What a call gives apart: the variables it sets, and its result.</summary>
    private Captured TakeBack(IMethodSymbol method, int given, int?[] variables, IOperation place)
    {
        var item = 0;
        var result = method.ReturnsVoid ? Captured.Missing(ValueKind.Void) : new(Next(), session.Types.KindOf(method.ReturnType));
        foreach (var variable in variables.OfType<int>())
        {
            session.Writer.Emit(new StoreInstruction(variable, Next()));
        }

        return result;

        int Next()
        {
            var position = session.Writer.Literal(item++);
            return session.Writer.Emit(r => new ItemInstruction(r, given, position, session.Place(place)));
        }
    }

    // The method would see the one change while it works with the other.
    private static IArgumentOperation? SharedVariable(IInvocationOperation call)
    {
        var byReference = call.Arguments.Where(a => a.Parameter?.RefKind is not (null or RefKind.None))
            .Select(a => (Argument: a, Reference: References.Of(a.Value), IsHandedBack: ArgumentParts.IsHandedBack(a.Parameter!))).ToList();
        return byReference.FirstOrDefault(r => r.Reference.Kind == ReferenceKind.Shared && !r.IsHandedBack && r.Argument.Value is not (ILocalReferenceOperation or IParameterReferenceOperation)).Argument
            ?? byReference.Where(r => r.Reference.Variable is not null).GroupBy(r => r.Reference.Variable, SymbolEqualityComparer.Default)
                .FirstOrDefault(g => g.Count() > 1 && g.Any(r => r.IsHandedBack))?.Last().Argument;
    }

    /// <summary>A static graph by its method group, on captured values.</summary>
    public Captured StaticGraph(IMethodReferenceOperation group, Captured? receiver, ImmutableArray<Captured> arguments, IOperation place) =>
        receiver is { IsMissing: true }
            ? Captured.Missing(session.Types.KindOf(group.Method.ReturnType))
            : StaticGraph(group.Method, group.Instance, group.IsVirtual, receiver, arguments, place);

    private Captured StaticGraph(
        IMethodSymbol method, IOperation? instance, bool isVirtual, Captured? receiver, ImmutableArray<Captured> arguments, IOperation place)
    {
        var kind = session.Types.KindOf(method.ReturnType);
        var callee = session.Writer.AddCallee(new CalleeSource(
            0,
            method.OriginalDefinition.GetDocumentationCommentId() ?? method.ToDisplayString(),
            ThunkCapture.FullName(method.ContainingType),
            isVirtual || (method.ContainingType.TypeKind == TypeKind.Interface && !method.IsStatic),
            instance?.Syntax is BaseExpressionSyntax && (method.IsVirtual || method.IsOverride),
            CompanionNames.Of(method),
            instance?.Type is { } type ? ThunkCapture.FullName(type) : "",
            IsFoundByTypes(method) ? $"<{string.Join(", ", TypesOf(method).Select(ThunkCapture.FullName))}>" : ""));
        session.Origins.Callees[callee] = method;
        var registers = arguments.SelectMany((a, i) => !ArgumentParts.IsGiven(method.Parameters[i]) ? [] : session.Expressions.Records.TakeApart(
            a, method.OriginalDefinition.Parameters[i].Type, method.Parameters[i].Type, place));
        ImmutableArray<int> all = receiver is { } self ? [self.Register, .. registers] : [.. registers];
        var handsBack = method.Parameters.Any(ArgumentParts.IsHandedBack);
        if (kind == ValueKind.Void && !handsBack)
        {
            session.Writer.Emit(new CallInstruction(Instruction.None, callee, all, session.Place(place)));
            return Captured.Missing(kind);
        }

        return new(session.Writer.Emit(r => new CallInstruction(r, callee, all, session.Place(place))), handsBack ? ValueKind.Aggregate : kind);
    }

    /// <summary>No receiver knows the type arguments of the graph.</summary>
    public static bool IsFoundByTypes(IMethodSymbol method) => method.IsGenericMethod || (method.IsStatic && method.ContainingType is { } type && TypesOf(type).Any());

    /// <summary>The type arguments that its graph is found by, those of the containing types first.</summary>
    public static ImmutableArray<ITypeSymbol> TypesOf(IMethodSymbol method) => [.. TypesOf(method.ContainingType), .. method.TypeArguments];

    private static IEnumerable<ITypeSymbol> TypesOf(INamedTypeSymbol type) => type.Nesting().SelectMany(t => t.TypeArguments);

    private bool IsNameable(ITypeSymbol type) => type switch
    {
        ITypeParameterSymbol => true,
        IArrayTypeSymbol array => IsNameable(array.ElementType),
        INamedTypeSymbol named => !named.IsFileLocal && !named.IsAnonymousType && session.Model.Compilation.IsSymbolAccessibleWithin(named.OriginalDefinition, session.Model.Compilation.Assembly)
            && named.TypeArguments.All(IsNameable),
        _ => false,
    };

    private Captured NotAStaticGraph(IInvocationOperation call)
    {
        var method = call.TargetMethod;
        var name = method.MethodKind == MethodKind.DelegateInvoke
            ? Places.OneLine((call.Instance ?? call).Syntax.ToString(), 60)
            : $"{method.ContainingType?.Name}.{method.Name}";
        return session.Refuse("UG003", call, name, Instead(method));
    }

    private string Instead(IMethodSymbol method) =>
        method.MethodKind == MethodKind.DelegateInvoke ? "a delegate is not known when the graph is built: call a [StaticGraph] method"
        : session.Types.IsTensor(method.ContainingType) ? "a tensor's values are not known when the graph is built: compute with operators, or read them outside of the static graph"
        : method.Locations.Any(l => l.IsInSource) ? "mark it [StaticGraph], or write its operators here"
        : "it is in another assembly: call it outside of the static graph and pass its result in";

    /// <summary><c>ArgumentNullException.ThrowIfNull(x)</c> on a tensor, as the test and throw that it is.</summary>
    private Captured ThrowIfNull(IInvocationOperation call)
    {
        var value = session.Expressions.Capture(HostReader.Unwrap(call.Arguments[0].Value));
        if (value.IsMissing || session.Model.Compilation.GetTypeByMetadataName("System.ArgumentNullException") is not { } exception)
        {
            return Captured.Missing(ValueKind.Void);
        }

        var nothing = session.Writer.Literal(null);
        var isNull = session.Writer.Emit(r => new HostInstruction(r, "eq", "bool", [value.Register, nothing], session.Place(call)));
        var name = call.Arguments[0].Value.Syntax.ToString();
        var thunk = session.Writer.AddThunk(
            new Thunk($"{name} is null", session.Types.Of(exception), [], IsGuard: false),
            $"new {ThunkCapture.FullName(exception)}(\"{name.Replace("\\", "\\\\").Replace("\"", "\\\"")}\")",
            ThunkCapture.FullName(exception), [], isSetter: false, session.Method.IsStatic);
        var then = session.Writer.InBlock(() => session.Writer.Emit(new ThrowInstruction(thunk, [], session.Place(call))));
        session.Writer.Emit(new IfInstruction(isNull, then, Block.Empty, session.Place(call)));
        return Captured.Missing(ValueKind.Void);
    }
}
