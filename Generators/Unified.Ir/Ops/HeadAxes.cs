using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Attention's results as those who join heads want them: axes before the last two, heads, inside of the rows.</summary>
public static class HeadAxes
{
    /// <summary>The order of the axes that moves the rows, the last axis but one, before that many axes.</summary>
    public static ImmutableArray<int> Order(int rank, int axes) =>
        [.. Enumerable.Range(0, rank - 2 - axes), rank - 2, .. Enumerable.Range(rank - 2 - axes, axes), rank - 1];

    /// <summary>How many axes such an order moves the rows before; 0: it is none.</summary>
    public static int Of(ImmutableArray<int> order)
    {
        var axes = order.Length - 2 - order.IndexOf(order.Length - 2);
        return axes > 0 && order.SequenceEqual(Order(order.Length, axes)) ? axes : 0;
    }

    /// <summary>[.., H, T, E] as [.., T, H, E].</summary>
    public static Shape Inside(Shape shape, int axes) => new([.. Order(shape.Rank, axes).Select(a => shape[a])]);

    /// <summary>[.., T, H, E] as [.., H, T, E].</summary>
    public static Shape Outside(Shape shape, int axes) => new([.. Inverse(shape.Rank, axes).Select(a => shape[a])]);

    /// <inheritdoc cref="Inside(Shape, int)"/>
    public static OpValue Inside(OpBuilder b, OpValue x, int axes) => axes == 0 ? x : b.Transpose(x, Order(x.Shape.Rank, axes));

    /// <inheritdoc cref="Outside(Shape, int)"/>
    public static OpValue Outside(OpBuilder b, OpValue x, int axes) => axes == 0 ? x : b.Transpose(x, Inverse(x.Shape.Rank, axes));

    private static IEnumerable<int> Inverse(int rank, int axes) => [.. Enumerable.Range(0, rank - 2 - axes), .. Enumerable.Range(rank - 1 - axes, axes), rank - 2 - axes, rank - 1];
}
