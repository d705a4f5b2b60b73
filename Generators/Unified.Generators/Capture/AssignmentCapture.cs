using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns assignments of every form into Store and Rebind instructions.</summary>
internal sealed class AssignmentCapture(CaptureSession session)
{
    private readonly ElementTargets _targets = new(session);
    private readonly Dictionary<IOperation, ElementTarget> _elements = [];

    public Captured Simple(ISimpleAssignmentOperation operation)
    {
        if (operation.IsRef)
        {
            return session.Refuse("UG004", operation, "A ref assignment", "assign the value");
        }

        if (operation.Target is ILocalReferenceOperation { Local: var held } && session.Writer.FindFunction(held) is not null)
        {
            return session.Refuse("UG008", operation, $"A second function in '{held.Name}'");
        }

        if (_targets.Find(operation.Target, operation) is { } element)
        {
            var item = Element(operation.Target, operation.Value);
            if (!element.IsMissing)
            {
                element.Write(item);
            }

            return item;
        }

        var value = session.Expressions.Capture(operation.Value);
        Assign(operation.Target, value, operation);
        return value;
    }

    public Captured Compound(ICompoundAssignmentOperation operation)
    {
        var target = operation.Target;
        if (operation.OperatorMethod is { IsStatic: false })
        {
            return ChangesItsOperand(operation);
        }

        if (session.Types.OpOf(operation.OperatorMethod) is { } elementOp && _targets.Find(target, operation) is { } element)
        {
            return CompoundElement(operation, elementOp, element);
        }

        if (session.Types.OpOf(operation.OperatorMethod) is { } op)
        {
            var result = session.Expressions.Calls.Apply(op, operation, operation.OperatorMethod!, [target, operation.Value]);
            Assign(target, result, operation);
            return result;
        }

        if (!IsVariable(target))
        {
            Assign(target, Captured.Missing(ValueKind.Host), operation);
            return Captured.Missing(session.Types.KindOf(operation.Type));
        }

        var name = HostArithmetic.OperatorOf(operation.OperatorKind);
        var type = HostArithmetic.NameOf(target.Type);
        if (name is null || type is null || operation.IsChecked || !SymbolEqualityComparer.Default.Equals(target.Type, operation.Value.Type))
        {
            return CompoundText(operation);
        }

        return Update(operation, target, name, type, () => session.Expressions.Capture(operation.Value), isPostfix: false);
    }

    // An operator of C# 14 that is an instance method: the object changes for all who hold it.
    private Captured ChangesItsOperand(IOperation operation) =>
        session.Refuse("UG004", operation, "An operator that changes its operand in place", "declare the operator static, so that it gives a new value");

    // Host types and operators without arithmetic of their own: as C# would, with the cast that the assignment implies.
    private Captured CompoundText(ICompoundAssignmentOperation operation)
    {
        var old = session.Expressions.Capture(operation.Target);
        var left = session.Writer.DeclareTemporary(session.Types.Of(operation.Target.Type));
        if (!old.IsMissing)
        {
            session.Writer.Emit(new StoreInstruction(left, old.Register));
        }

        var value = session.Expressions.Capture(operation.Value);
        if (old.IsMissing || value.IsMissing || operation.Value.Type is not { } type || !session.Thunks.CheckType(type, operation.Value))
        {
            return Captured.Missing(ValueKind.Host);
        }

        if (value.Kind != ValueKind.Host || session.Types.KindOf(operation.Target.Type) != ValueKind.Host)
        {
            return session.Refuse("UG004", operation, $"The compound assignment {ExpressionCapture.Quote(operation)}", "write x = x + y");
        }

        var right = session.Writer.DeclareTemporary(session.Types.Of(type));
        session.Writer.Emit(new StoreInstruction(right, value.Register));
        var sign = ((AssignmentExpressionSyntax)operation.Syntax).OperatorToken.ValueText.TrimEnd('=');
        return StoreText(operation, operation.Target, $"{session.Writer[left].Name} {sign} {session.Writer[right].Name}", operation.IsChecked, (left, operation.Target.Type!), (right, type));
    }

    private Captured StoreText(IOperation operation, IOperation target, string text, bool isChecked, params (int, ITypeSymbol)[] operands)
    {
        var variable = Variable(target)!.Value;
        var type = target.Type!;
        var result = session.Thunks.Evaluate(
            $"{(isChecked ? "checked" : "unchecked")}(({ThunkCapture.FullName(type)})({text}))", type, isGuard: false, operation, operands);
        session.Writer.Emit(new StoreInstruction(variable, result.Register));
        return result;
    }

    private string NameOf(int local) => ThunkCapture.Escape(session.Writer[local].Name);

    private int? Variable(IOperation target) => target switch
    {
        ILocalReferenceOperation local => session.Writer.Find(local.Local),
        IParameterReferenceOperation parameter => session.Writer.Find(parameter.Parameter),
        _ => null,
    };

    /// <summary><c>x ??= y</c>: y is evaluated only where it is needed.</summary>
    public Captured Coalesce(ICoalesceAssignmentOperation operation)
    {
        var old = session.Expressions.Capture(operation.Target);
        if (old.IsMissing)
        {
            return old;
        }

        var isNull = session.Expressions.Conditionals.IsNull(old.Register, negated: false, operation);
        var then = session.Writer.InBlock(() =>
        {
            var value = session.Expressions.Capture(operation.Value);
            Assign(operation.Target, value, operation);
        });
        session.Writer.Emit(new IfInstruction(isNull, then, Block.Empty, session.Place(operation)));
        return session.Expressions.Capture(operation.Target);
    }

    private Captured CompoundElement(ICompoundAssignmentOperation operation, OpCode op, ElementTarget element)
    {
        if (element.IsMissing)
        {
            return Captured.Missing(ValueKind.Tensor);
        }

        var old = element.Read(operation.Target.Type);
        var value = session.Expressions.Capture(operation.Value);
        if (value.IsMissing)
        {
            return value;
        }

        var result = session.Expressions.Calls.Apply(op, operation, operation.OperatorMethod!, [old, value]);
        element.Write(result);
        return result;
    }

    /// <summary>What an element is set to: a number stays one, and takes the dtype of the tensor.</summary>
    private Captured Element(IOperation target, IOperation value) =>
        value is IConversionOperation { IsImplicit: true, OperatorMethod: { } method } conversion && session.Types.IntrinsicOf(method) == "number" && session.Types.IsTensor(target.Type)
        && target is IPropertyReferenceOperation element && session.Types.IntrinsicOf(element.Property) == "index"
            ? session.Expressions.Capture(conversion.Operand) with { Kind = ValueKind.Tensor }
            : session.Expressions.Capture(value);

    public Captured Increment(IIncrementOrDecrementOperation operation)
    {
        if (!IsVariable(operation.Target))
        {
            Assign(operation.Target, Captured.Missing(ValueKind.Host), operation);
            return Captured.Missing(ValueKind.Host);
        }

        if (operation.OperatorMethod is { IsStatic: false })
        {
            return ChangesItsOperand(operation);
        }

        object? one = operation.Type?.SpecialType switch
        {
            SpecialType.System_Int32 => 1,
            SpecialType.System_Int64 => 1L,
            SpecialType.System_Single => 1f,
            SpecialType.System_Double => 1d,
            _ => null,
        };
        if (one is null || operation.IsChecked)
        {
            if (Variable(operation.Target) is not { } variable || operation.IsLifted)
            {
                return session.Refuse("UG002", operation, ExpressionCapture.Quote(operation), "write x = x + 1");
            }

            var before = session.Writer.Load(variable);
            var after = StoreText(
                operation, operation.Target, $"{(operation.Kind == OperationKind.Increment ? "++" : "--")}{NameOf(variable)}", operation.IsChecked, (variable, operation.Target.Type!));
            return operation.IsPostfix ? new(before, ValueKind.Host) : after;
        }

        var name = operation.Kind == OperationKind.Increment ? "add" : "sub";
        return Update(
            operation, operation.Target, name, HostArithmetic.NameOf(operation.Type)!, () => new(session.Writer.Literal(one), ValueKind.Host), operation.IsPostfix);
    }

    public Captured Deconstruction(IDeconstructionAssignmentOperation operation)
    {
        var value = Unconverted(operation.Value);
        if (Targets(operation.Target) is not { } targets)
        {
            return session.Refuse("UG002", operation, ExpressionCapture.Quote(operation), "assign the variables one by one");
        }

        FindElements(targets);

        if (value is ITupleOperation tuple)
        {
            // All values before the first assignment: (a, b) = (b, a) swaps.
            var values = tuple.Elements.Select(session.Expressions.Capture).ToList();
            AssignEach(targets, values, operation);
            return Captured.Missing(ValueKind.Void);
        }

        var captured = session.Expressions.Capture(value);
        if (!captured.IsMissing)
        {
            Split(targets, captured, value.Type, operation);
        }
        else
        {
            targets.ForEach(t => Assign(t, Captured.Missing(session.Types.KindOf(t.Type)), operation));
        }

        return captured;
    }

    // Lists and indices on the left are evaluated before anything on the right.
    private void FindElements(List<IOperation> targets)
    {
        foreach (var target in targets)
        {
            if (Targets(target) is { } nested)
            {
                FindElements(nested);
            }
            else if (_targets.Find(target, target) is { } element)
            {
                _elements[target] = element;
            }
        }
    }

    /// <summary>Declares a local and stores its first value, which decides whether a list lives in the graph.</summary>
    public void Declare(ILocalSymbol symbol, Captured value, IOperation operation)
    {
        if (symbol.IsRef)
        {
            session.Report("UG002", operation.Syntax, $"The ref local '{symbol.Name}'", "copy the value");
            return;
        }

        var local = session.Writer.Declare(symbol, session.Types.Of(symbol.Type, value.Kind));
        if (!value.IsMissing)
        {
            session.Writer.Emit(new StoreInstruction(local, value.Register));
        }
    }

    /// <summary>Assigns the parts of a tuple to a variable pattern such as <c>var (a, b)</c>.</summary>
    public void Split(IOperation pattern, int local, ITypeSymbol? type, IOperation operation)
    {
        if (Targets(pattern) is { } targets)
        {
            Split(targets, new(session.Writer.Load(local), session.Writer[local].Type.Kind), type, operation);
        }
        else
        {
            session.Report("UG002", operation.Syntax, ExpressionCapture.Quote(pattern), "assign the variables one by one");
        }
    }

    private void Split(List<IOperation> targets, Captured tuple, ITypeSymbol? type, IOperation operation)
    {
        if (tuple.Kind == ValueKind.Aggregate && session.Types.LayoutOf(type) is { } layout && layout.Constructor.Parameters.Length == targets.Count)
        {
            AssignEach(targets, [.. targets.Select((_, i) => session.Expressions.Records.Part(tuple.Register, type, i, operation)!.Value)], operation);
            return;
        }

        if (tuple.Kind == ValueKind.Aggregate && session.Types.IsEntry(type) && targets.Count == 2)
        {
            var arguments = ((INamedTypeSymbol)type!).TypeArguments;
            AssignEach(targets, [.. arguments.Select((a, i) => session.Expressions.Reads.ItemAt(tuple.Register, session.Writer.Literal(i), operation, a))], operation);
            return;
        }

        if (tuple.Kind == ValueKind.Host && Deconstructed(type, targets.Count) is { } parts)
        {
            var whole = session.Writer.DeclareTemporary(session.Types.Of(type!, ValueKind.Host));
            session.Writer.Emit(new StoreInstruction(whole, tuple.Register));
            AssignEach(targets, [.. parts.Select(p => session.Thunks.Evaluate($"{session.Writer[whole].Name}.{SymbolNames.Escaped(p.Name)}", p.Type, isGuard: false, operation, (whole, type!)))], operation);
            return;
        }

        if (type is not INamedTypeSymbol { IsTupleType: true } named || named.TupleElements.Length != targets.Count)
        {
            session.Report("UG002", operation.Syntax, $"Deconstructing '{type?.Name}'", "read its members one by one");
            return;
        }

        var values = new List<Captured>();
        var host = tuple.Kind == ValueKind.Host ? session.Writer.DeclareTemporary(session.Types.Of(type)) : Instruction.None;
        if (host != Instruction.None)
        {
            session.Writer.Emit(new StoreInstruction(host, tuple.Register));
        }

        for (var i = 0; i < targets.Count; i++)
        {
            var element = named.TupleElements[i].Type;
            values.Add(host == Instruction.None
                ? session.Expressions.Reads.ItemAt(tuple.Register, session.Writer.Literal(i), operation, element)
                : session.Thunks.Evaluate($"{session.Writer[host].Name}.Item{i + 1}", element, isGuard: false, operation, (host, type)));
        }

        AssignEach(targets, values, operation, named);
    }

    /// <summary>The properties that deconstruction reads, of a record or an entry of a dictionary.</summary>
    private static ImmutableArray<IPropertySymbol>? Deconstructed(ITypeSymbol? type, int count)
    {
        if (type is not INamedTypeSymbol named || !(named.IsRecord || (named.Name == "KeyValuePair" && TypeClassifier.IsSystem(named)))
            || named.GetMembers("Deconstruct").OfType<IMethodSymbol>().FirstOrDefault(m => m.Parameters.Length == count) is not { } method
            || (named.IsRecord && !method.IsImplicitlyDeclared && !method.DeclaringSyntaxReferences.IsEmpty))
        {
            return null;
        }

        ImmutableArray<IPropertySymbol> properties =
        [
            .. method.Parameters.SelectMany(p => named.GetMembers().OfType<IPropertySymbol>().Where(m => string.Equals(m.Name, p.Name, StringComparison.OrdinalIgnoreCase)).Take(1)),
        ];
        return properties.Length == count ? properties : null;
    }

    private void AssignEach(List<IOperation> targets, List<Captured> values, IOperation operation, INamedTypeSymbol? type = null)
    {
        for (var i = 0; i < targets.Count; i++)
        {
            if (Targets(targets[i]) is { } nested && !values[i].IsMissing)
            {
                Split(nested, values[i], type?.TupleElements[i].Type ?? targets[i].Type, operation);
            }
            else
            {
                Assign(targets[i], values[i], operation);
            }
        }
    }

    private void Assign(IOperation target, Captured value, IOperation operation)
    {
        if (_elements.TryGetValue(target, out var element))
        {
            if (!element.IsMissing && !value.IsMissing)
            {
                element.Write(value);
            }

            return;
        }

        switch (target)
        {
            case IDiscardOperation:
                return;
            case IDeclarationExpressionOperation declaration:
                Assign(declaration.Expression, value, operation);
                return;
            case ILocalReferenceOperation { IsDeclaration: true } declared:
                Declare(declared.Local, value, operation);
                return;
            case ILocalReferenceOperation local:
                Store(local.Local, value, operation);
                return;
            case IParameterReferenceOperation parameter when session.Hosts.IsOwnParameter(parameter.Parameter):
                Store(parameter.Parameter, value, operation);
                return;
            case IMemberReferenceOperation member when session.Types.IsOrHoldsTensors(member.Type) && member is IFieldReferenceOperation or IPropertyReferenceOperation { Arguments.Length: 0 }:
                session.State.Assign((IMemberReferenceOperation)target, value, operation);
                return;
            case IArrayElementReferenceOperation or IPropertyReferenceOperation { Arguments.Length: > 0 } when session.Types.IsOrHoldsTensors(target.Type):
                session.Report("UG004", operation.Syntax, "Assigning an item of a list here", "assign the items of a list made in this method, one by one: list[0] = x");
                return;
            default:
                session.Report("UG007", operation.Syntax, Places.OneLine(target.Syntax.ToString(), 60));
                return;
        }
    }

    private void Store(ISymbol symbol, Captured value, IOperation operation)
    {
        if (session.Writer.Find(symbol) is not { } local)
        {
            session.Report("UG015", operation.Syntax, symbol.Name);
            return;
        }

        if (value.IsMissing)
        {
            return;
        }

        if (value.Kind == ValueKind.Aggregate && session.Writer[local].Type.Kind == ValueKind.Host)
        {
            session.Report("UG004", operation.Syntax, $"Assigning a list of the graph to the host variable '{symbol.Name}'", "declare a new variable for it");
            return;
        }

        if (value.Kind == ValueKind.Host && session.Writer[local].Type.Kind == ValueKind.Aggregate && session.Types.StaysOfHost(HostReader.TypeOf(symbol)))
        {
            session.Report("UG004", operation.Syntax, $"Assigning an object of the host to '{symbol.Name}', which holds one of the graph,", "declare a new variable for it");
            return;
        }

        session.Writer.Emit(new StoreInstruction(local, value.Register));
    }

    private Captured Update(IOperation operation, IOperation target, string name, string type, Func<Captured> operand, bool isPostfix)
    {
        var old = session.Expressions.Capture(target);
        var value = operand();
        if (old.IsMissing || value.IsMissing)
        {
            return Captured.Missing(ValueKind.Host);
        }

        var updated = session.Writer.Emit(r => new HostInstruction(r, name, type, [old.Register, value.Register], session.Place(operation)));
        Assign(target, new(updated, ValueKind.Host), operation);
        return isPostfix ? old : new(updated, ValueKind.Host);
    }

    private bool IsVariable(IOperation target) =>
        target is ILocalReferenceOperation || (target is IParameterReferenceOperation parameter && session.Hosts.IsOwnParameter(parameter.Parameter));

    private static List<IOperation>? Targets(IOperation target) => target switch
    {
        ITupleOperation tuple => [.. tuple.Elements],
        IDeclarationExpressionOperation declaration => Targets(declaration.Expression),
        _ => null,
    };

    private static IOperation Unconverted(IOperation value) => value is IConversionOperation { IsImplicit: true, Operand: var operand } ? Unconverted(operand) : value;
}
