using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>The atoms of an iteration space that each axis of a value runs along, outermost first; an axis of size 1 has none.</summary>
internal sealed record AxisMap(ImmutableArray<ImmutableArray<int>> Axes)
{
    public IEnumerable<int> Atoms => Axes.SelectMany(a => a);

    public bool HasRepeats
    {
        get
        {
            var seen = new HashSet<int>();
            return !Atoms.All(seen.Add);
        }
    }

    public AxisMap Replace(int atom, ImmutableArray<int> with) => Axes.Any(a => a.Contains(atom))
        ? new([.. Axes.Select(a => Replace(a, atom, with))])
        : this;

    public static ImmutableArray<int> Replace(ImmutableArray<int> list, int atom, ImmutableArray<int> with) =>
        list.Contains(atom) ? [.. list.SelectMany(a => a == atom ? with : [a])] : list;

    /// <summary>The index along each axis of the value.</summary>
    public ImmutableArray<Affine> Indices(AtomTable atoms) => [.. Axes.Select(axis => Index(axis, atoms))];

    private static Affine Index(ImmutableArray<int> axis, AtomTable atoms) =>
        axis.Aggregate(Affine.Zero, (index, atom) => (index * atoms[atom]) + Affine.Of(atom));
}

/// <summary>The axes of all iteration spaces of a graph, in pieces small enough that no value splits one.</summary>
internal sealed class AtomTable
{
    private readonly List<Dim> _extents = [];

    public Dim this[int atom] => _extents[atom];

    public int Add(Dim extent)
    {
        _extents.Add(extent);
        return _extents.Count - 1;
    }

    /// <summary>An atom of its own for each axis that is not of size 1.</summary>
    public AxisMap Fresh(Shape shape) => new([.. shape.Select(d => d.Is(1) ? ImmutableArray<int>.Empty : [Add(d)])]);
}
