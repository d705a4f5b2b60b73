using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>Turns a module into one where equal computations of a graph are done once. Every op is pure, so equal operands and attributes suffice.</summary>
public sealed class EliminateCommonSubexpressions : IPass
{
    public string Name => "eliminate-common-subexpressions";

    public GraphModule Run(GraphModule module) => new([.. module.Graphs.Select(Merge)]);

    private static Graph Merge(Graph graph)
    {
        var known = new Dictionary<Key, ImmutableArray<OpValue>>();
        return GraphRewriter.Rewrite(graph, (builder, node, operands) =>
        {
            if (!node.Regions.IsEmpty)
            {
                return null;
            }

            ImmutableArray<int> numbers = [.. operands.Select(o => ((GraphValue)o).Number)];
            var commutes = node.Op.Has(OpTraits.Commutative) && numbers.Length == 2 && numbers[0] > numbers[1];
            var key = new Key(node.Op.Code, commutes ? [numbers[1], numbers[0]] : numbers, node.Attributes, node.Callee);
            if (!known.TryGetValue(key, out var results))
            {
                known[key] = results = builder.Copy(node, graph, operands);
            }

            return results;
        });
    }

    private readonly record struct Key(OpCode Op, ImmutableArray<int> Operands, Attributes Attributes, string? Callee)
    {
        public bool Equals(Key other) =>
            Op == other.Op && Callee == other.Callee && Operands.AsSpan().SequenceEqual(other.Operands.AsSpan()) && Attributes.Equals(other.Attributes);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(Op);
            hash.Add(Callee);
            hash.Add(Attributes);
            foreach (var operand in Operands)
            {
                hash.Add(operand);
            }

            return hash.ToHashCode();
        }
    }
}
