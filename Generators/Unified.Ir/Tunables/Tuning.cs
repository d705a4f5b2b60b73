using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// Values of tunables, by class of kernel; what is not named has its default. Equal tunings are those that give equal code, however they were made. Results do not depend on
/// it beyond the tolerances of the op table, and with one tuning they do not depend on the number of threads.
/// </summary>
public sealed class Tuning : IEquatable<Tuning>
{
    // Without defaults, sorted: the identity.
    private readonly ImmutableDictionary<(KernelClass Class, Tunable Tunable), int> _values;
    private readonly string _text;

    private Tuning(ImmutableDictionary<(KernelClass Class, Tunable Tunable), int> values)
    {
        _values = values;
        _text = string.Join("; ", Entries.Select(e => $"{e.Class} {e.Tunable}={e.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)}"));
    }

    /// <summary>Every default.</summary>
    public static Tuning Default { get; } = new(ImmutableDictionary<(KernelClass, Tunable), int>.Empty);

    public bool IsDefault => _values.IsEmpty;

    /// <summary>What is not the default, in the order of the families and of the table.</summary>
    public IEnumerable<(KernelClass Class, Tunable Tunable, int Value)> Entries =>
        from family in KernelFamily.All
        from one in KernelClass.Of(family)
        from tunable in TunableTable.Of(family)
        where _values.ContainsKey((one, tunable))
        select (one, tunable, _values[(one, tunable)]);

    /// <summary>What a class of kernels is written by.</summary>
    public ClassTuning For(KernelClass kernels) => new(this, kernels);

    /// <summary>The same with one value for one class of kernels.</summary>
    /// <exception cref="ArgumentException">The tunable does not act on such kernels, or the value is none of its candidates.</exception>
    public Tuning With(KernelClass kernels, Tunable tunable, int value)
    {
        if (!tunable.Families.Contains(kernels.Family))
        {
            throw new ArgumentException($"'{tunable}' does not act on kernels of '{kernels.Family}', but of {string.Join(", ", tunable.Families)}");
        }

        if (!tunable.Candidates.Contains(value))
        {
            throw new ArgumentException($"'{tunable}' is {value}; it may be {string.Join(", ", tunable.Candidates)}");
        }

        return new(value == tunable.Default ? _values.Remove((kernels, tunable)) : _values.SetItem((kernels, tunable), value));
    }

    /// <summary>The same with one value for all kernels that the tunable acts on.</summary>
    /// <exception cref="ArgumentException">The value is none of its candidates.</exception>
    public Tuning With(Tunable tunable, int value) =>
        tunable.Families.SelectMany(f => KernelClass.Of(f)).Aggregate(this, (tuning, kernels) => tuning.With(kernels, tunable, value));

    /// <summary>The same without the values that change rounding, or without all others.</summary>
    public Tuning Where(bool changesRounding) => new(_values.Where(v => v.Key.Tunable.ChangesRounding == changesRounding).ToImmutableDictionary());

    /// <summary>The tuning of a text such as <see cref="ToString"/> makes: <c>product/small unroll=8; rows grain=1024</c>. A family's name stands for all of its classes.</summary>
    /// <exception cref="ArgumentException">A part has another form, or names what there is not.</exception>
    public static Tuning Parse(string text) => text.Split(';').Select(p => p.Trim()).Where(p => p.Length > 0).Aggregate(Default, (tuning, part) =>
        part.Split(' ') is [var classes, var setting] && setting.Split('=') is [var name, var number]
            && int.TryParse(number, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var value)
            ? KernelClass.Parse(classes).Aggregate(tuning, (t, c) => t.With(c, TunableTable.Get(name), value))
            : throw new ArgumentException($"'{part}' is no setting: write a class of kernels, a tunable and a number, as 'product/small unroll=8'"));

    /// <summary>The settings that are not the default, as text; the empty text where there is none.</summary>
    public override string ToString() => _text;

    public bool Equals(Tuning? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as Tuning);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_text);

    internal int Value(KernelClass kernels, Tunable tunable) => _values.TryGetValue((kernels, tunable), out var value) ? value : tunable.Default;
}

/// <summary>The values of one class of kernels.</summary>
public readonly record struct ClassTuning(Tuning Tuning, KernelClass Class)
{
    /// <exception cref="ArgumentException">The tunable does not act on such kernels.</exception>
    public int this[Tunable tunable] => tunable.Families.Contains(Class.Family) ? Tuning.Value(Class, tunable)
        : throw new ArgumentException($"'{tunable}' does not act on kernels of '{Class.Family}'");

    /// <summary>As the indexer; where the tunable does not act on such kernels, its default.</summary>
    public int ValueOrDefault(Tunable tunable) => tunable.Families.Contains(Class.Family) ? this[tunable] : tunable.Default;
}
