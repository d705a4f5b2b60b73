using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Unified.Ir;

/// <summary>
/// The size of one axis: an integer polynomial over named dims, kept in canonical form, so that two dims are equal
/// exactly when their polynomials are. <c>B*T</c>, <c>2*T+1</c>, <c>floordiv(T, 2)</c>.
/// </summary>
public sealed class Dim : IEquatable<Dim>
{
    private const int SmallConstants = 1025;

    // Nearly every dim met while compiling is a small constant: made once, compared by value, never printed.
    private static readonly Dim[] s_small = [.. Enumerable.Range(0, SmallConstants).Select(i => new Dim(i))];

    private readonly long _constant;
    private string? _text;

    private Dim(long constant)
    {
        Terms = constant == 0 ? [] : [new DimTerm(constant, [])];
        _constant = constant;
        IsConstant = true;
    }

    private Dim(ImmutableArray<DimTerm> terms)
    {
        Terms = terms;
        IsConstant = terms.IsEmpty || (terms.Length == 1 && terms[0].Atoms.IsEmpty);
        _constant = IsConstant && !terms.IsEmpty ? terms[0].Coefficient : 0;
    }

    /// <summary>Sorted by monomial text; no zero coefficients; no two terms with the same monomial.</summary>
    public ImmutableArray<DimTerm> Terms { get; }

    public static Dim Zero => s_small[0];

    public static Dim One => s_small[1];

    public static Dim Constant(long value) => value is >= 0 and < SmallConstants ? s_small[value] : new(value);

    /// <summary>A named dim. Names are C# identifiers.</summary>
    public static Dim Named(string name) => Of(new DimName(name));

    private static Dim Of(DimAtom atom) => new([new DimTerm(1, [atom])]);

    public bool IsConstant { get; }

    /// <summary>The value of a constant dim.</summary>
    /// <exception cref="InvalidOperationException">The dim has named parts.</exception>
    public long Value => IsConstant ? _constant : throw new InvalidOperationException($"dim '{this}' is not a constant");

    public bool Is(long value) => IsConstant && Value == value;

    /// <summary>The name, when the dim is exactly one named dim; else null.</summary>
    public string? Name => Terms.Length == 1 && Terms[0].Coefficient == 1 && Terms[0].Atoms.Length == 1
        && Terms[0].Atoms[0] is DimName name ? name.Name : null;

    public static implicit operator Dim(long value) => Constant(value);

    public static implicit operator Dim(int value) => Constant(value);

    public static Dim operator +(Dim a, Dim b) =>
        a.IsConstant && b.IsConstant ? Constant(checked(a._constant + b._constant))
        : a.Is(0) ? b
        : b.Is(0) ? a
        : Sum(a.Terms.Concat(b.Terms));

    public static Dim operator -(Dim a, Dim b) => a + (b * -1);

    public static Dim operator *(Dim a, Dim b) =>
        a.IsConstant && b.IsConstant ? Constant(checked(a._constant * b._constant))
        : a.Is(1) ? b
        : b.Is(1) ? a
        : Sum(a.Terms.SelectMany(x => b.Terms.Select(y => new DimTerm(
            checked(x.Coefficient * y.Coefficient),
            [.. x.Atoms.Concat(y.Atoms).OrderBy(t => t.Text, StringComparer.Ordinal)]))));

    /// <summary>Exact quotient where the polynomial division has no remainder, else null.</summary>
    public Dim? TryDivide(Dim divisor)
    {
        if (divisor.Is(0))
        {
            return null;
        }

        var rest = this;
        var quotient = Zero;
        var lead = divisor.Terms[0];
        for (var guard = 0; guard < 64 && !rest.Terms.IsEmpty; guard++)
        {
            var term = rest.Terms.FirstOrDefault(t => t.Coefficient % lead.Coefficient == 0 && Contains(t.Atoms, lead.Atoms));
            if (term is null)
            {
                return null;
            }

            var part = new Dim([new DimTerm(term.Coefficient / lead.Coefficient, Without(term.Atoms, lead.Atoms))]);
            quotient += part;
            rest -= part * divisor;
        }

        return rest.Terms.IsEmpty ? quotient : null;
    }

    /// <summary>Quotient rounded towards negative infinity.</summary>
    public static Dim FloorDiv(Dim a, Dim b)
    {
        if (a.IsConstant && b.IsConstant && b.Value != 0)
        {
            return DimFunction.Apply(DimFunctionKind.FloorDiv, a.Value, b.Value);
        }

        return a.TryDivide(b) ?? Of(new DimFunction(DimFunctionKind.FloorDiv, a, b));
    }

    public static Dim CeilDiv(Dim a, Dim b) => FloorDiv(a + b - 1, b);

    /// <summary><paramref name="a"/> rounded up to a multiple of <paramref name="multiple"/>.</summary>
    public static Dim RoundUp(Dim a, long multiple) => CeilDiv(a, multiple) * multiple;

    /// <summary>Remainder with the sign of the divisor.</summary>
    public static Dim Mod(Dim a, Dim b) => a - (FloorDiv(a, b) * b);

    public static Dim Max(Dim a, Dim b) => Fold(DimFunctionKind.Max, a, b);

    public static Dim Min(Dim a, Dim b) => Fold(DimFunctionKind.Min, a, b);

    private static Dim Fold(DimFunctionKind kind, Dim a, Dim b)
    {
        var difference = a - b;
        if (difference.IsConstant)
        {
            return (kind == DimFunctionKind.Max) == (difference.Value >= 0) ? a : b;
        }

        // Both are commutative: order the operands, so that equal sizes stay equal.
        return StringComparer.Ordinal.Compare(a.ToString(), b.ToString()) <= 0
            ? Of(new DimFunction(kind, a, b))
            : Of(new DimFunction(kind, b, a));
    }

    /// <summary>True when the two can never be equal, whatever the named dims are.</summary>
    public static bool ProvablyDiffer(Dim a, Dim b)
    {
        var difference = a - b;
        return difference.IsConstant && difference.Value != 0;
    }

    public Dim Substitute(Func<string, Dim?> replacement)
    {
        if (IsConstant)
        {
            return this;
        }

        var sum = Zero;
        foreach (var term in Terms)
        {
            Dim product = term.Coefficient;
            foreach (var atom in term.Atoms)
            {
                product *= atom switch
                {
                    DimName n => replacement(n.Name) ?? Of(n),
                    DimFunction f => f.Rebuild(f.Left.Substitute(replacement), f.Right.Substitute(replacement)),
                    _ => throw new InvalidOperationException(),
                };
            }

            sum += product;
        }

        return sum;
    }

    /// <summary>The value with every named dim looked up. Allocates nothing.</summary>
    public long Evaluate(IReadOnlyDictionary<string, long> values)
    {
        long sum = 0;
        foreach (var term in Terms)
        {
            var product = term.Coefficient;
            foreach (var atom in term.Atoms)
            {
                product = checked(product * atom.Evaluate(values));
            }

            sum = checked(sum + product);
        }

        return sum;
    }

    /// <summary>The names that occur, sorted.</summary>
    public ImmutableSortedSet<string> Names()
    {
        var names = ImmutableSortedSet.CreateBuilder(StringComparer.Ordinal);
        foreach (var atom in Terms.SelectMany(t => t.Atoms))
        {
            switch (atom)
            {
                case DimName n:
                    names.Add(n.Name);
                    break;
                case DimFunction f:
                    names.UnionWith(f.Left.Names());
                    names.UnionWith(f.Right.Names());
                    break;
            }
        }

        return names.ToImmutable();
    }

    public static bool operator ==(Dim? a, Dim? b) => a is null ? b is null : a.Equals(b);

    public static bool operator !=(Dim? a, Dim? b) => !(a == b);

    public bool Equals(Dim? other) => ReferenceEquals(this, other)
        || (other is not null && IsConstant == other.IsConstant && (IsConstant ? _constant == other._constant : ToString() == other.ToString()));

    public override bool Equals(object? obj) => Equals(obj as Dim);

    public override int GetHashCode() => IsConstant ? _constant.GetHashCode() : StringComparer.Ordinal.GetHashCode(ToString());

    public override string ToString() => _text ??= Print(Terms);

    private static Dim Sum(IEnumerable<DimTerm> terms)
    {
        var sums = new SortedDictionary<string, DimTerm>(StringComparer.Ordinal);
        foreach (var term in terms)
        {
            var key = term.Monomial;
            sums[key] = sums.TryGetValue(key, out var old)
                ? new DimTerm(checked(old.Coefficient + term.Coefficient), term.Atoms)
                : term;
        }

        // Highest degree first reads naturally: B*T+1, not 1+B*T.
        return new([.. sums.Values.Where(t => t.Coefficient != 0).OrderByDescending(t => t.Atoms.Length)]);
    }

    private static bool Contains(ImmutableArray<DimAtom> all, ImmutableArray<DimAtom> part) =>
        part.GroupBy(a => a).All(g => all.Count(a => a.Equals(g.Key)) >= g.Count());

    private static ImmutableArray<DimAtom> Without(ImmutableArray<DimAtom> all, ImmutableArray<DimAtom> part)
    {
        var rest = all.ToList();
        foreach (var atom in part)
        {
            rest.Remove(atom);
        }

        return [.. rest];
    }

    private static string Print(ImmutableArray<DimTerm> terms)
    {
        if (terms.IsEmpty)
        {
            return "0";
        }

        var text = new StringBuilder();
        foreach (var term in terms)
        {
            if (text.Length > 0 && term.Coefficient > 0)
            {
                text.Append('+');
            }

            if (term.Atoms.IsEmpty)
            {
                text.Append(term.Coefficient.ToString(CultureInfo.InvariantCulture));
                continue;
            }

            text.Append(term.Coefficient switch
            {
                1 => "",
                -1 => "-",
                var c => c.ToString(CultureInfo.InvariantCulture) + "*",
            });
            text.Append(term.Monomial);
        }

        return text.ToString();
    }
}

/// <summary>One product of a <see cref="Dim"/>: a coefficient times atoms (sorted; repeated for powers).</summary>
public sealed record DimTerm(long Coefficient, ImmutableArray<DimAtom> Atoms)
{
    public string Monomial { get; } = string.Join("*", Atoms.Select(a => a.Text));
}

/// <summary>What a dim polynomial is made of.</summary>
public abstract record DimAtom
{
    public abstract string Text { get; }

    public abstract long Evaluate(IReadOnlyDictionary<string, long> values);
}

public sealed record DimName(string Name) : DimAtom
{
    public override string Text => Name;

    public override long Evaluate(IReadOnlyDictionary<string, long> values) =>
        values.TryGetValue(Name, out var value) ? value : throw new KeyNotFoundException($"dim '{Name}' has no value");
}

public enum DimFunctionKind
{
    FloorDiv,
    Max,
    Min,
}

/// <summary>A part that is no polynomial: <c>floordiv(a, b)</c>, <c>max(a, b)</c>, <c>min(a, b)</c>.</summary>
public sealed record DimFunction(DimFunctionKind Kind, Dim Left, Dim Right) : DimAtom
{
    public override string Text { get; } =
        $"{Kind switch { DimFunctionKind.FloorDiv => "floordiv", DimFunctionKind.Max => "max", _ => "min" }}({Left}, {Right})";

    public override long Evaluate(IReadOnlyDictionary<string, long> values) =>
        Apply(Kind, Left.Evaluate(values), Right.Evaluate(values));

    internal Dim Rebuild(Dim left, Dim right) => Kind switch
    {
        DimFunctionKind.FloorDiv => Dim.FloorDiv(left, right),
        DimFunctionKind.Max => Dim.Max(left, right),
        _ => Dim.Min(left, right),
    };

    internal static long Apply(DimFunctionKind kind, long a, long b) => kind switch
    {
        DimFunctionKind.FloorDiv when b == 0 => throw new DivideByZeroException("a dim is divided by zero"),
        DimFunctionKind.FloorDiv => (a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0),
        DimFunctionKind.Max => Math.Max(a, b),
        _ => Math.Min(a, b),
    };
}
