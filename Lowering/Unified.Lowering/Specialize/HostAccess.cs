using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Reads values as what host code needs: objects, numbers, sizes, lists.</summary>
internal static class HostAccess
{
    /// <summary>The host object, for a thunk's parameter of C# type <paramref name="type"/>.</summary>
    public static object? Object(this Frame frame, Value value, string who, string type = "")
    {
        switch (value)
        {
            case HostValue host:
                return HostNumbers.Convert(host.Object, type);
            case PlaceValue { Key: HandleKey key }:
                frame.Session.Sources.Pin(key.Handle);
                return key.Handle;
            case SizeValue size:
                throw frame.NeedsConstants(size.Dim.Names(), who);
            case ConditionValue condition:
                throw frame.NeedsConstants(condition.Names, who);
            case AggregateValue list:
                return frame.Session.Host.Array([.. list.Items.Select(i => frame.Object(i, who))]);
            default:
                throw frame.Fail(
                    $"{who} takes {value.Describe()} that exists only in the graph; pass host values, or make it an op or a [StaticGraph] method", eager: true);
        }
    }

    /// <summary>A host int as a dim.</summary>
    public static Dim Size(this Frame frame, Value value, string who) =>
        TrySize(value) ?? throw frame.Fail($"{who} must be an int, not {value.Describe()}", eager: true);

    public static Dim? TrySize(Value value) => value switch
    {
        SizeValue size => size.Dim,
        HostValue { Object: Dim dim } => dim,
        HostValue host when HostNumbers.TryInteger(host.Object, out var integer) => Dim.Constant(integer),
        _ => null,
    };

    /// <summary>A host int that must be known.</summary>
    public static int Int(this Frame frame, Value value, string who)
    {
        var size = frame.Size(value, who);
        return size.IsConstant ? checked((int)size.Value) : throw frame.NeedsConstants(size.Names(), who);
    }

    /// <summary>The items of an aggregate or of a host list, tuple, array or dictionary; null for anything else.</summary>
    public static IEnumerable<Value>? TryItems(this Frame frame, Value value) => value switch
    {
        AggregateValue list => list.Items,
        HostValue host => frame.Session.Host.Items(host.Object)?.Select((x, i) => frame.Session.Wrap(x, $"item{i}")),
        _ => null,
    };

    public static IEnumerable<Value> Items(this Frame frame, Value value, string who) =>
        frame.TryItems(value) ?? throw frame.Fail($"{who} must be a list, not {value.Describe()}", eager: true);
}
