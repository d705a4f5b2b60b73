using System.Collections.Frozen;
using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Dictionaries that the function makes: lists of pairs in the order of the keys' first entry, whose keys are known.</summary>
internal static class DictionarySteps
{
    /// <summary>What reads a dictionary, by its operator.</summary>
    public static FrozenDictionary<string, Func<Frame, ImmutableArray<Value>, ImmutableArray<Value>, Value>> Lookups { get; } =
        new Dictionary<string, Func<Frame, ImmutableArray<Value>, ImmutableArray<Value>, Value>>
        {
            ["key_value"] = (f, items, o) => Find(f, items, Key(f, o[0])) is >= 0 and var at
                ? Pair(items[at])[1]
                : throw f.Fail("a key is not in the dictionary", eager: true),
            ["key_has"] = (f, items, o) => Find(f, items, Key(f, o[0])) >= 0 ? HostValue.True : HostValue.False,
            ["keys"] = (f, items, _) => new AggregateValue([.. items.Select(i => Pair(i)[0])]) { Home = f.Region },
            ["values"] = (f, items, _) => new AggregateValue([.. items.Select(i => Pair(i)[1])]) { Home = f.Region },
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The dictionary with the key set to the value.</summary>
    public static ImmutableArray<Value> Set(Frame frame, ImmutableArray<Value> items, ImmutableArray<Value> operands, bool mayBeThere)
    {
        var key = Key(frame, operands[0]);
        var pair = new AggregateValue([new HostValue(key), operands[1]]) { Home = frame.Region };
        return Find(frame, items, key) is not (>= 0 and var at) ? items.Add(pair)
            : mayBeThere ? items.SetItem(at, pair)
            : throw frame.Fail("a key that is added is in the dictionary already", eager: true);
    }

    /// <summary>The dictionary without the key.</summary>
    public static ImmutableArray<Value> Remove(Frame frame, ImmutableArray<Value> items, ImmutableArray<Value> operands) =>
        Find(frame, items, Key(frame, operands[0])) is >= 0 and var at ? items.RemoveAt(at) : items;

    private static object Key(Frame frame, Value value) => frame.Object(value, "a key of a dictionary") ?? throw frame.Fail("a key of a dictionary is null", eager: true);

    private static int Find(Frame frame, ImmutableArray<Value> items, object key)
    {
        for (var i = 0; i < items.Length; i++)
        {
            if (Pair(items[i])[0] is not HostValue known)
            {
                throw frame.Fail("the keys of a dictionary depend on a tensor's value", eager: true);
            }

            if (frame.Session.Host.AreEqual(known.Object, key))
            {
                return i;
            }
        }

        return -1;
    }

    private static ImmutableArray<Value> Pair(Value item) => ((AggregateValue)item).Items;
}
