using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Schedule;

/// <summary>Turns the indices of a node's result into those of an operand.</summary>
internal static class OperandIndices
{
    /// <summary>Where the operand is read for the result element at <paramref name="indices"/>.</summary>
    public static ImmutableArray<Affine> Of(GraphContext graph, Node node, int operand, ImmutableArray<Affine> indices)
    {
        var from = graph.ShapeOf(node.Operands[operand]);
        return node.Op.Code switch
        {
            OpCode.Transpose => Transposed(node, indices),
            OpCode.Reshape => Reshaped(graph, node, from, indices),
            OpCode.Slice => [.. indices.Select((e, i) => (e * node.Attributes.Dims("steps")[i]) + Affine.Constant(node.Attributes.Dims("starts")[i]))],
            OpCode.Gather => [.. indices.Skip(OpAxes.One(node.Attributes, graph.ShapeOf(node.Operands[0]).Rank)).Take(from.Rank)],
            _ => Broadcast(from, indices),
        };
    }

    /// <summary>Whether a reshape only adds and drops axes of size 1.</summary>
    public static bool OnlyUnitAxes(GraphContext graph, Node reshape) =>
        graph.ShapeOf(reshape.Operands[0]).Where(d => !d.Is(1)).SequenceEqual(graph.ShapeOf(reshape.Results[0]).Where(d => !d.Is(1)));

    private static ImmutableArray<Affine> Broadcast(Shape from, ImmutableArray<Affine> indices) =>
        [.. from.Select((d, i) => d.Is(1) ? Affine.Zero : indices[i + indices.Length - from.Rank])];

    private static ImmutableArray<Affine> Transposed(Node node, ImmutableArray<Affine> indices)
    {
        var result = new Affine[indices.Length];
        foreach (var (to, from) in node.Attributes.Ints("permutation").Select((p, i) => (p, i)))
        {
            result[to] = indices[from];
        }

        return [.. result];
    }

    private static ImmutableArray<Affine> Reshaped(GraphContext graph, Node node, Shape from, ImmutableArray<Affine> indices)
    {
        var real = new Queue<Affine>(indices.Where((_, i) => !graph.ShapeOf(node.Results[0])[i].Is(1)));
        return [.. from.Select(d => d.Is(1) ? Affine.Zero : real.Dequeue())];
    }
}
