using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Unified.Graphs;

/// <summary>Turns the user's collections into items and back: what specialization does, and what repeats it from a trace.</summary>
internal static class HostCollections
{
    /// <summary>The items of a list, array, dictionary or tuple; null for anything else.</summary>
    public static ImmutableArray<object?>? Items(object? collection) => collection switch
    {
        string => null,
        IEnumerable items => [.. items.Cast<object?>()],
        ITuple tuple => [.. Enumerable.Range(0, tuple.Length).Select(i => tuple[i])],
        _ => null,
    };

    /// <summary>An item of a dictionary, by its key, or of a list or tuple, by its number.</summary>
    public static object? Item(object collection, object key) => (collection, key) switch
    {
        (IDictionary dictionary, _) => dictionary[key],
        (ITuple tuple, int at) => tuple[at],
        (IList list, int at) => list[at],
        _ => throw new ArgumentException($"{collection.GetType()} has no items", nameof(collection)),
    };

    /// <summary>An array of the type that the items share, else of objects.</summary>
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Generated code casts the result to the array type: it is in the executable.")]
    public static Array ArrayOf(ImmutableArray<object?> items)
    {
        var types = items.Select(i => i?.GetType() ?? typeof(object)).Distinct().ToArray();
        var array = Array.CreateInstance(types.Length == 1 ? types[0] : typeof(object), items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            array.SetValue(items[i], i);
        }

        return array;
    }
}
