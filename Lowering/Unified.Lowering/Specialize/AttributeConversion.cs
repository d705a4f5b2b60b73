using System.Collections.Frozen;
using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Specialize;

/// <summary>Host values as attributes of ops, one row per kind of attribute.</summary>
internal static class AttributeConversion
{
    private sealed record Row(AttributeKind Kind, string Expected, Func<Frame, Value, string, AttributeValue?> Convert);

    private static readonly ImmutableArray<Row> Rows =
    [
        new(AttributeKind.Bool, "a bool", (f, v, who) => f.Object(v, who) is bool b ? new BoolAttribute(b) : null),
        new(AttributeKind.Int, "an int", (f, v, who) => HostNumbers.TryInteger(f.Object(v, who), out var i) ? new DimAttribute(i) : null),
        new(AttributeKind.Float, "a number", (f, v, who) => HostNumbers.TryNumber(f.Object(v, who), out var d) ? new FloatAttribute(d) : null),
        new(AttributeKind.String, "a string", (f, v, who) => f.Object(v, who) is string s ? new StringAttribute(s) : null),
        new(AttributeKind.DType, "a dtype", (f, v, who) => f.Object(v, who) is DType t ? new DTypeAttribute(t) : null),
        new(AttributeKind.Dim, "an int", (_, v, _) => HostAccess.TrySize(v) is { } dim ? new DimAttribute(dim) : null),
        new(AttributeKind.Dims, "an int or a list of ints", (f, v, _) => Dims(f, v) is { } dims ? new DimsAttribute(dims) : null),
    ];

    private static readonly FrozenDictionary<AttributeKind, Row> ByKind = Rows.ToFrozenDictionary(r => r.Kind);

    /// <exception cref="GraphCompileException">The value is none of the attribute's kind.</exception>
    public static AttributeValue Convert(Frame frame, Value value, AttributeSpec spec, string who)
    {
        var row = ByKind[spec.Kind];
        return row.Convert(frame, value, who) ?? throw frame.Fail($"{who} must be {row.Expected}, not {value.Describe()}");
    }

    private static ImmutableArray<Dim>? Dims(Frame frame, Value value)
    {
        if (HostAccess.TrySize(value) is { } one)
        {
            return [one];
        }

        var items = frame.TryItems(value)?.Select(HostAccess.TrySize).ToImmutableArray();
        return items is { } all && all.All(d => d is not null) ? [.. all.Select(d => d!)] : null;
    }
}
