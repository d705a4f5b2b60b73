using System.Collections.Immutable;
using Unified.Ir;

namespace Unified;

/// <summary>
/// A reduction seen as [outer, reduced, inner] over dense memory: the operand itself where its axes allow, else a copy with the
/// reduced axes last. With inner = 1 rows are folded, else columns.
/// </summary>
internal readonly ref struct ReductionLayout
{
    private readonly Tensor? _copy;

    public ReductionLayout(Tensor x, ImmutableArray<int> axes, bool keepDims)
    {
        var kept = new List<int>(x.Rank);
        var result = new List<int>(x.Rank);
        (Outer, Reduced, Inner) = (1, 1, 1);
        for (var axis = 0; axis < x.Rank; axis++)
        {
            if (axes.Contains(axis))
            {
                Reduced *= x.Dims[axis];
                if (keepDims)
                {
                    result.Add(1);
                }
            }
            else
            {
                kept.Add(axis);
                result.Add(x.Dims[axis]);
            }
        }

        ResultDims = [.. result];
        var isOneBlock = axes.IsEmpty || axes[^1] - axes[0] == axes.Length - 1;
        if (x.IsDense && isOneBlock)
        {
            Source = x;
            foreach (var axis in kept)
            {
                if (axes.IsEmpty || axis < axes[0])
                {
                    Outer *= x.Dims[axis];
                }
                else
                {
                    Inner *= x.Dims[axis];
                }
            }

            return;
        }

        Outer = kept.Aggregate(1L, (size, axis) => size * x.Dims[axis]);
        using var view = ViewKernels.Permute(x, [.. kept, .. axes]);
        Source = Strided.Dense(view, out var isCopy);
        if (isCopy)
        {
            _copy = Source;
        }
        else
        {
            _copy = Source = view.Alias();
        }
    }

    public Tensor Source { get; }

    public long Outer { get; }

    public long Reduced { get; }

    public long Inner { get; }

    public int[] ResultDims { get; }

    public void Dispose() => _copy?.Dispose();

    /// <summary>The attribute <c>axes</c> normalised, or null when it breaks the rule.</summary>
    public static ImmutableArray<int>? Axes(Attributes attributes, int rank)
    {
        try
        {
            return OpAxes.Of(attributes, rank);
        }
        catch (ShapeException)
        {
            return null;
        }
    }

    /// <summary>The attribute <c>axis</c> normalised, or null when it breaks the rule.</summary>
    public static int? Axis(Attributes attributes, int rank)
    {
        var axis = attributes.Int("axis");
        axis = axis < 0 ? axis + rank : axis;
        return axis >= 0 && axis < rank ? (int)axis : null;
    }
}
