using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Turns several iteration spaces that meet at a node into one: axes that meet become the same axis; one that meets a pair is
/// split in two. Everything that names a replaced atom is kept up to date.
/// </summary>
internal sealed class UnifyAxes(AtomTable atoms, FusionGroup group, int rank)
{
    private readonly List<ImmutableArray<int>?[]> _offers = [];

    public FusionGroup Group { get; private set; } = group;

    public Dim ExtentOf(int atom) => atoms[atom];

    /// <summary>Adds what an operand says about the axes of the node's result; null where it says nothing.</summary>
    public void Offer(ImmutableArray<int>?[] axes) => _offers.Add(axes);

    /// <summary>The offer of a reshaped operand, or null where its axes do not fall apart into the result's.</summary>
    public bool OfferReshaped(ImmutableArray<int> flat, Shape to)
    {
        var slot = new ImmutableArray<int>?[rank + 1];
        slot[rank] = flat;
        _offers.Add(slot);
        for (var axis = rank - 1; axis >= 0; axis--)
        {
            if (to[axis].Is(1))
            {
                continue;
            }

            if (!TryTake(slot, to[axis], out var taken))
            {
                return false;
            }

            slot[axis] = taken;
        }

        return slot[rank]!.Value.IsEmpty;
    }

    /// <summary>Makes all offers agree; gives the atoms of each result axis, null where no operand has them.</summary>
    public ImmutableArray<int>?[]? Agree()
    {
        for (var axis = 0; axis < rank; axis++)
        {
            for (var other = 1; other < _offers.Count; other++)
            {
                var (first, second) = (_offers[0], _offers[other]);
                if (first[axis] is null)
                {
                    (first[axis], second[axis]) = (second[axis], null);
                }
                else if (second[axis] is not null && !Match(() => first[axis]!.Value, () => second[axis]!.Value))
                {
                    return null;
                }
            }
        }

        return _offers.Count == 0 ? null : _offers[0][..rank];
    }

    /// <summary>Makes two lists of atoms one and the same.</summary>
    public bool MatchLists(ImmutableArray<int> a, ImmutableArray<int> b)
    {
        ImmutableArray<int>?[] pair = new ImmutableArray<int>?[Math.Max(rank, 2) + 1];
        (pair[0], pair[1]) = (a, b);
        _offers.Add(pair);
        var result = Match(() => pair[0]!.Value, () => pair[1]!.Value);
        _ = _offers.Remove(pair);
        return result;
    }

    private bool Match(Func<ImmutableArray<int>> left, Func<ImmutableArray<int>> right)
    {
        for (var done = 0; ; done++)
        {
            var (a, b) = (left(), right());
            if (done >= a.Length || done >= b.Length)
            {
                return a.Length == b.Length;
            }

            var (x, y) = (a[^(done + 1)], b[^(done + 1)]);
            if (x == y)
            {
                continue;
            }

            if (atoms[x] == atoms[y])
            {
                Replace(y, [x]);
            }
            else if (atoms[x].TryDivide(atoms[y]) is { } outer)
            {
                Replace(x, [atoms.Add(outer), y]);
            }
            else if (atoms[y].TryDivide(atoms[x]) is { } rest)
            {
                Replace(y, [atoms.Add(rest), x]);
            }
            else
            {
                return false;
            }
        }
    }

    private bool TryTake(ImmutableArray<int>?[] slot, Dim extent, out ImmutableArray<int> taken)
    {
        taken = [];
        while (!extent.Is(1))
        {
            var left = slot[rank]!.Value;
            if (left.IsEmpty)
            {
                return false;
            }

            var atom = left[^1];
            if (extent.TryDivide(atoms[atom]) is { } rest)
            {
                extent = rest;
            }
            else if (atoms[atom].TryDivide(extent) is { } outer)
            {
                var inner = atoms.Add(extent);
                Replace(atom, [atoms.Add(outer), inner]);
                (atom, extent) = (inner, Dim.One);
            }
            else
            {
                return false;
            }

            taken = taken.Insert(0, atom);
            slot[rank] = slot[rank]!.Value.RemoveAt(slot[rank]!.Value.Length - 1);
        }

        return true;
    }

    private void Replace(int atom, ImmutableArray<int> with)
    {
        Group = Group.Replace(atom, with);
        foreach (var offer in _offers)
        {
            for (var axis = 0; axis < offer.Length; axis++)
            {
                offer[axis] = offer[axis] is { } list ? AxisMap.Replace(list, atom, with) : null;
            }
        }
    }
}
