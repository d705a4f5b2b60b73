using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>What a kernel does and moves, for profiles and for sizing the pieces of work.</summary>
internal static class Costs
{
    private static readonly ImmutableHashSet<OpCode> Free = [OpCode.Cast, OpCode.Select, OpCode.StopGradient, OpCode.LogicalAnd, OpCode.LogicalOr, OpCode.LogicalNot, OpCode.LogicalXor];

    /// <summary>Elements that are worth a thread's claim.</summary>
    public const int Grain = 8192;

    /// <summary>Rows that are, when each has <paramref name="elements"/>.</summary>
    public static Dim GrainOf(Dim elements) => Dim.Max(1, Dim.FloorDiv(Grain, Dim.Max(elements, 1)));

    /// <summary>One for each floating-point operation of the ops at each point they are computed at.</summary>
    public static Dim Flops(DraftKernel draft, AtomTable atoms)
    {
        var sum = Dim.Zero;
        for (var i = 0; i < draft.Nodes.Count; i++)
        {
            if (draft.Nodes[i] is DraftCompute compute && !Free.Contains(compute.Op) && draft.Nodes[compute.Inputs[0]].Type.IsFloat())
            {
                sum += Points(draft.AtomsOf(i), atoms);
            }
        }

        return draft.Reductions.Aggregate(sum, (s, r) => draft.Nodes[r.Node].Type.IsFloat() ? s + Points(draft.AtomsOf(r.Node), atoms) : s);
    }

    /// <summary>Bytes of each buffer, once for each way it is walked.</summary>
    public static Dim Traffic(DraftKernel draft, AtomTable atoms)
    {
        var walks = new HashSet<(int Buffer, string Address)>();
        var sum = Dim.Zero;
        void Count(int buffer, Affine address, IEnumerable<int> along)
        {
            if (walks.Add((buffer, address.ToString())))
            {
                sum += Points(along, atoms) * draft.Buffers[buffer].Type.Bytes();
            }
        }

        for (var i = 0; i < draft.Nodes.Count; i++)
        {
            if (draft.Nodes[i] is DraftLoad load)
            {
                Count(load.Buffer, load.Address, load.Address.Terms.Keys);
            }
            else if (draft.Nodes[i] is DraftGather gather)
            {
                Count(gather.Buffer, gather.Address, draft.AtomsOf(i));
            }
        }

        foreach (var store in draft.Stores)
        {
            Count(store.Buffer, store.Address, store.Address.Terms.Keys);
        }

        return sum;
    }

    private static Dim Points(IEnumerable<int> along, AtomTable atoms) => along.Aggregate(Dim.One, (size, atom) => size * atoms[atom]);
}
