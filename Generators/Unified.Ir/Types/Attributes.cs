using System.Collections.Immutable;
using System.Globalization;

namespace Unified.Ir;

/// <summary>A compile-time argument of an op.</summary>
public abstract record AttributeValue;

public sealed record BoolAttribute(bool Value) : AttributeValue;

public sealed record FloatAttribute(double Value) : AttributeValue
{
    // NaN must equal itself, or an op that carries one would never be common with itself; -0 must differ from 0.
    public bool Equals(FloatAttribute? other) =>
        other is not null && BitConverter.DoubleToInt64Bits(Value) == BitConverter.DoubleToInt64Bits(other.Value);

    public override int GetHashCode() => BitConverter.DoubleToInt64Bits(Value).GetHashCode();
}

public sealed record StringAttribute(string Value) : AttributeValue;

public sealed record DTypeAttribute(DType Value) : AttributeValue;

/// <summary>One integer, possibly symbolic.</summary>
public sealed record DimAttribute(Dim Value) : AttributeValue;

/// <summary>A list of integers, possibly symbolic: a shape, axes, starts.</summary>
public sealed record DimsAttribute(ImmutableArray<Dim> Value) : AttributeValue
{
    public bool Equals(DimsAttribute? other) => other is not null && Value.AsSpan().SequenceEqual(other.Value.AsSpan());

    public override int GetHashCode() => new Shape(Value).GetHashCode();
}

/// <summary>Attributes by name, sorted. Immutable, equal by content.</summary>
public sealed class Attributes : IEquatable<Attributes>
{
    private readonly ImmutableSortedDictionary<string, AttributeValue> _values;

    private Attributes(ImmutableSortedDictionary<string, AttributeValue> values) => _values = values;

    public static Attributes Empty { get; } = new(ImmutableSortedDictionary.Create<string, AttributeValue>(StringComparer.Ordinal));

    public IEnumerable<KeyValuePair<string, AttributeValue>> Items => _values;

    public bool IsEmpty => _values.IsEmpty;

    public AttributeValue? Find(string name) => _values.TryGetValue(name, out var value) ? value : null;

    public Attributes With(string name, AttributeValue value) => new(_values.SetItem(name, value));

    public Attributes With(string name, long value) => With(name, new DimAttribute(value));

    public Attributes With(string name, Dim value) => With(name, new DimAttribute(value));

    public Attributes With(string name, double value) => With(name, new FloatAttribute(value));

    public Attributes With(string name, bool value) => With(name, new BoolAttribute(value));

    public Attributes With(string name, DType value) => With(name, new DTypeAttribute(value));

    public Attributes With(string name, IEnumerable<Dim> value) => With(name, new DimsAttribute([.. value]));

    public Attributes With(string name, IEnumerable<int> value) => With(name, value.Select(v => (Dim)v));

    public Dim Dim(string name) => ((DimAttribute)Get(name)).Value;

    public long Int(string name) => Dim(name).Value;

    public double Float(string name) => ((FloatAttribute)Get(name)).Value;

    public bool Bool(string name) => ((BoolAttribute)Get(name)).Value;

    public DType DType(string name) => ((DTypeAttribute)Get(name)).Value;

    public string String(string name) => ((StringAttribute)Get(name)).Value;

    public ImmutableArray<Dim> Dims(string name) => ((DimsAttribute)Get(name)).Value;

    public ImmutableArray<int> Ints(string name) => [.. Dims(name).Select(d => checked((int)d.Value))];

    public bool Equals(Attributes? other) => other is not null && _values.SequenceEqual(other._values);

    public override bool Equals(object? obj) => Equals(obj as Attributes);

    public override int GetHashCode() => _values.Aggregate(17, (h, p) => unchecked((h * 31) + p.Value.GetHashCode()));

    /// <summary>Numbers that parse back to the same bits.</summary>
    internal static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private AttributeValue Get(string name) =>
        Find(name) ?? throw new KeyNotFoundException($"the op has no attribute '{name}'");
}
