using System.Runtime.CompilerServices;
using Unified.Ir;

namespace Unified;

public partial class Tensor
{
    /// <summary>
    /// <c>x[i]</c> drops an axis, <c>x[a..b]</c> cuts it, <c>x[indices]</c> gathers along it; <c>^</c> counts from the end. A <c>..</c>
    /// that comes first, with fewer items than axes, stands for all the axes that the other items leave; elsewhere for one. Axes
    /// without an item stay whole. Ints and ranges give views, which keep what they saw when this tensor is written to. A negative int
    /// counts from the end.
    /// Setting overwrites these elements, for everyone who holds this tensor, with the value cast to its dtype and broadcast to their shape; a bool
    /// tensor then is a mask over as many axes as it has, and the value the same for all it takes. Of equal indices in a tensor the last one
    /// counts. Gradients flow from this tensor to the value and to what was not overwritten.
    /// </summary>
    /// <exception cref="IndexOutOfRangeException">An index or a range lies outside its axis, or there are more items than axes.</exception>
    /// <exception cref="ShapeException">The value does not fit, or a mask is read.</exception>
    [Intrinsic("index")]
    [IndexerName("Element")]
    public Tensor this[params ReadOnlySpan<TensorIndex> indices]
    {
        get => At(indices);
        set => Set(indices, value);
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
                if (tensor.DType == DType.Bool)
                {
                    throw new ShapeException("a mask takes a number of elements that only its values say; multiply by the mask, or use Select(mask, x, y)");
                }

                gathers.Add((kept.Count, tensor));
                kept.Add(_dims[axis++]);
            }
            else if (item.Range is { } range)
            {
                (starts[axis], sizes[axis]) = TensorIndex.On(range, this, axis);
                kept.Add(sizes[axis++]);
            }
            else
            {
                (starts[axis], sizes[axis]) = (item.On(this, axis), 1);
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
