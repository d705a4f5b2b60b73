using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>An index that moves evenly along the axes of an iteration space: offset + Σ coefficient × axis.</summary>
internal sealed class Affine
{
    private Affine(Dim offset, ImmutableSortedDictionary<int, Dim> terms) => (Offset, Terms) = (offset, terms);

    public static Affine Zero { get; } = new(Dim.Zero, ImmutableSortedDictionary<int, Dim>.Empty);

    public Dim Offset { get; }

    /// <summary>Coefficients by axis; none is zero.</summary>
    public ImmutableSortedDictionary<int, Dim> Terms { get; }

    public static Affine Of(int axis) => new(Dim.Zero, ImmutableSortedDictionary<int, Dim>.Empty.Add(axis, Dim.One));

    public static Affine Constant(Dim offset) => new(offset, ImmutableSortedDictionary<int, Dim>.Empty);

    public Dim this[int axis] => Terms.TryGetValue(axis, out var coefficient) ? coefficient : Dim.Zero;

    public Affine WithoutOffset => new(Dim.Zero, Terms);

    public static Affine operator +(Affine a, Affine b)
    {
        var terms = a.Terms;
        foreach (var (axis, coefficient) in b.Terms)
        {
            var sum = a[axis] + coefficient;
            terms = sum.Is(0) ? terms.Remove(axis) : terms.SetItem(axis, sum);
        }

        return new(a.Offset + b.Offset, terms);
    }

    public static Affine operator *(Affine a, Dim factor) => factor.Is(0) ? Zero : factor.Is(1) ? a
        : new(a.Offset * factor, a.Terms.ToImmutableSortedDictionary(t => t.Key, t => t.Value * factor));

    public override string ToString() => $"{Offset}{string.Concat(Terms.Select(t => $" + {t.Value}·a{t.Key}"))}";
}
