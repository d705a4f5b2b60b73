using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Turns groups into an order in which every group comes after those it reads, as near to the source as two rules allow: what is written over state comes after all that may
/// fail, so that a call that throws has changed nothing, and after those that read what the state was; and little memory is alive at once.
/// </summary>
/// <param name="stored">The values of a group that live in memory.</param>
/// <param name="checks">What a node checks as it runs.</param>
/// <param name="frame">Bytes that a graph needs while it is called.</param>
internal sealed class OrderGroups(
    Graph graph, Grouping grouping, Func<Group, IEnumerable<int>> stored, FindChecks checks, Func<string, long> frame, IReadOnlyDictionary<string, long> sizes)
{
    private readonly Dictionary<Group, ImmutableArray<Group>> _reads =
        grouping.Groups.ToDictionary(g => g, g => g.Reads.Where(r => r.Nodes.Count > 0).OrderBy(r => r.Nodes.Max).ToImmutableArray());

    private readonly Dictionary<Group, List<int>> _written = WrittenInputs(graph, grouping);

    public IReadOnlyList<Group> Run()
    {
        var order = AfterReadersAndChecks();
        return [.. OrderForMemory.Run(Works(order, out var bytes), bytes).Select(w => order[w])];
    }

    // Per group that makes the new value of state, the inputs that hold the state.
    private static Dictionary<Group, List<int>> WrittenInputs(Graph graph, Grouping grouping)
    {
        var result = new Dictionary<Group, List<int>>();
        foreach (var output in graph.Outputs.Where(o => o.Kind == OutputKind.Assign))
        {
            if (grouping.GroupOf(grouping.Sources.Owner(output.Value)) is { } group)
            {
                result.TryAdd(group, []);
                result[group].Add(output.Input);
            }
        }

        return result;
    }

    private List<Group> AfterReadersAndChecks()
    {
        var readers = ReadersOfInputs();
        var natural = grouping.Groups.OrderBy(g => g.Nodes.Max).ToList();
        var barriers = natural.Where(MayFailIn(natural)).ToList();
        var order = new List<Group>();
        var done = new HashSet<Group>();
        var begun = new HashSet<Group>();
        foreach (var group in natural)
        {
            Visit(group);
        }

        return order;

        void Visit(Group group)
        {
            if (done.Contains(group))
            {
                return;
            }

            if (!begun.Add(group))
            {
                throw new InvalidOperationException($"graph '{graph.Name}': kernels read each other's results");
            }

            foreach (var before in _reads[group])
            {
                Visit(before);
            }

            if (_written.TryGetValue(group, out var inputs))
            {
                // Those that wait for a group that has begun cannot come first.
                foreach (var first in barriers.Concat(inputs.SelectMany(i => readers[i])).Where(g => !done.Contains(g) && !begun.Contains(g)).ToList())
                {
                    if (!done.Contains(first) && !WaitsForBegun(first))
                    {
                        Visit(first);
                    }
                }
            }

            done.Add(group);
            order.Add(group);
        }

        bool WaitsForBegun(Group group)
        {
            var seen = new HashSet<Group> { group };
            var open = new Stack<Group>(seen);
            while (open.TryPop(out var at))
            {
                if (begun.Contains(at))
                {
                    return true;
                }

                foreach (var before in _reads[at].Where(b => !done.Contains(b) && seen.Add(b)))
                {
                    open.Push(before);
                }
            }

            return false;
        }
    }

    private List<Group>[] ReadersOfInputs()
    {
        var readers = new List<Group>[graph.Inputs.Length];
        for (var i = 0; i < readers.Length; i++)
        {
            readers[i] = [];
        }

        foreach (var group in grouping.Groups)
        {
            foreach (var input in InputsRead(group))
            {
                readers[input].Add(group);
            }
        }

        return readers;
    }

    private IEnumerable<int> InputsRead(Group group) =>
        group.Nodes.SelectMany(n => graph.Nodes[n].Operands).Select(grouping.Sources.Owner).Where(o => o < graph.Inputs.Length).Distinct();

    private Func<Group, bool> MayFailIn(IEnumerable<Group> order)
    {
        var proved = new HashSet<IndexRange>();
        var failing = order.Where(g => FindChecks.MayFail(g.Nodes.SelectMany(n => checks.Of(graph.Nodes[n])), proved)).ToHashSet();
        return failing.Contains;
    }

    private ImmutableArray<Work> Works(List<Group> order, out List<long> bytes)
    {
        var place = order.Index().ToDictionary(g => g.Item, g => g.Index);
        var outputs = graph.Outputs.Select(o => grouping.Sources.Owner(o.Value)).ToHashSet();
        var blocks = new Dictionary<int, int>();
        bytes = [];
        foreach (var value in order.SelectMany(stored).Where(v => !outputs.Contains(v)))
        {
            if (blocks.TryAdd(value, bytes.Count))
            {
                bytes.Add(graph.TypeOf(value).Bytes.Evaluate(sizes));
            }
        }

        var readers = ReadersOfInputs();
        var mayFail = MayFailIn(order);
        var (failing, provers) = (new List<int>(), new Dictionary<IndexRange, int>());
        var works = ImmutableArray.CreateBuilder<Work>(order.Count);
        foreach (var (i, group) in order.Index())
        {
            var after = new SortedSet<int>(_reads[group].Select(r => place[r]));
            foreach (var check in group.Nodes.SelectMany(n => checks.Of(graph.Nodes[n])))
            {
                // What was proved before stays so.
                if (check.Range is null)
                {
                    continue;
                }

                if (provers.TryGetValue(check.Range, out var prover) && prover != i)
                {
                    after.Add(prover);
                }
                else if (check.Proves)
                {
                    provers[check.Range] = i;
                }
            }

            if (_written.TryGetValue(group, out var inputs))
            {
                after.UnionWith(failing);
                after.UnionWith(inputs.SelectMany(input => readers[input]).Select(r => place[r]).Where(r => r < i));
            }

            if (mayFail(group))
            {
                failing.Add(i);
            }

            works.Add(new Work(
                [.. after],
                [.. group.Nodes.SelectMany(n => graph.Nodes[n].Operands).Select(grouping.Sources.Owner).Where(o => blocks.ContainsKey(o) && !grouping.IsMadeIn(group, o)).Distinct().Select(o => blocks[o])],
                [.. stored(group).Where(blocks.ContainsKey).Select(v => blocks[v])],
                Passing(group)));
        }

        return works.MoveToImmutable();
    }

    // The right side of a product is packed, and a graph that is called has temporaries.
    private long Passing(Group group) => group.Nodes.Select(n => graph.Nodes[n]).Sum(n =>
        n.Op.Has(OpTraits.RunsGraph) ? frame(n.Callee!) : n.Op.Has(OpTraits.Contraction) ? graph.TypeOf(n.Operands[1]).Bytes.Evaluate(sizes) : 0);
}
