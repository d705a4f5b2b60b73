using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns reads of members and elements of graph values into Shape, Dim, Rank, Index, Item and Count instructions.</summary>
internal sealed class MemberCapture(CaptureSession session)
{
    private static readonly HashSet<string> Counts = new(StringComparer.Ordinal) { "Count", "Length", "Rank" };

    public Captured Property(IPropertyReferenceOperation operation)
    {
        var property = operation.Property;
        if (session.Types.OpOf(property) is { } op)
        {
            return session.Expressions.Calls.Apply(op, operation, operation.Instance, operation.Arguments);
        }

        if (session.Types.IntrinsicOf(property) is { } intrinsic)
        {
            return Intrinsic(intrinsic, operation);
        }

        if (operation.Instance is { } instance && session.Hosts.IsAggregateOfGraph(instance))
        {
            return session.Expressions.Dictionaries.Read(operation, HostReader.Unwrap(instance)) is { } entry ? entry
                : session.Expressions.Records.Read(operation, instance, property) is { } member ? member
                : session.Members.Call(operation, instance, property, []) is { } computed ? computed
                : operation.Arguments.Length == 1 ? Item(operation, instance, operation.Arguments[0].Value)
                : operation.Arguments.IsEmpty && Counts.Contains(property.Name) ? Count(operation, instance)
                : session.Refuse("UG002", operation, $"'{property.Name}' of a list of the graph", "use its items, its count, or foreach");
        }

        if (session.Types.IsTensor(property.Type) && session.Hosts.BelongsToGraph(operation, operation.Syntax.Span))
        {
            return session.Functions.Getter(operation) ?? session.Refuse("UG012", operation, property.Name);
        }

        return session.Types.IsTensor(operation.Instance?.Type)
            ? session.Refuse("UG002", operation, $"'{property.Name}' of a tensor", "read its Shape or Rank, or compute with operators")
            : session.Expressions.Host(operation);
    }

    public Captured Field(IFieldReferenceOperation operation)
    {
        if (operation.Instance is not { } instance || !session.Hosts.IsAggregateOfGraph(instance))
        {
            return session.Expressions.Host(operation);
        }

        if (session.Expressions.Records.Read(operation, instance, operation.Field) is { } member)
        {
            return member;
        }

        var position = (operation.Field.CorrespondingTupleField ?? operation.Field).Name;
        if (!position.StartsWith("Item", StringComparison.Ordinal) || !int.TryParse(position.Substring(4), out var number))
        {
            return session.Refuse("UG002", operation, ExpressionCapture.Quote(operation), "read an item of the tuple");
        }

        var list = session.Expressions.Capture(instance);
        return list.IsMissing ? list : ItemAt(list.Register, session.Writer.Literal(number - 1), operation, operation.Type);
    }

    public Captured ArrayElement(IArrayElementReferenceOperation operation) =>
        !session.Hosts.IsAggregateOfGraph(operation.ArrayReference) ? session.Expressions.Host(operation)
        : operation.Indices.Length == 1 ? Item(operation, operation.ArrayReference, operation.Indices[0])
        : session.Refuse("UG002", operation, "An array of several dimensions", "use a list, or a list of lists");

    public Captured ImplicitIndexer(IImplicitIndexerReferenceOperation operation)
    {
        if (session.Types.IntrinsicOf(operation.IndexerSymbol) == "index")
        {
            return IndexCapture.Capture(session, operation, operation.Instance, [operation.Argument]);
        }

        return session.Hosts.IsAggregateOfGraph(operation.Instance)
            ? Item(operation, operation.Instance, operation.Argument)
            : session.Expressions.Host(operation);
    }

    /// <summary>The item of a captured list at a host position.</summary>
    public Captured ItemAt(int list, int index, IOperation operation, ITypeSymbol? type) =>
        new(session.Writer.Emit(r => new ItemInstruction(r, list, index, session.Place(operation))), session.Types.KindOf(type));

    private Captured Intrinsic(string intrinsic, IPropertyReferenceOperation operation)
    {
        if (operation.Instance is not { } instance)
        {
            return session.Refuse("UG002", operation, ExpressionCapture.Quote(operation), "use it on a tensor");
        }

        switch (intrinsic)
        {
            case "index":
                return IndexCapture.Capture(session, operation, instance, IndexCapture.Items(operation.Arguments));
            case "shape" or "rank":
                var tensor = session.Expressions.Capture(instance);
                return tensor.IsMissing ? tensor
                    : intrinsic == "rank" ? new(session.Writer.Emit(r => new RankInstruction(r, tensor.Register, session.Place(operation))), ValueKind.Host)
                    : new(session.Writer.Emit(r => new ShapeInstruction(r, tensor.Register, session.Place(operation))), ValueKind.Aggregate);
            default:
                return session.Refuse("UG002", operation, $"'{operation.Property.Name}'", "compute with operators");
        }
    }

    private Captured Item(IOperation operation, IOperation list, IOperation index)
    {
        list = HostReader.Unwrap(list);
        if (HostReader.Unwrap(index) is IRangeOperation range)
        {
            var whole = session.Expressions.Capture(list);
            return whole.IsMissing ? whole : session.Expressions.Lists.Range(operation, whole, range);
        }

        if (index.Type?.Name == "Range")
        {
            return session.Refuse("UG002", operation, "A range in a variable", "write the range in the brackets: list[1..]");
        }

        // x.Shape[i] needs no list of all sizes.
        var source = list is IPropertyReferenceOperation shape && session.Types.IntrinsicOf(shape.Property) == "shape" ? shape.Instance : null;
        var captured = session.Expressions.Capture(source ?? list);
        if (captured.IsMissing)
        {
            return Captured.Missing(session.Types.KindOf(operation.Type));
        }

        int Length() => session.Writer.Emit(r => source is null
            ? new CountInstruction(r, captured.Register, session.Place(operation))
            : new RankInstruction(r, captured.Register, session.Place(operation)));
        var position = Position(index, Length);
        if (position.IsMissing)
        {
            return Captured.Missing(session.Types.KindOf(operation.Type));
        }

        return source is null
            ? ItemAt(captured.Register, position.Register, operation, operation.Type)
            : new(session.Writer.Emit(r => new DimInstruction(r, captured.Register, position.Register, session.Place(operation))), ValueKind.Host);
    }

    /// <summary>The position an int or <c>^int</c> means.</summary>
    public Captured Position(IOperation index, Func<int> length)
    {
        if (HostReader.Unwrap(index) is not IUnaryOperation { OperatorKind: UnaryOperatorKind.Hat } fromEnd)
        {
            return session.Expressions.Capture(HostReader.Unwrap(index) is { Type.SpecialType: SpecialType.System_Int32 } number ? number : index);
        }

        var back = session.Expressions.Capture(fromEnd.Operand);
        if (back.IsMissing)
        {
            return back;
        }

        var count = length();
        return new(session.Writer.Emit(r => new HostInstruction(r, "sub", "int", [count, back.Register], session.Place(index))), ValueKind.Host);
    }

    private Captured Count(IOperation operation, IOperation instance)
    {
        instance = HostReader.Unwrap(instance);
        if (instance is IPropertyReferenceOperation { Instance: { } source } shape && session.Types.IntrinsicOf(shape.Property) == "shape")
        {
            var tensor = session.Expressions.Capture(source);
            return tensor.IsMissing
                ? Captured.Missing(ValueKind.Host)
                : new(session.Writer.Emit(r => new RankInstruction(r, tensor.Register, session.Place(operation))), ValueKind.Host);
        }

        var list = session.Expressions.Capture(instance);
        return list.IsMissing
            ? Captured.Missing(ValueKind.Host)
            : new(session.Writer.Emit(r => new CountInstruction(r, list.Register, session.Place(operation))), ValueKind.Host);
    }
}
