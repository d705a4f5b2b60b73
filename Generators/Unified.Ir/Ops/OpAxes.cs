using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Axes as attributes name them: negative ones count from the end, and an empty <c>axes</c> list means all.</summary>
public static class OpAxes
{
    /// <summary>The attribute <c>axes</c>, normalised and ascending.</summary>
    /// <exception cref="ShapeException">An axis is symbolic, out of range or named twice.</exception>
    public static ImmutableArray<int> Of(Attributes attributes, int rank) =>
        Of(attributes.Dims("axes"), rank, why => new ShapeException(why));

    /// <summary>The attribute <c>axis</c>, normalised.</summary>
    /// <exception cref="ShapeException">The axis is symbolic or out of range.</exception>
    public static int One(Attributes attributes, int rank) =>
        One(attributes.Dim("axis"), rank, why => new ShapeException(why));

    /// <summary>The shape after folding <paramref name="axes"/> (normalised): without them, or with size 1 in their place.</summary>
    public static Shape Fold(Shape shape, ImmutableArray<int> axes, bool keepDims) => new(
    [
        .. shape.Dims.Select((dim, axis) => axes.Contains(axis) ? (keepDims ? Dim.One : null) : dim).OfType<Dim>(),
    ]);

    internal static ImmutableArray<int> Of(OpInputs inputs) => Of(inputs.Attributes.Dims("axes"), inputs[0].Rank, inputs.Error);

    internal static int One(OpInputs inputs) => One(inputs.Attributes.Dim("axis"), inputs[0].Rank, inputs.Error);

    /// <summary>The number of elements folded into one.</summary>
    internal static Dim Count(Shape shape, ImmutableArray<int> axes) => axes.Aggregate(Dim.One, (size, axis) => size * shape[axis]);

    internal static int One(Dim axis, int rank, Func<string, Exception> error)
    {
        if (!axis.IsConstant)
        {
            throw new ShapeException($"axis {axis} must be a constant") { IsProvable = false };
        }

        var result = axis.Value < 0 ? axis.Value + rank : axis.Value;
        return result >= 0 && result < rank ? (int)result : throw error($"axis {axis} is out of range for rank {rank}");
    }

    private static ImmutableArray<int> Of(ImmutableArray<Dim> axes, int rank, Func<string, Exception> error)
    {
        if (axes.IsEmpty)
        {
            return [.. Enumerable.Range(0, rank)];
        }

        ImmutableArray<int> result = [.. axes.Select(a => One(a, rank, error)).OrderBy(a => a)];
        for (var i = 1; i < result.Length; i++)
        {
            if (result[i] == result[i - 1])
            {
                throw error($"axis {result[i]} is named twice");
            }
        }

        return result;
    }
}
