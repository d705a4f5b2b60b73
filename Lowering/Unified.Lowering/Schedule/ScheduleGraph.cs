using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns a prepared graph into steps in an order in which everything is written before it is read.</summary>
internal sealed class ScheduleGraph
{
    private readonly GraphContext _graph;
    private readonly GroupTable _groups;
    private readonly FixedGroups _fixed;

    private ScheduleGraph(GraphContext graph, GroupTable groups) => (_graph, _groups, _fixed) = (graph, groups, new FixedGroups(groups));

    /// <summary>The steps, and for each output the storage that holds it.</summary>
    public static (GraphContext Graph, ImmutableArray<ScheduledStep> Steps, ImmutableArray<int> Outputs) Run(
        Graph prepared, Func<string, ImmutableArray<Donation>> donations)
    {
        var isolated = new HashSet<int>();
        while (true)
        {
            var w = System.Diagnostics.Stopwatch.StartNew();
            var graph = new GraphContext(prepared);
            var lay = ResolveViews.Resolve(graph);
            Console.WriteLine($"T resolve {w.ElapsedMilliseconds}");
            var groups = FuseGroups.Fuse(graph, lay, isolated);
            Console.WriteLine($"T fuse {w.ElapsedMilliseconds}");
            var schedule = new ScheduleGraph(graph, groups);
            try
            {
                var outputs = schedule.PlaceOutputs();
                ImmutableArray<ScheduledStep> st = [.. schedule.Steps(donations)];
            Console.WriteLine($"T steps {w.ElapsedMilliseconds}");
                return (graph, st, outputs);
            }
            catch (FusionFailedException failed) when (failed.Reductions.Any(r => !isolated.Contains(r)))
            {
                isolated.UnionWith(failed.Reductions);
            }
        }
    }

    // An output is a block of its own, dense and row-major: the one its value is computed into, else a copy.
    private ImmutableArray<int> PlaceOutputs()
    {
        var taken = new HashSet<int>();
        var storages = ImmutableArray.CreateBuilder<int>();
        foreach (var output in _graph.Graph.Outputs)
        {
            var type = _graph.TypeOf(output.Value);
            var layout = _groups.Layouts[output.Value];
            var isOwn = _graph.Producer(layout.Base) is not null && layout.Offset.Is(0) && _graph.Storages[layout.Storage].Bytes == type.Bytes
                && Strides.IsDense(type.Shape, layout.Strides);
            if (isOwn && taken.Add(layout.Storage))
            {
                _ = _groups.Store(output.Value);
                storages.Add(layout.Storage);
                continue;
            }

            var copy = _graph.NewStorage(type);
            _groups.Put(_fixed.Copy(output.Value, ValueLayout.Dense(output.Value, type) with { Storage = copy }), []);
            storages.Add(copy);
        }

        return storages.ToImmutable();
    }

    private IEnumerable<ScheduledStep> Steps(Func<string, ImmutableArray<Donation>> donations)
    {
        var loops = new BuildLoops(_groups);
        var products = new BuildContraction(_groups);
        foreach (var group in Ordered())
        {
            IEnumerable<ScheduledStep> steps = group switch
            {
                { Kind: GroupKind.Contraction } => products.Build(group),
                { Kind: not GroupKind.Fixed } => new ScheduledStep?[] { loops.Build(group) }.OfType<ScheduledStep>(),
                { Node.Op.Code: OpCode.ScatterAdd } => [BuildScatter.Build(_groups, group)],
                { Node: { Op.Code: OpCode.Call } call } => [Call(call, group, donations)],
                _ => [],
            };
            foreach (var step in steps)
            {
                yield return step;
            }
        }
    }

    private static ScheduledCall Call(Node call, FusionGroup group, Func<string, ImmutableArray<Donation>> donations) => new(
        $"call {call.Callee}", call.Callee!, [.. group.Operands.Select(o => new StorageRef(o.Storage, o.Offset))], call.Results, call.Source)
    {
        Donations = donations(call.Callee!),
    };

    /// <summary>The groups in the order of their nodes, as far as what they read allows.</summary>
    private IEnumerable<FusionGroup> Ordered()
    {
        var groups = _groups.All.ToDictionary(g => g.Id);
        var waiting = groups.Values.ToDictionary(g => g.Id, g => _groups.Reads(g).Count());
        var readers = groups.Values.SelectMany(g => _groups.Reads(g).Select(r => (r, g.Id))).ToLookup(p => p.r, p => p.Id);
        var ready = new PriorityQueue<int, (int, int)>(groups.Values.Where(g => waiting[g.Id] == 0).Select(g => (g.Id, (g.Position, g.Id))));
        var done = 0;
        while (ready.TryDequeue(out var id, out _))
        {
            done++;
            yield return groups[id];
            foreach (var reader in readers[id])
            {
                if (--waiting[reader] == 0)
                {
                    ready.Enqueue(reader, (groups[reader].Position, reader));
                }
            }
        }

        if (done < groups.Count)
        {
            throw new InvalidOperationException($"graph '{_graph.Graph.Name}': the fused groups wait for each other");
        }
    }
}
