using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Schedule;

namespace Unified.Lowering.Recompute;

/// <summary>Finds what the root of a module keeps over the time when it needs most memory and could compute again, that with the most bytes for its work first, products last.</summary>
internal sealed class FindRecomputable
{
    private readonly GraphModule _module;
    private readonly Graph _root;
    private readonly IReadOnlyDictionary<string, long> _sizes;
    private readonly ValueSources _sources;
    private readonly int[] _last;
    private readonly Dictionary<(int Value, bool Products), RecomputeChain?> _chains = [];
    private readonly Dictionary<(int Leaf, bool Products), int> _sharing = [];
    private readonly bool[] _isEarly;
    private readonly bool[] _isReadLate;

    private FindRecomputable(GraphModule module, IReadOnlyDictionary<string, long> sizes)
    {
        (_module, _root, _sizes, _sources) = (module, module.Root, sizes, new ValueSources(module.Root));
        _last = new int[_root.ValueCount];
        Array.Fill(_last, -1);
        foreach (var (i, node) in _root.Nodes.Index())
        {
            foreach (var operand in node.Operands.Where(_ => !node.Op.Has(OpTraits.View)))
            {
                _last[_sources.Owner(operand)] = i;
            }
        }

        foreach (var output in _root.Outputs)
        {
            _last[_sources.Owner(output.Value)] = _root.Nodes.Length;
        }

        Middle = MostAlive();
        _isEarly = EarlyValues();
        _isReadLate = new bool[_root.ValueCount];
        foreach (var node in _root.Nodes.Skip(Middle + 1).Where(n => n.Results.Any(r => !_isEarly[r])))
        {
            foreach (var operand in node.Operands)
            {
                _isReadLate[_sources.Owner(operand)] = true;
            }
        }
    }

    /// <summary>The position of the node around which most bytes are kept.</summary>
    private int Middle { get; }

    public static (ImmutableArray<RecomputeCandidate> Candidates, int Middle) Run(GraphModule module, IReadOnlyDictionary<string, long> sizes)
    {
        var finder = new FindRecomputable(module, sizes);
        var groups = Enumerable.Range(module.Root.Inputs.Length, module.Root.ValueCount - module.Root.Inputs.Length).Where(finder.IsKeptOver)
            .GroupBy(v => finder._sources.Producer(v) is { Op.Code: OpCode.Call } call ? (call.Callee, call.Results.IndexOf(v)) : (null, v));
        var found = groups.Select(g => g.Key.Item1 is { } callee ? finder.InCall(module.Get(callee), g.Key.Item2, [.. g]) : finder.InRoot(g.Key.Item2))
            .OfType<RecomputeCandidate>().OrderBy(c => c.Chain.HasProducts).ThenByDescending(c => c.Saved / Math.Max(1, c.Chain.Work * c.Values.Length)).ThenBy(c => c.Values[0]);
        var chosen = new List<RecomputeCandidate>();
        foreach (var candidate in found)
        {
            // Were all values of a chain of products computed again, all would be there again when the first is wanted.
            bool Meets(RecomputeCandidate other) => other.Chain.HasProducts && (finder.Leaves(other).Overlaps(candidate.Values) || finder.Leaves(candidate).Overlaps(other.Values));
            if (!candidate.Chain.HasProducts || !chosen.Exists(Meets))
            {
                chosen.Add(candidate);
            }
        }

        return ([.. chosen], finder.Middle);
    }

    private long Bytes(int value) => _root.TypeOf(value).Bytes.Evaluate(_sizes);

    private bool IsKeptOver(int value) => _sources.Owner(value) == value && _isReadLate[value] && _isEarly[value] && _last[value] < _root.Nodes.Length && Bytes(value) > 0;

    private bool IsBefore(int value) => _sources.Position(value) < Middle;

    // What is made of early values alone is made early, whatever stands between: it joins the kernel that makes these.
    private bool[] EarlyValues()
    {
        var early = new bool[_root.ValueCount];
        Array.Fill(early, true, 0, _root.Inputs.Length);
        foreach (var (i, node) in _root.Nodes.Index())
        {
            foreach (var result in node.Results)
            {
                early[result] = i < Middle || ((node.Op.Has(OpTraits.View) || ValueSources.IsPointwise(node.Op)) && node.Operands.All(o => early[o]));
            }
        }

        return early;
    }

    private int MostAlive()
    {
        var updates = Updates();
        var last = new int[_root.ValueCount];
        foreach (var (i, node) in _root.Nodes.Index().Where(n => !n.Item.Op.Has(OpTraits.View) && !updates[n.Index]))
        {
            foreach (var operand in node.Operands)
            {
                last[_sources.Owner(operand)] = i;
            }
        }

        var change = new long[_root.Nodes.Length + 2];
        for (var v = _root.Inputs.Length; v < _root.ValueCount; v++)
        {
            // What is read at once is in registers as often as not.
            if (_sources.Owner(v) == v && last[v] > _sources.Position(v) + 1)
            {
                change[_sources.Position(v)] += Bytes(v);
                change[last[v]] -= Bytes(v);
            }
        }

        var (most, place, alive) = (0L, 0, 0L);
        for (var i = 0; i < _root.Nodes.Length; i++)
        {
            alive += change[i];
            (most, place) = alive > most ? (alive, i) : (most, place);
        }

        return place;
    }

    // Work that ends in new values of state and in nothing else: the schedule lets it follow what it reads.
    private bool[] Updates()
    {
        var assigned = _root.Outputs.Where(o => o.Kind == OutputKind.Assign).Select(o => _sources.Owner(o.Value)).ToHashSet();
        var results = _root.Outputs.Where(o => o.Kind != OutputKind.Assign).Select(o => _sources.Owner(o.Value)).ToHashSet();
        var isRead = new bool[_root.ValueCount];
        var isReadElsewhere = new bool[_root.ValueCount];
        var updates = new bool[_root.Nodes.Length];
        for (var i = _root.Nodes.Length - 1; i >= 0; i--)
        {
            var node = _root.Nodes[i];
            updates[i] = node.Results.All(r => !isReadElsewhere[r] && !results.Contains(r) && (isRead[r] || assigned.Contains(r)))
                && (ValueSources.IsPointwise(node.Op) || node.Op.Has(OpTraits.View) || (node.Op.Code == OpCode.Call && node.Results.Any(assigned.Contains)));
            foreach (var operand in node.Operands)
            {
                isRead[operand] = true;
                isReadElsewhere[operand] |= !updates[i];
            }
        }

        return updates;
    }

    private RecomputeCandidate? InRoot(int value) => new[] { false, true }
        .Select(products => ChainInRoot(value, products) is { } chain && chain.Leaves.Any(l => l >= _root.Inputs.Length)
            ? new RecomputeCandidate([value], _root, value, chain, Bytes(value) - chain.Leaves.Sum(l => NewlyKept(l) / Sharing(l, products))) : null)
        .FirstOrDefault(c => c?.Saved > 0);

    private RecomputeChain? ChainInRoot(int value, bool products)
    {
        if (!_chains.TryGetValue((value, products), out var chain))
        {
            _chains[(value, products)] = chain = RecomputeChain.Of(_root, value, v => v != value && IsBefore(_sources.Owner(v)) && _isReadLate[_sources.Owner(v)], products, _sizes);
        }

        return chain;
    }

    private long NewlyKept(int leaf) => leaf < _root.Inputs.Length || _isReadLate[_sources.Owner(leaf)] ? 0 : Bytes(leaf);

    // What is kept for one may serve others: an activation and its slope are both made of the sums before it.
    private int Sharing(int leaf, bool products)
    {
        if (!_sharing.TryGetValue((leaf, products), out var count))
        {
            count = Enumerable.Range(_root.Inputs.Length, _root.ValueCount - _root.Inputs.Length)
                .Count(v => IsKeptOver(v) && _sources.Producer(v) is not { Op.Code: OpCode.Call } && ChainInRoot(v, products)?.Leaves.Contains(leaf) == true);
            _sharing[(leaf, products)] = count = Math.Max(1, count);
        }

        return count;
    }

    private RecomputeCandidate? InCall(Graph callee, int output, ImmutableArray<int> values)
    {
        // Only what this graph calls can hand out more.
        if (_module.Graphs.Any(g => !ReferenceEquals(g, _root) && g.Nodes.Any(n => n.Callee == callee.Name)) || _root.Nodes.Any(n => n.Callee == callee.Name && n.Op.Code != OpCode.Call))
        {
            return null;
        }

        var value = callee.Outputs[output].Value;
        var handed = callee.Outputs.Where(o => o.Kind == OutputKind.Result).Select(o => o.Value).ToHashSet();
        return new[] { false, true }
            .Select(products => RecomputeChain.Of(callee, value, v => v != value && handed.Contains(v), products, _sizes) is { } chain
                ? new RecomputeCandidate(values, callee, value, chain, values.Sum(v => Bytes(v) - NewlyKept(callee, _sources.Producer(v)!, chain))) { IsInCall = true } : null)
            .FirstOrDefault(c => c?.Saved > 0);
    }

    private long NewlyKept(Graph callee, Node call, RecomputeChain chain) => chain.Leaves.Sum(leaf => RootValue(callee, call, leaf) is { } v
        ? NewlyKept(v)
        : callee.TypeOf(leaf).Bytes.Evaluate(_sizes));

    /// <summary>What a value of a graph that is called is in the caller; null where it is not handed out.</summary>
    public static int? RootValue(Graph callee, Node call, int value) => value < callee.Inputs.Length ? call.Operands[value]
        : callee.Outputs.Index().Where(o => o.Item.Value == value && o.Item.Kind == OutputKind.Result).Select(o => (int?)call.Results[o.Index]).FirstOrDefault();

    private HashSet<int> Leaves(RecomputeCandidate candidate) =>
    [
        .. candidate.Values.SelectMany(v => candidate.Chain.Leaves.Select(leaf => candidate.IsInCall ? RootValue(candidate.Graph, _sources.Producer(v)!, leaf) : leaf))
            .OfType<int>().Select(_sources.Owner),
    ];
}
