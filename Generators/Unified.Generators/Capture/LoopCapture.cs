using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns <c>for</c>, <c>foreach</c>, <c>while</c> and <c>do</c> into Loop and ForEach instructions.</summary>
internal sealed class LoopCapture(CaptureSession session)
{
    public void Capture(ILoopOperation loop) => session.State.InLoop(() => session.Statements.Usings.Within(isLoop: true, () =>
    {
        Any(loop);
        return true;
    }));

    private void Any(ILoopOperation loop)
    {
        switch (loop)
        {
            case IForLoopOperation counted:
                For(counted);
                return;
            case IWhileLoopOperation condition:
                While(condition);
                return;
            case IForEachLoopOperation { IsAsynchronous: false } each:
                ForEach(each);
                return;
            default:
                session.Report("UG001", loop.Syntax, "This loop", "write for, foreach or while");
                return;
        }
    }

    private void For(IForLoopOperation loop)
    {
        foreach (var statement in loop.Before)
        {
            session.Statements.Capture(statement);
        }

        var condition = Condition(loop.Condition);
        var body = session.Writer.InBlock(() => session.Statements.Capture(loop.Body));
        var step = session.Writer.InBlock(() =>
        {
            foreach (var statement in loop.AtLoopBottom)
            {
                session.Statements.Capture(statement);
            }
        });
        session.Writer.Emit(new LoopInstruction(condition, body, step, TestFirst: true, session.Place(loop.Condition ?? loop)));
    }

    private void While(IWhileLoopOperation loop)
    {
        var body = session.Writer.InBlock(() => session.Statements.Capture(loop.Body));
        var condition = Condition(loop.Condition);
        session.Writer.Emit(new LoopInstruction(condition, body, Block.Empty, loop.ConditionIsTop, session.Place(loop.Condition ?? loop)));
    }

    private void ForEach(IForEachLoopOperation loop)
    {
        var collection = HostReader.Unwrap(loop.Collection);
        var list = session.Expressions.Aggregates.Argument(collection);
        GuardCount(collection);
        var itemType = ItemType(loop);
        int item;
        if (loop.LoopControlVariable is IVariableDeclaratorOperation variable)
        {
            item = session.Writer.Declare(
                variable.Symbol, session.Types.Of(variable.Symbol.Type, list.Kind == ValueKind.Host ? ValueKind.Host : session.Types.KindOf(variable.Symbol.Type)));
        }
        else
        {
            // Tuples with sizes in them are lists of the graph, however they were written.
            item = session.Writer.DeclareTemporary(list.Kind == ValueKind.Host && session.Types.IsEntry(itemType)
                ? session.Types.Of(itemType!, ValueKind.Host)
                : itemType is { IsTupleType: true } && list.Kind == ValueKind.Aggregate
                ? session.Types.Of(itemType, ValueKind.Aggregate)
                : session.Types.Of(itemType));
        }

        var body = session.Writer.InBlock(() =>
        {
            if (loop.LoopControlVariable is not IVariableDeclaratorOperation)
            {
                session.Expressions.Assignments.Split(loop.LoopControlVariable, item, itemType, loop.LoopControlVariable);
            }

            session.Statements.Capture(loop.Body);
        });
        if (!list.IsMissing)
        {
            session.Writer.Emit(new ForEachInstruction(item, list.Register, body, session.Place(collection)));
        }
    }

    /// <summary>
    /// A list that can grow is compared by its count: the field that holds it stays the same when an item is added.
    /// </summary>
    public void GuardCount(IOperation collection)
    {
        var type = collection.Type;
        if (type is not INamedTypeSymbol { Name: "List" or "IList" or "IReadOnlyList" or "ICollection" or "IReadOnlyCollection" or "Dictionary" or "HashSet" }
            || !TypeClassifier.IsSystem(type)
            || collection is not (IFieldReferenceOperation or IPropertyReferenceOperation)
            || (collection is IPropertyReferenceOperation property && !GuardRule.IsStored(property.Property))
            || session.Guards.Frozen.IsReadBy(collection)
            || !session.Hosts.Read(collection).IsPure)
        {
            return;
        }

        var count = CountOf(type);
        if (count is null)
        {
            return;
        }

        var draft = session.Hosts.Read(collection).Locals;
        var locals = draft.Select(l => (session.Writer.Find(l)!.Value, HostReader.TypeOf(l)!)).ToArray();
        if (locals.All(l => session.Thunks.CheckType(l.Item2, collection)))
        {
            session.Thunks.Evaluate($"({collection.Syntax}).Count", count.Type, isGuard: true, collection, locals);
        }
    }

    private static IPropertySymbol? CountOf(ITypeSymbol type) =>
        new[] { type }.Concat(type.AllInterfaces).SelectMany(t => t.GetMembers("Count")).OfType<IPropertySymbol>().FirstOrDefault();

    /// <summary>The type of the items, as foreach sees them before the loop variable's own type.</summary>
    private static ITypeSymbol? ItemType(IForEachLoopOperation loop)
    {
        var type = HostReader.Unwrap(loop.Collection).Type;
        return type switch
        {
            IArrayTypeSymbol array => array.ElementType,
            _ => new[] { type }.Concat(type?.AllInterfaces ?? []).OfType<INamedTypeSymbol>()
                .FirstOrDefault(t => t.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T)?.TypeArguments[0],
        };
    }

    private Block Condition(IOperation? condition) => session.Writer.InBlock(() => condition is null
        ? session.Writer.Literal(true)
        : session.Expressions.Conditionals.Condition(condition));
}
