using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns expressions that choose (<c>?:</c>, <c>??</c>, <c>&amp;&amp;</c>, <c>||</c>, <c>switch</c>, null tests) into If instructions over a local.</summary>
internal sealed class ConditionalCapture(CaptureSession session)
{
    private readonly Stack<(int Local, ValueKind Kind)> _accessed = new();
    private readonly GraphPatternCapture _patterns = new(session);

    public Captured Binary(IBinaryOperation operation)
    {
        if (session.Types.OpOf(operation.OperatorMethod) is { } op)
        {
            return operation.OperatorKind is BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.ConditionalOr
                ? ShortCircuit(operation)
                : session.Expressions.Calls.Apply(op, operation, operation.OperatorMethod!, [operation.LeftOperand, operation.RightOperand]);
        }

        if (HostReader.NullTest(operation) is var (value, negated) && IsGraphValue(value))
        {
            return NullTest(value, negated, operation);
        }

        if (operation is { OperatorMethod: null, OperatorKind: BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.ConditionalOr })
        {
            return ShortCircuit(operation);
        }

        if (session.Functions.Operator(operation.OperatorMethod, operation, operation.LeftOperand, operation.RightOperand) is { } inlined)
        {
            return inlined;
        }

        return session.Types.IsOrHoldsTensors(operation.LeftOperand.Type) || session.Types.IsOrHoldsTensors(operation.RightOperand.Type)
            ? session.Refuse("UG003", operation, $"operator {operation.Syntax.ChildTokens().FirstOrDefault()}", TensorCallCapture.OperatorInstead)
            : session.Expressions.Host(operation);
    }

    public Captured IsPattern(IIsPatternOperation operation)
    {
        if (HostReader.NullTest(operation) is var (value, negated) && IsGraphValue(value))
        {
            return NullTest(value, negated, operation);
        }

        if (NamedTensor(operation) is var (local, isNot))
        {
            var captured = session.Expressions.Capture(HostReader.Unwrap(operation.Value));
            session.Expressions.Assignments.Declare(local, captured, operation);
            return captured.IsMissing ? Captured.Missing(ValueKind.Host) : new(IsNull(captured.Register, !isNot, operation), ValueKind.Host);
        }

        if (!IsGraphValue(operation.Value))
        {
            return session.Expressions.Host(operation);
        }

        var subject = session.Expressions.Capture(HostReader.Unwrap(operation.Value));
        if (subject.IsMissing)
        {
            return Captured.Missing(ValueKind.Host);
        }

        return _patterns.Test(subject, operation.Pattern, operation) switch
        {
            null => new(session.Writer.Literal(true), ValueKind.Host),
            Instruction.None => Captured.Missing(ValueKind.Host),
            var test => new(test.Value, ValueKind.Host),
        };
    }

    /// <summary><c>tensor is { } name</c>, <c>tensor is Tensor name</c> and their negations: the variable.</summary>
    public (ILocalSymbol Local, bool IsNot)? NamedTensor(IOperation operation)
    {
        if (operation is not IIsPatternOperation test || !session.Types.IsTensor(test.Value.Type))
        {
            return null;
        }

        var (pattern, isNot) = test.Pattern is INegatedPatternOperation not ? (not.Pattern, true) : (test.Pattern, false);
        var symbol = pattern switch
        {
            IRecursivePatternOperation { DeconstructionSubpatterns.IsEmpty: true, PropertySubpatterns.IsEmpty: true } p
                when SymbolEqualityComparer.Default.Equals(p.MatchedType, HostReader.Unwrap(test.Value).Type) => p.DeclaredSymbol,
            IDeclarationPatternOperation { MatchesNull: false } p when SymbolEqualityComparer.Default.Equals(p.MatchedType, HostReader.Unwrap(test.Value).Type) => p.DeclaredSymbol,
            _ => null,
        };
        return symbol is ILocalSymbol local ? (local, isNot) : null;
    }

    public Captured Conditional(IConditionalOperation operation)
    {
        if (operation.WhenFalse is not { } other)
        {
            return session.Refuse("UG002", operation, ExpressionCapture.Quote(operation), "write an if statement");
        }

        return Choose(operation, Condition(operation.Condition), () => session.Expressions.Capture(operation.WhenTrue), () => session.Expressions.Capture(other));
    }

    /// <summary><c>a?.B</c> that gives a value of the graph: a is evaluated once, and B only where a is not null.</summary>
    public Captured Access(IConditionalAccessOperation operation)
    {
        if ((session.Types.KindOf(operation.Type) is not (ValueKind.Tensor or ValueKind.Aggregate) && !IsGraphValue(operation.Operation))
            || operation.Operation.Type is not { IsReferenceType: true } type)
        {
            return session.Refuse("UG002", operation, ExpressionCapture.Quote(operation), "test for null with an if statement");
        }

        var value = session.Expressions.Capture(operation.Operation);
        if (value.IsMissing)
        {
            return Captured.Missing(session.Types.KindOf(operation.Type));
        }

        var local = session.Writer.DeclareTemporary(session.Types.Of(type, value.Kind));
        session.Writer.Emit(new StoreInstruction(local, value.Register));
        Captured Present()
        {
            _accessed.Push((local, value.Kind));
            try
            {
                return session.Expressions.Capture(operation.WhenNotNull);
            }
            finally
            {
                _accessed.Pop();
            }
        }

        var isThere = IsNull(session.Writer.Load(local), negated: true, operation);
        return Choose(operation, isThere, Present, () => new(session.Writer.Literal(null), session.Types.KindOf(operation.Type)));
    }

    /// <summary>The a of the <c>a?.B</c> that is captured now is a list or record of the graph.</summary>
    public bool IsAccessedInGraph => _accessed.Count > 0 && _accessed.Peek().Kind == ValueKind.Aggregate;

    /// <summary>The a of <c>a?.B</c>, within B.</summary>
    public Captured Accessed(IConditionalAccessInstanceOperation operation) => _accessed.Count > 0
        ? new(session.Writer.Load(_accessed.Peek().Local), _accessed.Peek().Kind)
        : session.Refuse("UG002", operation, ExpressionCapture.Quote(operation), "test for null with an if statement");

    public Captured Coalesce(ICoalesceOperation operation)
    {
        if (operation.ValueConversion.IsUserDefined)
        {
            return session.Refuse("UG002", operation, $"The conversion in {ExpressionCapture.Quote(operation)}", "write it out, as in x is null ? y : (Tensor)x.Value");
        }

        var kind = session.Types.KindOf(operation.Type);
        if (kind is not (ValueKind.Tensor or ValueKind.Aggregate) && !(operation.Value is IConditionalAccessOperation access && IsGraphValue(access.Operation)))
        {
            return session.Expressions.Host(operation);
        }

        var value = session.Expressions.Capture(operation.Value);
        if (value.IsMissing)
        {
            return value;
        }

        return Choose(operation, IsNull(value.Register, negated: true, operation), () => value, () => session.Expressions.Capture(operation.WhenNull));
    }

    /// <summary>Each arm's pattern and guard become a host test of the value; the arms are tried in order.</summary>
    public Captured Switch(ISwitchExpressionOperation operation)
    {
        if (IsGraphValue(operation.Value))
        {
            return session.Refuse("UG002", operation, "A switch over a value of the graph", "switch over host values, or use Select");
        }

        return Subject(operation.Value) is { } subject ? Arm(operation, subject, 0) : Captured.Missing(session.Types.KindOf(operation.Type));
    }

    /// <summary>The local that holds the host value of a switch; null after an error.</summary>
    public int? Subject(IOperation value)
    {
        if (IsGraphValue(value))
        {
            session.Report("UG002", value.Syntax, "A switch over a value of the graph", "switch over host values, or use Select");
            return null;
        }

        // Patterns look into the tuple itself, not into the list of its parts.
        var captured = value is ITupleOperation && session.Hosts.Read(value).IsPure ? session.Thunks.Capture(value) : session.Expressions.Capture(value);
        if (captured.IsMissing || !session.Thunks.CheckType(value.Type, value))
        {
            return null;
        }

        if (captured.Kind != ValueKind.Host)
        {
            session.Report("UG002", value.Syntax, "A switch over a list of sizes", "compute its parts into locals before the switch");
            return null;
        }

        var subject = session.Writer.DeclareTemporary(session.Types.Of(value.Type));
        session.Writer.Emit(new StoreInstruction(subject, captured.Register));
        return subject;
    }

    /// <summary>The register of a condition: a host bool, or a tensor whose value decides when the graph runs.</summary>
    public int Condition(IOperation condition) => session.Expressions.Capture(condition).Register;

    private Captured Arm(ISwitchExpressionOperation operation, int subject, int index)
    {
        if (index == operation.Arms.Length)
        {
            session.Report("UG002", operation.Syntax, "A switch without a default arm", "add '_ => throw new …'");
            return Captured.Missing(session.Types.KindOf(operation.Type));
        }

        var arm = operation.Arms[index];
        if (arm.Pattern is IDiscardPatternOperation && arm.Guard is null)
        {
            return session.Expressions.Capture(arm.Value);
        }

        var test = session.Patterns.Test(subject, operation.Value.Type!, [new CaseTest(arm.Pattern, arm.Guard, arm.Locals)], arm);
        return Choose(operation, test, () => session.Expressions.Capture(arm.Value), () => Arm(operation, subject, index + 1));
    }

    private Captured ShortCircuit(IBinaryOperation operation)
    {
        var left = Condition(operation.LeftOperand);
        var kind = session.Types.KindOf(operation.Type);
        Captured Known() => new(left, kind);

        // As C# has it: the operator & or | itself, which tensors that are no bools do not have.
        Captured Right() => Condition(operation.RightOperand) is var right && session.Types.OpOf(operation.OperatorMethod) is { } op && right != Instruction.None && left != Instruction.None
            ? session.Expressions.Calls.Apply(op, operation, operation.OperatorMethod!, ImmutableArray.Create(new Captured(left, kind), new Captured(right, kind)))
            : new(right, kind);
        return operation.OperatorKind == BinaryOperatorKind.ConditionalAnd ? Choose(operation, left, Right, Known) : Choose(operation, left, Known, Right);
    }

    private Captured Choose(IOperation operation, int condition, Func<Captured> whenTrue, Func<Captured> whenFalse)
    {
        var type = session.Types.Of(operation.Type);
        var result = session.Writer.DeclareTemporary(type);
        var failed = condition == Instruction.None;
        var kinds = new List<ValueKind>();
        Block Branch(Func<Captured> write) => session.Writer.InBlock(() =>
        {
            var value = write();
            if (!value.IsMissing)
            {
                kinds.Add(value.Kind);
                session.Writer.Emit(new StoreInstruction(result, value.Register));
            }
        });
        var then = Branch(whenTrue);
        var other = Branch(whenFalse);
        if (failed || kinds.Count == 0)
        {
            return Captured.Missing(type.Kind);
        }

        // A list of sizes made in one branch is a list whichever branch is taken.
        if (kinds.Contains(ValueKind.Aggregate))
        {
            session.Writer.Retype(result, ValueKind.Aggregate);
        }

        session.Writer.Emit(new IfInstruction(condition, then, other, session.Place(operation)));
        return new(session.Writer.Load(result), session.Writer[result].Type.Kind);
    }

    private Captured NullTest(IOperation value, bool negated, IOperation operation)
    {
        var captured = session.Expressions.Capture(HostReader.Unwrap(value));
        return captured.IsMissing ? Captured.Missing(ValueKind.Host) : new(IsNull(captured.Register, negated, operation), ValueKind.Host);
    }

    public int IsNull(int register, bool negated, IOperation operation)
    {
        var nothing = session.Writer.Literal(null);
        return session.Writer.Emit(r => new HostInstruction(r, negated ? "ne" : "eq", "bool", [register, nothing], session.Place(operation)));
    }

    private bool IsGraphValue(IOperation value)
    {
        value = HostReader.Unwrap(value);
        return session.Types.KindOf(value.Type) is ValueKind.Tensor or ValueKind.Aggregate || session.Hosts.IsAggregateOfGraph(value);
    }
}
