using Unified.Ir;

namespace Unified.Tests;

public class MovementTests
{
    [Fact]
    public void Views_share_memory_and_show_the_right_elements()
    {
        foreach (var x in Check.Layouts(Check.Random(DType.F32, [2, 3, 4])))
        {
            var xs = Nd.From(x);
            var turned = x.Transpose(2, 0, 1);
            Check.Close(Nd.Make([4, 2, 3], i => xs.At(i[1], i[2], i[0])), turned, 0, 0);
            Assert.Same(x.Storage, turned.Storage);
            var cut = Ops.Slice(x, [0, 1, 0], [2, 2, 2], [1, 1, 3]);
            Check.Close(Nd.Make([2, 2, 2], i => xs.At(i[0], i[1] + 1, i[2] * 3)), cut, 0, 0);
            Assert.Same(x.Storage, cut.Storage);
            var wide = x.Reshape(2, 1, 3, 4).BroadcastTo(5, 2, 6, 3, 4);
            Check.Close(Nd.Make([5, 2, 6, 3, 4], i => xs.At(i[1], i[3], i[4])), wide, 0, 0);
            Assert.Same(x.Storage, wide.Storage);
            foreach (var shape in (int[][])[[24], [6, 4], [2, -1], [1, 2, 1, 3, 2, 2], [4, 3, 2]])
            {
                var y = x.Reshape(shape);
                Assert.Equal(xs.Values, Nd.From(y).Values);
                Check.Close(Nd.From(y.Clone().Reshape(4, 6).Transpose(1, 0)), y.Reshape(4, 6).Transpose(1, 0), 0, 0);
            }
        }

        Assert.Equal([0, 5], Tensor.Zeros([0, 3]).Reshape(0, 5).Shape.ToArray());
        Assert.Same(Check.Random(DType.F32, [2, 3, 4]) is var z ? z.Storage : null, z.Transpose(0, 2, 1).Reshape(1, 2, 2, 2, 3).Storage);
    }

    [Fact]
    public void Concat_and_pad_place_their_parts()
    {
        foreach (var axis in (int[])[0, 1, -1])
        {
            var at = axis < 0 ? 2 : axis;
            int[] Shape(int size) => [.. new[] { 2, 3, 4 }.Select((d, a) => a == at ? size : d)];
            Tensor[] parts = [Check.Random(DType.I16, Shape(2), seed: 1), Check.Random(DType.I16, Shape(0)), Check.Random(DType.I16, Shape(5), seed: 2).Transpose(0, 1, 2)];
            var y = Ops.Concat(parts, axis);
            Check.TypeAgrees(OpCode.Concat, y, Attributes.Empty.With("axis", (long)axis), parts);
            var (first, last) = (Nd.From(parts[0]), Nd.From(parts[2]));
            Check.Close(
                Nd.Make(Shape(7), i => i[at] < 2 ? first.At(i) : last.At([.. i.Select((v, a) => a == at ? v - 2 : v)])), y, 0, 0);
        }

        foreach (var x in Check.Layouts(Check.Random(DType.F64, [2, 3])))
        {
            var xs = Nd.From(x);
            var y = Ops.Pad(x, [1, 0], [0, 2], -7);
            Check.Close(Nd.Make([3, 5], i => i[0] >= 1 && i[1] < 3 ? xs.At(i[0] - 1, i[1]) : -7), y, 0, 0);
        }
    }

    [Fact]
    public void Gather_and_scatter_add()
    {
        foreach (var dtype in (DType[])[DType.I32, DType.I64])
        {
            var indices = Ops.Cast(Tensor.From<int>([0, -1, 3, 3, 1, -5], 2, 3), dtype);
            foreach (var x in Check.Layouts(Check.Random(DType.F32, [5, 4, 5])))
            {
                var xs = Nd.From(x);
                int[] at = [0, 4, 3, 3, 1, 0];
                Check.Close(Nd.Make([2, 3, 4, 5], i => xs.At(at[(i[0] * 3) + i[1]], i[2], i[3])), Ops.Gather(x, indices), 0, 0);
                Check.Close(Nd.Make([5, 4, 2, 3], i => xs.At(i[0], i[1], at[(i[2] * 3) + i[3]])), Ops.Gather(x, indices, 2), 0, 0);
                Check.Close(Nd.Make([2, 3, 5], i => xs.At(at[(i[0] * 3) + i[1]], 2, i[2])), Ops.Embedding(x[.., 2, ..], indices), 0, 0);
                var updates = Check.Random(DType.F32, [2, 3, 4], seed: 5);
                var us = Nd.From(updates);
                Check.Close(
                    Nd.Make([5, 4], i => Enumerable.Range(0, 6).Where(j => at[j] == i[0]).Sum(j => us.At(j / 3, j % 3, i[1]))),
                    Ops.ScatterAdd(indices, updates, 0, 5), 1e-6, 1e-6);
            }
        }

        Assert.Equal([0, 2], Ops.Gather(Tensor.Zeros([3, 2]), Tensor.From<long>([])).Shape.ToArray());
        var error = Assert.Throws<IndexOutOfRangeException>(() => Ops.Gather(Tensor.Zeros([5, 2]), Tensor.From<int>([1, 5])));
        Assert.Equal("gather: index 5 is out of range for an axis of 5", error.Message);
        Assert.Contains("scatter_add: index -6", Assert.Throws<IndexOutOfRangeException>(() => Ops.ScatterAdd(Tensor.From<int>([-6]), Tensor.Zeros([1, 2]), 0, 5)).Message);
    }

    [Fact]
    public void Creation()
    {
        Assert.Equal([0, 1, 2, 3], Tensor.Arange(4, DType.I32).ToArray<int>());
        Assert.Equal([0f, 0, 1, 1], Ops.Iota([2, 2], 0, DType.F32).ToArray<float>());
        Assert.Equal([0f, 1, 0, 1], Ops.Iota([2, 2], -1, DType.F32).ToArray<float>());
        Assert.Equal([2.5, 2.5], Ops.Full([2], 2.5, DType.F64).ToArray<double>());
        Assert.Equal(7L, Ops.DimSize(7).Item<long>());
        foreach (var dtype in DTypes.All)
        {
            Assert.All(Nd.From(Tensor.Ones([70], dtype)).Values, v => Assert.Equal(1, v));
        }
    }

    [Fact]
    public void Indexing_with_ints_ranges_and_tensors()
    {
        var x = Check.Random(DType.F32, [4, 5, 6]);
        var xs = Nd.From(x);
        Check.Close(Nd.Make([5, 6], i => xs.At(2, i[0], i[1])), x[2], 0, 0);
        Check.Close(Nd.Make([5, 6], i => xs.At(3, i[0], i[1])), x[^1], 0, 0);
        Check.Close(Nd.Make([2, 6], i => xs.At(1, i[0] + 1, i[1])), x[1, 1..3], 0, 0);
        Check.Close(Nd.Make([4, 5], i => xs.At(i[0], i[1], 5)), x[.., ^1], 0, 0);
        Check.Close(Nd.Make([4, 6], i => xs.At(i[0], 0, i[1])), x[.., 0, ..], 0, 0);
        Check.Close(Nd.Make([4, 4, 6], i => xs.At(i[0], i[1] + 1, i[2])), x[.., 1.., ..], 0, 0);
        Check.Close(Nd.Make([3, 6], i => xs.At(2, new[] { 4, 0, 2 }[i[0]], i[1])), x[2, Tensor.From<int>([4, 0, 2])], 0, 0);
        Check.Close(new Nd([xs.At(1, 2, 3)], []), x[1, 2, 3], 0, 0);
        Check.Close(xs, x[..], 0, 0);
        Assert.Same(x.Storage, x[1, 1..3].Storage);
        Assert.Contains("outside axis 0", Assert.Throws<IndexOutOfRangeException>(() => x[4]).Message);
        Assert.Contains("outside axis 1", Assert.Throws<IndexOutOfRangeException>(() => x[0, 2..7]).Message);
        Assert.Contains("4 indices", Assert.Throws<IndexOutOfRangeException>(() => x[0, 0, 0, 0]).Message);
        Check.Close(Nd.Make([5, 6], i => xs.At(3, i[0], i[1])), x[-1], 0, 0);
        Assert.Contains("index -5 lies outside axis 0", Assert.Throws<IndexOutOfRangeException>(() => x[-5]).Message);
        Assert.Contains("mask", Assert.Throws<ShapeException>(() => x[x > 0f]).Message);
    }
}
