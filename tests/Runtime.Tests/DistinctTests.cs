using Unified.Ir;

namespace Unified.Tests;

public class DistinctTests
{
    [Fact]
    public void Unique_elements_are_sorted_and_give_the_tensor_back()
    {
        var x = Tensor.From<int>([3, 1, 3, -2, 1, 3], 2, 3);
        var (values, inverse, counts) = Ops.Unique(x);
        Assert.Equal([-2, 1, 3], values.ToArray<int>());
        Assert.Equal([1, 2, 3], counts.ToArray<long>());
        Assert.Equal(x.ToArray<int>(), Ops.Gather(values, inverse).ToArray<int>());
        Assert.Equal(x.Type.Shape, inverse.Type.Shape);

        var (floats, _, times) = Ops.Unique(Tensor.From<float>([float.NaN, 0f, -0f, float.NaN, float.NegativeInfinity]));
        Assert.Equal([float.NegativeInfinity, 0, float.NaN], floats.ToArray<float>());
        Assert.Equal([1, 2, 2], times.ToArray<long>());
        Assert.Equal(0, Ops.Unique(Tensor.Zeros([0])).Values.Size);
    }

    [Fact]
    public void Places_of_what_is_not_zero()
    {
        var x = Tensor.From<float>([0, 2, float.NaN, 0, 0, -1], 2, 3);
        var places = Ops.Nonzero(x);
        Assert.Equal([0, 1, 0, 2, 1, 2], places.ToArray<long>());
        Assert.Equal([3, 2], places.Shape.ToArray());
        Assert.Equal([0, 1], Ops.Nonzero(x > 1f).ToArray<long>());
        Assert.Equal([1, 0], Ops.Nonzero(Tensor.Scalar(5f)).Shape.ToArray());
    }

    [Fact]
    public void Elements_along_an_axis_are_of_their_own_rows()
    {
        var x = Tensor.From<float>([1, 2, 3, 4, 5, 6], 2, 3);
        Assert.Equal([3, 1, 5, 6], Ops.TakeAlongAxis(x, Tensor.From<long>([2, 0, 1, -1], 2, 2)).ToArray<float>());
        Assert.Throws<IndexOutOfRangeException>(() => Ops.TakeAlongAxis(x, Tensor.From<long>([3, 0], 2, 1)));
        Assert.Throws<IndexOutOfRangeException>(() => Ops.TakeAlongAxis(x, Tensor.From<long>([0, -4], 2, 1)));
        Assert.Throws<IndexOutOfRangeException>(() => Ops.BinCount(Tensor.From<int>([0, 3]), 3));
        Assert.Equal([2, 0, 1], Ops.BinCount(Tensor.From<int>([0, 2, 0]), 3).ToArray<long>());
        Assert.Equal([1, 2, 1], Ops.Histogram(Tensor.From<float>([0, 1, 1.9f, 3, -1, 4, float.NaN]), 3, 0, 3).ToArray<long>());
    }
}
