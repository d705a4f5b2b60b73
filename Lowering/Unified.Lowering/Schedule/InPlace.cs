using System.Collections.Immutable;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Schedule;

/// <summary>
/// Whether a kernel may write over what it reads: it reads each element only at the point that writes it, and not any more
/// once it is written. At a point stores run one after the other, and what one has loaded is kept for the next.
/// </summary>
internal static class InPlace
{
    public static bool IsSafe(ScheduledLaunch launch, int written, int read)
    {
        var kernel = launch.Kernel;
        var target = Single(launch, written, true);
        var source = Single(launch, read, false);
        if (target < 0 || source < 0 || !launch.Buffers[target].Offset.Is(0) || !launch.Buffers[source].Offset.Is(0)
            || kernel.Buffers[target].Type != kernel.Buffers[source].Type)
        {
            return false;
        }

        return kernel switch
        {
            RowKernel { Stages: [.., var last] } rows => IsSafe(rows.Nodes, rows.Stages, last.Stores, target, source),
            ContractionKernel product => source > 1 && IsSafe(product.Epilogue, [new Stage([], product.Stores)], product.Stores, target, source),
            _ => false,
        };
    }

    private static int Single(ScheduledLaunch launch, int storage, bool isWritten)
    {
        var found = Enumerable.Range(0, launch.Buffers.Length)
            .Where(i => launch.Buffers[i].Storage == storage && launch.Kernel.Buffers[i].IsWritten == isWritten).ToList();
        return found.Count == 1 ? found[0] : -1;
    }

    private static bool IsSafe(ImmutableArray<ScalarNode> nodes, ImmutableArray<Stage> stages, ImmutableArray<Store> lastStores, int target, int source)
    {
        var writers = stages.SelectMany(s => s.Stores).Where(s => s.Buffer == target).ToList();
        var at = lastStores.ToList().FindIndex(s => s.Buffer == target);
        if (writers.Count != 1 || at < 0 || nodes.Any(n => n is GatherNode g && g.Buffer == source))
        {
            return false;
        }

        var loads = Enumerable.Range(0, nodes.Length).Where(i => nodes[i] is LoadNode l && l.Buffer == source).ToList();
        var before = Reach(nodes, lastStores.Take(at + 1).Select(s => s.Node));
        var after = Reach(nodes, lastStores.Skip(at + 1).Select(s => s.Node));
        return loads.All(i => ((LoadNode)nodes[i]).Strides.SequenceEqual(writers[0].Strides) && (before.Contains(i) || !after.Contains(i)));
    }

    private static HashSet<int> Reach(ImmutableArray<ScalarNode> nodes, IEnumerable<int> roots)
    {
        var reached = new HashSet<int>();
        var open = new Stack<int>(roots);
        while (open.TryPop(out var node))
        {
            if (reached.Add(node))
            {
                foreach (var operand in ScalarNodes.Operands(nodes[node]))
                {
                    open.Push(operand);
                }
            }
        }

        return reached;
    }
}
