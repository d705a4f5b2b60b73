using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>An axis of a kernel: neighbouring atoms that every access walks as if they were one.</summary>
/// <param name="Atoms">Outermost first.</param>
internal sealed record LaidAxis(ImmutableArray<int> Atoms, Dim Extent)
{
    /// <summary>How an index moves along the axis.</summary>
    public Dim StrideOf(Affine index) => Atoms.IsEmpty ? Dim.Zero : index[Atoms[^1]];
}

/// <summary>Turns the atoms of a space into the axes of a kernel: few, and with neighbours in memory innermost.</summary>
internal sealed class LayAxes(AtomTable atoms, ImmutableArray<Affine> accesses)
{
    /// <summary>Atoms in the given order, merged where all accesses allow.</summary>
    public ImmutableArray<LaidAxis> Merge(IEnumerable<int> order)
    {
        var axes = new List<LaidAxis>();
        foreach (var atom in order)
        {
            var next = new LaidAxis([atom], atoms[atom]);
            if (axes.Count > 0 && CanMerge(axes[^1], next))
            {
                axes[^1] = new LaidAxis(axes[^1].Atoms.Add(atom), axes[^1].Extent * next.Extent);
            }
            else
            {
                axes.Add(next);
            }
        }

        return [.. axes];
    }

    /// <summary>The atom along which most accesses meet neighbours; of equals, the later.</summary>
    public int Inner(IReadOnlyList<int> order) => order.Select((atom, i) => (atom, i))
        .OrderByDescending(a => accesses.Count(x => x[a.atom].Is(1)))
        .ThenByDescending(a => a.i)
        .First().atom;

    private bool CanMerge(LaidAxis outer, LaidAxis inner) => accesses.All(a => outer.StrideOf(a) == inner.StrideOf(a) * inner.Extent);
}
