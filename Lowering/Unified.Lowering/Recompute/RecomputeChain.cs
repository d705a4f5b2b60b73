using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Schedule;

namespace Unified.Lowering.Recompute;

/// <summary>
/// How a value of a graph can be computed once more: by some nodes from some values. It gives the same bits as before: sums, whose order depends on the kernel they are in, are not
/// part of it, and no product that rounds on its own in one of the two places is followed by a sum that it may fuse with.
/// </summary>
/// <param name="Nodes">Their positions, ascending.</param>
/// <param name="Leaves">The values that it begins with.</param>
/// <param name="Work">Bytes that its nodes make, and what products cost in their place.</param>
/// <param name="HasProducts">There are matrix products, attention or calls in it.</param>
internal sealed record RecomputeChain(ImmutableArray<int> Nodes, ImmutableArray<int> Leaves, double Work, bool HasProducts)
{
    // Beyond that it is no longer the cheap end of something.
    private const int MostNodes = 64;

    // Operations that take as long as it takes to make a byte.
    private const double OperationsPerByte = 8;

    /// <param name="isKept">Values that are there when it is computed again.</param>
    /// <param name="products">Whether products may be computed again, too.</param>
    /// <returns>Null where there is no such way.</returns>
    public static RecomputeChain? Of(Graph graph, int value, Func<int, bool> isKept, bool products, IReadOnlyDictionary<string, long> sizes)
    {
        var sources = new ValueSources(graph);
        var nodes = new SortedSet<int>();
        var leaves = new SortedSet<int>();
        var open = new Stack<int>([value]);
        var (work, hasProducts) = (0.0, false);
        while (open.TryPop(out var at))
        {
            if (at != value && (at < graph.Inputs.Length || isKept(at) || (!IsCheap(graph, sources.Producer(at)!) && !(products && IsProduct(sources.Producer(at)!)))))
            {
                leaves.Add(at);
                continue;
            }

            var node = sources.Producer(at);
            if (node is null || !(IsCheap(graph, node) || (products && IsProduct(node))) || nodes.Count == MostNodes)
            {
                return null;
            }

            if (nodes.Add(sources.Position(at)))
            {
                hasProducts |= IsProduct(node);
                work += WorkOf(graph, node, sizes);
                foreach (var operand in node.Operands)
                {
                    open.Push(operand);
                }
            }
        }

        return RoundsAlike(graph, value, nodes) ? new RecomputeChain([.. nodes], [.. leaves], work, hasProducts) : null;
    }

    private static bool IsCheap(Graph graph, Node node) => node.Op.Has(OpTraits.View) || ValueSources.IsPointwise(node.Op)
        || (node.Op.Code is OpCode.Concat or OpCode.Pad && graph.TypeOf(node.Results[0]).DType.IsFloat());

    private static bool IsProduct(Node node) => node.Op.Has(OpTraits.Contraction) || node.Op.Code == OpCode.Attention;

    private static double WorkOf(Graph graph, Node node, IReadOnlyDictionary<string, long> sizes)
    {
        double Count(int value) => graph.TypeOf(value).Shape.Size.Evaluate(sizes);
        var made = node.Op.Has(OpTraits.View) ? 0 : node.Results.Sum(r => (double)graph.TypeOf(r).Bytes.Evaluate(sizes));

        // Of a product of m × k and k × n: 2·√(mk · kn · mn) operations.
        return !IsProduct(node) ? made : made + (2 * Math.Sqrt(Count(node.Operands[0]) * Count(node.Operands[1]) * Count(node.Results[0])) / OperationsPerByte);
    }

    private static bool RoundsAlike(Graph graph, int value, SortedSet<int> chain)
    {
        var outputs = graph.Outputs.Select(o => o.Value).ToHashSet();
        foreach (var product in chain.Select(n => graph.Nodes[n]).Where(n => n.Op.Code == OpCode.Mul))
        {
            var made = product.Results[0];
            var readers = graph.Nodes.Index().Where(n => n.Item.Operands.Contains(made)).ToList();
            if (!readers.Exists(r => r.Item.Op.Code is OpCode.Add or OpCode.Sub or OpCode.Neg or OpCode.Sum))
            {
                continue;
            }

            // In memory it is rounded on its own in both places, as where a product reads it.
            var isStored = readers.Exists(r => IsProduct(r.Item));
            if (made == value ? !isStored : outputs.Contains(made) || isStored || readers.Exists(r => !chain.Contains(r.Index)))
            {
                return false;
            }
        }

        return true;
    }
}
