using System.Collections;
using System.Collections.Immutable;
using Unified.Graphs;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Turns the questions of specialization to the host into answers; all of them pass here, so that they can be recorded.</summary>
internal sealed class HostCalls(HostTraceRecorder? recorder)
{
    /// <summary>What was asked and answered; null when it is not kept.</summary>
    public HostTraceRecorder? Recorder { get; } = recorder;

    public object? Invoke(FunctionDefinition definition, int thunk, object? self, ImmutableArray<object?> arguments)
    {
        var result = definition.Invoke(thunk, self, [.. arguments]);
        Recorder?.Invoked(definition, thunk, self, arguments, result);
        return result;
    }

    public FunctionDefinition? Resolve(FunctionDefinition definition, int callee, object? receiver)
    {
        var result = definition.Resolve(callee, receiver);
        if (result is not null)
        {
            Recorder?.Resolved(definition, callee, receiver, result);
        }

        return result;
    }

    /// <summary>The items of a list, tuple, array or dictionary; null for anything else.</summary>
    public ImmutableArray<object?>? Items(object? collection)
    {
        var items = HostCollections.Items(collection);
        if (items is { } known)
        {
            Recorder?.Enumerated(collection!, known);
        }

        return items;
    }

    /// <summary>An item of a dictionary, by its key, or of a list or tuple, by its number.</summary>
    public object? Item(object collection, object key)
    {
        var result = HostCollections.Item(collection, key);
        Recorder?.Indexed(collection, key, result);
        return result;
    }

    public int Count(ICollection collection)
    {
        Recorder?.Counted(collection, collection.Count);
        return collection.Count;
    }

    /// <summary>Typed by its items, because generated code casts it to the array type of the source.</summary>
    public Array Array(ImmutableArray<object?> items)
    {
        var array = HostCollections.ArrayOf(items);
        Recorder?.Made(array, items);
        return array;
    }

    /// <summary>Whether two objects are equal, by their own rule.</summary>
    public bool AreEqual(object? left, object? right)
    {
        var result = Equals(left, right);
        Recorder?.Compared(left, right, result);
        return result;
    }
}
