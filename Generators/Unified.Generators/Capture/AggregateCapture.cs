using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns tuples, arrays and collection expressions of graph values into List instructions.</summary>
internal sealed class AggregateCapture(CaptureSession session)
{
    public Captured List(IEnumerable<IOperation> items, IOperation operation) => session.Expressions.Capture(items) is { } registers
        ? new(session.Writer.Emit(r => new ListInstruction(r, registers, session.Place(operation))), ValueKind.Aggregate)
        : Captured.Missing(ValueKind.Aggregate);

    public Captured Array(IArrayCreationOperation operation) => operation switch
    {
        { Initializer: { } initializer, DimensionSizes.Length: 1 } => List(initializer.ElementValues, operation),
        _ when session.Types.IsOrHoldsTensors(operation.Type) => session.Expressions.Lists.NewArray(operation),
        _ => session.Expressions.Host(operation),
    };

    public Captured Collection(ICollectionExpressionOperation operation)
    {
        return operation.Type is { SpecialType: SpecialType.None, TypeKind: not TypeKind.Array } type && session.Types.KindOf(type) == ValueKind.Host && !IsList(type)
            ? session.Expressions.Host(operation)
            : operation.Elements.Any(e => e is ISpreadOperation) ? session.Expressions.Lists.Spread(operation)
            : List(operation.Elements, operation);
    }

    /// <summary><c>new List&lt;Tensor&gt; { a, b }</c>; other objects cannot hold values of the graph.</summary>
    public Captured Object(IObjectCreationOperation operation)
    {
        if (session.Types.KindOf(operation.Type) == ValueKind.Aggregate && operation.Type is INamedTypeSymbol { Name: "List" })
        {
            return session.Expressions.Lists.NewList(operation);
        }

        if (session.Types.IsDictionary(operation.Type))
        {
            return session.Expressions.Dictionaries.New(operation);
        }

        return session.Hosts.BelongsToGraph(operation, operation.Syntax.Span)
            ? session.Expressions.Records.New(operation) ?? session.Refuse("UG018", operation, operation.Type?.Name ?? "object")
            : session.Expressions.Host(operation);
    }

    /// <summary>An argument that is a list written in place: its items are captured even where all of them are host values. An array stands for the span it becomes.</summary>
    public Captured Argument(IOperation value) => HostReader.Unwrap(value) switch
    {
        { } written when IsOfHostTuples(written) && session.Hosts.Read(written).IsPure => session.Expressions.Host(written),
        IArrayCreationOperation { Initializer: not null, DimensionSizes.Length: 1 } array => Array(array),
        ICollectionExpressionOperation collection when !collection.Elements.Any(e => e is ISpreadOperation) || !session.Hosts.Read(collection).IsPure =>
            Collection(collection),
        { Type: IArrayTypeSymbol { Rank: 1 } } array when value.Type is { IsRefLikeType: true } => session.Expressions.Capture(array),
        _ => session.Expressions.Capture(value),
    };

    // Taken apart, its items would be lists, which the code that uses them does not expect.
    private bool IsOfHostTuples(IOperation written) =>
        written is IArrayCreationOperation { Type: IArrayTypeSymbol { ElementType: INamedTypeSymbol { IsTupleType: true } item } } && !session.Types.IsOrHoldsTensors(item);

    private static bool IsList(ITypeSymbol type) =>
        TypeClassifier.IsSystem(type) && type is INamedTypeSymbol { TypeArguments.Length: 1 }
        && (type.IsRefLikeType || type.Name is "List" or "IList" or "IReadOnlyList" or "ICollection" or "IReadOnlyCollection" or "IEnumerable" or "ImmutableArray");
}
