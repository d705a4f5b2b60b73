using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Unified.Lowering.Specialize;

/// <summary>C# conversions among boxed host numbers, one row per type, unchecked as the language's default.</summary>
internal static class HostNumbers
{
    private sealed record Row(string Name, string SystemName, Func<long, object> FromLong, Func<double, object> FromDouble);

    private static readonly ImmutableArray<Row> Rows =
    [
        new("int", "System.Int32", v => unchecked((int)v), v => unchecked((int)v)),
        new("long", "System.Int64", v => v, v => unchecked((long)v)),
        new("float", "System.Single", v => (float)v, v => (float)v),
        new("double", "System.Double", v => (double)v, v => v),
        new("short", "System.Int16", v => unchecked((short)v), v => unchecked((short)v)),
        new("byte", "System.Byte", v => unchecked((byte)v), v => unchecked((byte)v)),
        new("sbyte", "System.SByte", v => unchecked((sbyte)v), v => unchecked((sbyte)v)),
        new("ushort", "System.UInt16", v => unchecked((ushort)v), v => unchecked((ushort)v)),
        new("uint", "System.UInt32", v => unchecked((uint)v), v => unchecked((uint)v)),
        new("ulong", "System.UInt64", v => unchecked((ulong)v), v => unchecked((ulong)v)),
        new("char", "System.Char", v => unchecked((char)v), v => unchecked((char)v)),
    ];

    private static readonly FrozenDictionary<string, Row> ByName =
        Rows.SelectMany(r => new[] { KeyValuePair.Create(r.Name, r), KeyValuePair.Create(r.SystemName, r) }).ToFrozenDictionary(StringComparer.Ordinal);

    public static object Convert(long value, string type) => Find(type) is { } row ? row.FromLong(value) : value;

    /// <summary>The number as <paramref name="type"/>; anything that is no number, and any other type, stays as it is.</summary>
    public static object? Convert(object? value, string type) =>
        Find(type) is not { } row ? value
        : TryInteger(value, out var integer) ? row.FromLong(integer)
        : TryNumber(value, out var number) ? row.FromDouble(number)
        : value;

    public static bool TryInteger(object? value, out long result)
    {
        (var known, result) = value switch
        {
            int v => (true, v),
            long v => (true, v),
            short v => (true, v),
            byte v => (true, v),
            sbyte v => (true, v),
            ushort v => (true, v),
            uint v => (true, v),
            ulong v => (true, unchecked((long)v)),
            char v => (true, v),
            Enum v => (true, System.Convert.ToInt64(v)),
            _ => (false, 0L),
        };
        return known;
    }

    /// <summary>Integers too.</summary>
    public static bool TryNumber(object? value, out double result)
    {
        if (TryInteger(value, out var integer))
        {
            result = integer;
            return true;
        }

        (var known, result) = value switch
        {
            double v => (true, v),
            float v => (true, v),
            Half v => (true, (double)v),
            decimal v => (true, (double)v),
            _ => (false, 0.0),
        };
        return known;
    }

    private static Row? Find(string type) => ByName.GetValueOrDefault(type.TrimEnd('?'));
}
