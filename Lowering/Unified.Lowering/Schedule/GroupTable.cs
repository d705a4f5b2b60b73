using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>The groups made so far, which value belongs to which, and which values go to memory.</summary>
internal sealed class GroupTable(GraphContext graph, ImmutableArray<ValueLayout> layouts)
{
    private readonly List<FusionGroup?> _groups = [];
    private readonly List<int> _merged = [];
    private readonly Dictionary<int, int> _groupOf = [];
    private readonly HashSet<int> _stored = [];
    private readonly HashSet<int> _wanted = [.. Wanted(graph).Select(v => layouts[v].Base)];

    public GraphContext Graph => graph;

    public ImmutableArray<ValueLayout> Layouts => layouts;

    public IEnumerable<FusionGroup> All => _groups.OfType<FusionGroup>();

    public FusionGroup this[int id] => _groups[Current(id)]!;

    /// <summary>Whether the value's base goes to memory.</summary>
    public bool IsStored(int value) => graph.Producer(layouts[value].Base) is null || _stored.Contains(layouts[value].Base);

    /// <summary>Whether the value's base will go to memory, whatever is fused.</summary>
    public bool WillBeStored(int value) => _wanted.Contains(layouts[value].Base);

    public int NewId()
    {
        _groups.Add(null);
        _merged.Add(_merged.Count);
        return _merged.Count - 1;
    }

    /// <summary>The group a value is a member of.</summary>
    public int? Find(int value) => _groupOf.TryGetValue(value, out var id) ? Current(id) : null;

    public void Put(FusionGroup group, IEnumerable<int> replaced)
    {
        foreach (var old in replaced.Where(r => r != group.Id))
        {
            _groups[old] = null;
            _merged[old] = group.Id;
        }

        _groups[group.Id] = group;
        foreach (var member in group.Maps.Keys.Where(m => m >= 0))
        {
            _groupOf[member] = group.Id;
        }
    }

    /// <summary>Lets the value's base go to memory, and gives the group that writes it; null for an input.</summary>
    public int? Store(int value)
    {
        var origin = layouts[value].Base;
        if (graph.Producer(origin) is null)
        {
            return null;
        }

        _ = _stored.Add(origin);
        if (Find(origin) is { } group)
        {
            return group;
        }

        // Numbers known from attributes belong to no group until someone wants them in memory.
        var made = new FusionGroup(NewId(), GroupKind.Pointwise, origin);
        Put(made with { Maps = made.Maps.Add(origin, graph.Atoms.Fresh(graph.ShapeOf(origin))) }, []);
        return made.Id;
    }

    /// <summary>The groups that what <paramref name="group"/> reads comes from.</summary>
    public IEnumerable<int> Reads(FusionGroup group) => group.Reads.Select(Current).Distinct();

    /// <summary>Whether any of the groups in <paramref name="from"/>, directly or not, needs one of <paramref name="targets"/>.</summary>
    public bool Reaches(IEnumerable<int> from, IReadOnlySet<int> targets)
    {
        // Only what has a member after the targets' first one can need them.
        var first = targets.Min(t => _groups[t]!.Position);
        var open = new Stack<int>(from.Select(Current));
        var seen = new HashSet<int>();
        while (open.TryPop(out var id))
        {
            if (targets.Contains(id))
            {
                return true;
            }

            if (_groups[id]!.Last >= first && seen.Add(id))
            {
                foreach (var next in Reads(_groups[id]!))
                {
                    open.Push(next);
                }
            }
        }

        return false;
    }

    private static IEnumerable<int> Wanted(GraphContext graph) => graph.Outputs.Concat(graph.Nodes.SelectMany(n =>
        n.Op.Code == OpCode.Gather ? n.Operands.Take(1) : n.Op.Code == OpCode.MatMul || graph.IsFixed(n.Results[0]) ? n.Operands : []));

    private int Current(int id)
    {
        while (_merged[id] != id)
        {
            id = _merged[id] = _merged[_merged[id]];
        }

        return id;
    }
}
