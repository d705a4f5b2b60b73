using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified;

public partial class Tensor
{
    /// <summary>
    /// <c>x[i]</c> drops an axis, <c>x[a..b]</c> cuts it, <c>x[indices]</c> gathers along it; <c>^</c> counts from the end. A <c>..</c>
    /// that comes first, with fewer items than axes, stands for all the axes that the other items leave; elsewhere for one. Axes
    /// without an item stay whole. Ints and ranges give views.
    /// </summary>
    /// <exception cref="IndexOutOfRangeException">An index or a range lies outside its axis, or there are more items than axes.</exception>
    [Intrinsic("index")]
    [IndexerName("Element")]
    public Tensor this[params ReadOnlySpan<TensorIndex> indices]
    {
        get => At(indices);
    }

    private Tensor At(ReadOnlySpan<TensorIndex> indices)
    {
        if (indices.Length > Rank)
        {
            throw new IndexOutOfRangeException($"{indices.Length} indices for the shape {Shape} of rank {Rank}");
        }

        Span<int> starts = stackalloc int[Rank];
        Span<int> sizes = stackalloc int[Rank];
        var kept = new List<int>(Rank);
        var gathers = new List<(int Axis, Tensor Indices)>();
        starts.Clear();
        _dims.CopyTo(sizes);
        var axis = 0;
        for (var i = 0; i < indices.Length; i++)
        {
            var item = indices[i];
            if (item.IsAll)
            {
                var count = i == 0 ? Rank - indices.Length + 1 : 1;
                for (; count > 0; count--)
                {
                    kept.Add(_dims[axis++]);
                }
            }
            else if (item.Tensor is { } tensor)
            {
                gathers.Add((kept.Count, tensor));
                kept.Add(_dims[axis++]);
            }
            else if (item.Range is { } range)
            {
                var (start, end) = (range.Start.GetOffset(_dims[axis]), range.End.GetOffset(_dims[axis]));
                if (start < 0 || end < start || end > _dims[axis])
                {
                    throw new IndexOutOfRangeException($"range {range} lies outside axis {axis} of shape {Shape}");
                }

                (starts[axis], sizes[axis]) = (start, end - start);
                kept.Add(sizes[axis++]);
            }
            else
            {
                var at = item.Start.GetOffset(_dims[axis]);
                if (at < 0 || at >= _dims[axis])
                {
                    throw new IndexOutOfRangeException($"index {item.Start} lies outside axis {axis} of shape {Shape}");
                }

                (starts[axis], sizes[axis]) = (at, 1);
                axis++;
            }
        }

        for (; axis < Rank; axis++)
        {
            kept.Add(_dims[axis]);
        }

        var sliced = Ops.Slice(this, starts, sizes);
        var result = Then(sliced, x => Ops.Reshape(x, kept.ToArray()));
        for (var i = gathers.Count - 1; i >= 0; i--)
        {
            // From the back, so that the axes before keep their numbers.
            var (along, picks) = gathers[i];
            result = Then(result, x => Ops.Gather(x, picks, along));
        }

        return result;
    }

    private static Tensor Then(Tensor x, Func<Tensor, Tensor> step)
    {
        using (x)
        {
            return step(x);
        }
    }
}
