using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns new records and plain objects with tensors, <c>with</c>, and what is read of them into lists and their items.</summary>
internal sealed class RecordCapture(CaptureSession session)
{
    /// <summary>The new object; null where its type can do more than keep values.</summary>
    public Captured? New(IObjectCreationOperation creation)
    {
        if (session.Types.LayoutOf(creation.Type) is not { } layout || !SymbolEqualityComparer.Default.Equals(creation.Constructor, layout.Constructor))
        {
            return null;
        }

        var values = new int?[layout.Members.Length];
        foreach (var argument in creation.Arguments)
        {
            var value = session.Expressions.Aggregates.Argument(argument.Value);
            values[argument.Parameter!.Ordinal] = value.Register;
        }

        return Finish(creation, layout, values, creation.Initializer);
    }

    /// <summary><c>record with { Member = value }</c>.</summary>
    public Captured With(IWithOperation operation)
    {
        if (session.Types.LayoutOf(operation.Type) is not { } layout || !session.Hosts.IsAggregateOfGraph(operation.Operand))
        {
            return session.Expressions.Host(operation);
        }

        var old = session.Expressions.Capture(operation.Operand);
        return old.IsMissing ? old : Finish(operation, layout, [.. layout.Members.Select((_, i) => (int?)Item(old.Register, i, operation))], operation.Initializer);
    }

    /// <summary>A member of an object of the graph; null if it is none of those that hold its state.</summary>
    public Captured? Read(IOperation operation, IOperation instance, ISymbol member)
    {
        if (session.Types.LayoutOf(HostReader.Unwrap(instance).Type) is not { } layout || layout.IndexOf(member) is var index && index < 0)
        {
            return null;
        }

        var captured = session.Expressions.Capture(HostReader.Unwrap(instance));
        return captured.IsMissing ? Captured.Missing(session.Types.KindOf(operation.Type)) : Part(captured.Register, index, operation, RecordLayout.TypeOf(member));
    }

    /// <summary>The part that deconstruction gives at a position; null for a type without it.</summary>
    public Captured? Part(int record, ITypeSymbol? type, int position, IOperation operation) =>
        session.Types.LayoutOf(type) is { } layout && position < layout.Constructor.Parameters.Length
            ? Part(record, position, operation, layout.Constructor.Parameters[position].Type)
            : null;

    /// <summary>An argument of a static graph: an object of the host goes in as it is; one of the graph has no object.</summary>
    public Captured Argument(IArgumentOperation argument)
    {
        var value = session.Expressions.Capture(argument.Value);
        return value.Kind == ValueKind.Aggregate && argument.Value.ConstantValue is not { HasValue: true, Value: null }
            ? session.Refuse("UG018", argument.Value, argument.Parameter!.Type.Name)
            : value;
    }

    /// <summary>A parameter that came in parts, put together.</summary>
    /// <param name="firstPart">The local of the first of them.</param>
    public void Assemble(IParameterSymbol parameter, int firstPart)
    {
        var whole = Whole(parameter.Type);
        session.Writer.Emit(new StoreInstruction(session.Writer.Declare(parameter, session.Types.Of(parameter.Type, ValueKind.Aggregate)), whole));

        int Whole(ITypeSymbol type)
        {
            if (ArgumentParts.Of(type) is not { } parts)
            {
                return session.Writer.Load(firstPart++);
            }

            ImmutableArray<int> items = [.. parts.Select(p => Whole(p.Type))];
            return session.Writer.Emit(r => new ListInstruction(r, items));
        }
    }

    /// <summary>The registers that go into a static graph for an argument: of its parts where it travels in parts.</summary>
    /// <param name="type">As the method declares the parameter.</param>
    /// <param name="actual">As it is here, where type parameters have a meaning.</param>
    public IEnumerable<int> TakeApart(Captured value, ITypeSymbol type, ITypeSymbol actual, IOperation place)
    {
        if (ArgumentParts.Of(type) is not { } parts || ArgumentParts.Of(actual) is not { } here)
        {
            return [value.Register];
        }

        var host = value.Kind == ValueKind.Host ? session.Writer.DeclareTemporary(session.Types.Of(actual, ValueKind.Host)) : Instruction.None;
        if (host != Instruction.None)
        {
            session.Writer.Emit(new StoreInstruction(host, value.Register));
        }

        return [.. parts.SelectMany((part, i) => TakeApart(
            host == Instruction.None ? Part(value.Register, i, place, here[i].Type) : OfHost(host, actual, here[i], place), part.Type, here[i].Type, place))];
    }

    private Captured OfHost(int host, ITypeSymbol type, ArgumentPart part, IOperation place)
    {
        var value = session.Thunks.Evaluate(session.Writer[host].Name + part.Member, part.Type, isGuard: false, place, (host, type));
        return session.Types.LayoutOf(part.Type) is null ? value : value with { Kind = ValueKind.Host };
    }

    private Captured Part(int record, int index, IOperation operation, ITypeSymbol type) => new(Item(record, index, operation), session.Types.KindOf(type));

    private int Item(int record, int index, IOperation operation)
    {
        var position = session.Writer.Literal(index);
        return session.Writer.Emit(r => new ItemInstruction(r, record, position, session.Place(operation)));
    }

    private Captured Finish(IOperation operation, RecordLayout layout, int?[] values, IObjectOrCollectionInitializerOperation? initializer)
    {
        foreach (var assigned in initializer?.Initializers ?? [])
        {
            if (assigned is not ISimpleAssignmentOperation { Target: IMemberReferenceOperation { Member: var member } } assignment || layout.IndexOf(member) is var index && index < 0)
            {
                return session.Refuse("UG018", assigned, operation.Type?.Name ?? "object");
            }

            values[index] = session.Expressions.Capture(assignment.Value).Register;
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] ??= Default(RecordLayout.TypeOf(layout.Members[i]), operation);
        }

        return values.Contains(Instruction.None)
            ? Captured.Missing(ValueKind.Aggregate)
            : new(session.Writer.Emit(r => new ListInstruction(r, [.. values.Select(v => v!.Value)], session.Place(operation))), ValueKind.Aggregate);
    }

    private int Default(ITypeSymbol type, IOperation operation) => type.IsReferenceType
        ? session.Writer.Literal(null)
        : session.Thunks.Evaluate($"default({ThunkCapture.FullName(type)})", type, isGuard: false, operation).Register;
}
