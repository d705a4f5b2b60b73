using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>Turns dictionaries that the method makes, with tensors as values, into lists of pairs, and what reads and changes them into ListStep instructions.</summary>
internal sealed class DictionaryCapture(CaptureSession session)
{
    /// <summary><c>new Dictionary&lt;string, Tensor&gt; { ["a"] = x }</c>.</summary>
    public Captured New(IObjectCreationOperation creation)
    {
        var source = creation.Arguments.FirstOrDefault()?.Value;
        if (creation.Arguments.Length > 1 || (source is not null && source.Type?.SpecialType != SpecialType.System_Int32 && !session.Hosts.IsAggregateOfGraph(source)))
        {
            return session.Refuse("UG002", creation, "A dictionary with a comparer, or made from one of the host,", "leave the comparer out, or add the entries one by one");
        }

        var copied = source is null || source.Type?.SpecialType == SpecialType.System_Int32 ? default(Captured?) : session.Expressions.Capture(HostReader.Unwrap(source));
        var made = copied is { } whole
            ? whole.IsMissing ? whole : Result("copy", ValueKind.Aggregate, creation, whole)
            : session.Expressions.Aggregates.List([], creation);
        foreach (var entry in creation.Initializer?.Initializers ?? [])
        {
            var (step, key, value) = entry switch
            {
                ISimpleAssignmentOperation { Target: IPropertyReferenceOperation { Arguments: [var index] }, Value: var set } => ("key_set", index.Value, set),
                IInvocationOperation { Arguments: [var first, var second] } => ("key_add", first.Value, second.Value),
                _ => default((string, IOperation, IOperation)),
            };
            if (step is null)
            {
                return session.Refuse("UG002", entry, ExpressionCapture.Quote(entry), "call Add");
            }

            var (at, item) = (Key(key), session.Expressions.Capture(value));
            if (made.IsMissing || at.IsMissing || item.IsMissing)
            {
                return Captured.Missing(ValueKind.Aggregate);
            }

            Change(step, entry, made, at, item);
        }

        return made;
    }

    /// <summary>A property or the indexer of a dictionary of the graph or of an entry of one; null of anything else.</summary>
    public Captured? Read(IPropertyReferenceOperation operation, IOperation instance)
    {
        if (session.Types.IsEntry(instance.Type) && operation.Property.Name is "Key" or "Value")
        {
            var entry = session.Expressions.Capture(instance);
            return entry.IsMissing ? Captured.Missing(session.Types.KindOf(operation.Type))
                : session.Expressions.Reads.ItemAt(entry.Register, session.Writer.Literal(operation.Property.Name == "Key" ? 0 : 1), operation, operation.Type);
        }

        if (!session.Types.IsDictionary(instance.Type))
        {
            return null;
        }

        var dictionary = session.Expressions.Capture(instance);
        if (dictionary.IsMissing)
        {
            return Captured.Missing(session.Types.KindOf(operation.Type));
        }

        if (operation.Arguments is [var index])
        {
            var key = Key(index.Value);
            return key.IsMissing ? Captured.Missing(session.Types.KindOf(operation.Type)) : Result("key_value", session.Types.KindOf(operation.Type), operation, dictionary, key);
        }

        return operation.Property.Name switch
        {
            "Keys" => Result("keys", ValueKind.Aggregate, operation, dictionary),
            "Values" => Result("values", ValueKind.Aggregate, operation, dictionary),
            _ => null,
        };
    }

    /// <summary>An entry as a target: the dictionary and the key, evaluated before the value. Null where it is none of the graph.</summary>
    public ElementTarget? Target(IOperation target, IOperation place)
    {
        if (target is not IPropertyReferenceOperation { Instance: { } held, Arguments: [var index] } || HostReader.Unwrap(held) is var instance && !session.Types.IsDictionary(instance.Type)
            || !session.Hosts.IsAggregateOfGraph(instance))
        {
            return null;
        }

        var isOwn = session.Expressions.Lists.IsOwn(instance, target);
        var dictionary = session.Expressions.Capture(instance);
        var key = Key(index.Value);
        return new ElementTarget(
            !isOwn || dictionary.IsMissing || key.IsMissing,
            type => Result("key_value", session.Types.KindOf(type), place, dictionary, key),
            value =>
            {
                if (!value.IsMissing)
                {
                    Change("key_set", place, dictionary, key, value);
                }
            });
    }

    /// <summary>A method of a dictionary of the graph; null where the receiver is none.</summary>
    public Captured? Call(IInvocationOperation call, IOperation receiver)
    {
        if (!session.Types.IsDictionary(receiver.Type) || call.Instance is null)
        {
            return null;
        }

        var name = call.TargetMethod.Name;
        var (result, arguments) = (session.Types.KindOf(call.Type), call.Arguments.OrderBy(a => a.Parameter!.Ordinal).ToImmutableArray());
        if (name is "Add" or "TryAdd" or "Remove" or "Clear" && !session.Expressions.Lists.IsOwn(receiver, call))
        {
            return Captured.Missing(result);
        }

        var dictionary = session.Expressions.Capture(receiver);
        var key = arguments.IsEmpty ? default(Captured?) : Key(arguments[0].Value);
        if (dictionary.IsMissing || key is { IsMissing: true })
        {
            return Captured.Missing(result);
        }

        switch (name, arguments.Length)
        {
            case ("Add", 2):
                var added = session.Expressions.Capture(arguments[1].Value);
                if (!added.IsMissing)
                {
                    Change("key_add", call, dictionary, key!.Value, added);
                }

                return Captured.Missing(ValueKind.Void);
            case ("TryAdd", 2):
                var tried = session.Expressions.Capture(arguments[1].Value);
                if (tried.IsMissing)
                {
                    return Captured.Missing(result);
                }

                var isThere = Has(call, dictionary, key!.Value);
                var add = session.Writer.InBlock(() => Change("key_set", call, dictionary, key.Value, tried));
                session.Writer.Emit(new IfInstruction(isThere.Register, Block.Empty, add, session.Place(call)));
                return new(session.Writer.Emit(r => new HostInstruction(r, "not", "bool", [isThere.Register], session.Place(call))), ValueKind.Host);
            case ("ContainsKey", 1):
                return Has(call, dictionary, key!.Value);
            case ("Remove", 1):
                var had = Has(call, dictionary, key!.Value);
                Change("key_remove", call, dictionary, key.Value);
                return had;
            case ("Clear", 0):
                Change("clear", call, dictionary);
                return Captured.Missing(ValueKind.Void);
            case ("TryGetValue", 2):
                return TryGetValue(call, dictionary, key!.Value, arguments[1]);
            default:
                return session.Refuse("UG002", call, $"'{name}' on a dictionary of the graph", "use its indexer, Add, TryGetValue, ContainsKey, Remove, Keys, Values, or foreach");
        }
    }

    private Captured TryGetValue(IInvocationOperation call, Captured dictionary, Captured key, IArgumentOperation found)
    {
        if (session.Functions.Variable(found) is not { } variable)
        {
            return Captured.Missing(ValueKind.Host);
        }

        var has = Has(call, dictionary, key);
        var then = session.Writer.InBlock(() => session.Writer.Emit(new StoreInstruction(variable, Result("key_value", session.Writer[variable].Type.Kind, call, dictionary, key).Register)));
        var other = session.Writer.InBlock(() => session.Writer.Emit(new StoreInstruction(variable, session.Writer.Literal(null))));
        session.Writer.Emit(new IfInstruction(has.Register, then, other, session.Place(call)));
        return has;
    }

    // A key is one object, also where it is a tuple.
    private Captured Key(IOperation key)
    {
        var value = session.Hosts.Read(key).IsPure ? session.Expressions.Host(key) : session.Expressions.Capture(key);
        return !value.IsMissing && value.Kind != ValueKind.Host
            ? session.Refuse("UG002", key, $"The key {ExpressionCapture.Quote(key)}, which belongs to the graph,", "use a host value, such as a string or a number")
            : value;
    }

    private Captured Has(IOperation place, Captured dictionary, Captured key) => Result("key_has", ValueKind.Host, place, dictionary, key);

    private Captured Result(string step, ValueKind kind, IOperation place, params Captured[] operands) =>
        new(session.Writer.Emit(r => new ListStepInstruction(r, step, [.. operands.Select(o => o.Register)], session.Place(place))), kind);

    private void Change(string step, IOperation place, params Captured[] operands) =>
        session.Writer.Emit(new ListStepInstruction(Instruction.None, step, [.. operands.Select(o => o.Register)], session.Place(place)));
}
