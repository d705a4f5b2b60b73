using Unified.Graphs;
using Unified.Ir;
using static Unified.Ops;

namespace Unified.Tests;

/// <summary>Eager kernels give the same bits on one thread and on many, at sizes and strides that cut badly.</summary>
public class SharedWorkTests
{
    private static readonly WorkPool One = new(1);
    private static readonly WorkPool Three = new(3);

    // Enough elements to be shared: 65,536; a block is 16,384.
    public static TheoryData<string> Calls => [.. Table.Keys];

    private static readonly Dictionary<string, Func<Tensor>> Table = new()
    {
        ["unary"] = () => Exp(Random(100_003)),
        ["unary, view"] = () => Tanh(Random(301, 403).Transpose(1, 0)),
        ["unary, bf16"] = () => Exp(Cast(Random(70_001), DType.BF16)),
        ["cast"] = () => Cast(Random(70_001) * 100f, DType.I32),
        ["binary"] = () => Random(100_003) + Random(100_003),
        ["binary, number"] = () => Random(100_003) * 3f,
        ["binary, row"] = () => Random(517, 203) + Random(203),
        ["binary, column"] = () => Random(517, 203) + Random(517, 1),
        ["binary, long rows"] = () => Random(3, 50_001) - Random(3, 1),
        ["binary, views"] = () => Random(301, 403).Transpose(1, 0) * Random(403, 301),
        ["binary, three axes"] = () => Random(41, 1, 53) * Random(1, 67, 53),
        ["comparison"] = () => Less(Random(301, 403), Random(403)),
        ["select"] = () => Select(Less(Random(301, 403), Random(403)), Random(301, 403), Random(301, 1)),
        ["select, long"] = () => Select(Less(Random(100_003), Random(100_003)), Random(100_003), Tensor.Scalar(2f)),
        ["copy"] = () => Random(301, 403).Clone(),
        ["copy, transposed"] = () => Random(301, 403).Transpose(1, 0).Contiguous(),
        ["copy, batch transposed"] = () => Random(7, 101, 203).Transpose(0, 2, 1).Contiguous(),
        ["copy, strided"] = () => Random(200_003)[new TensorIndex[] { (Index)5.. }].Contiguous(),
        ["copy, permuted"] = () => Random(31, 47, 61).Transpose(1, 0, 2).Contiguous(),
        ["concat"] = () => Concat([Random(301, 203), Random(301, 205)], 1),
        ["pad"] = () => Pad(Random(301, 403), [1, 2], [3, 4]),
        ["fill"] = () => Tensor.Filled([100_003], 1.5),
        ["sum, all"] = () => Random(1_000_003).Sum(),
        ["sum, all f64"] = () => Cast(Random(1_000_003), DType.F64).Sum(),
        ["sum, rows"] = () => Random(517, 203).Sum(1),
        ["sum, columns"] = () => Random(517, 1203).Sum(0),
        ["sum, columns f64"] = () => Cast(Random(517, 1203), DType.F64).Sum(0),
        ["sum, middle"] = () => Random(7, 101, 203).Sum(1),
        ["sum, integers"] = () => Cast(Random(517, 1203) * 100f, DType.I32).Sum(0),
        ["max, all"] = () => Max(Random(1_000_003)),
        ["max, columns"] = () => Max(Random(517, 1203), 0),
        ["min, rows"] = () => Min(Random(517, 1203), 1),
        ["mean"] = () => Mean(Random(517, 1203), 0),
        ["softmax"] = () => Softmax(Random(517, 203)),
        ["log-sum-exp"] = () => LogSumExp(Random(517, 203), 1),
        ["layer norm"] = () => LayerNorm(Random(517, 203), Random(203), Random(203)),
        ["matmul"] = () => MatMul(Random(301, 203), Random(203, 401)),
        ["matmul, tall"] = () => MatMul(Random(3001, 23), Random(23, 41)),
        ["matmul, transposed"] = () => MatMul(Random(203, 301).Transpose(1, 0), Random(401, 203), transposeB: true),
        ["matmul, batch"] = () => MatMul(Random(7, 61, 53), Random(7, 53, 67)),
        ["matmul, broadcast batch"] = () => MatMul(Random(3, 1, 61, 53), Random(1, 5, 53, 67)),
        ["matmul, row"] = () => MatMul(Random(1, 703), Random(703, 901)),
        ["matmul, row transposed"] = () => MatMul(Random(1, 703), Random(901, 703), transposeB: true),
        ["gather"] = () => Gather(Random(1003, 203), Indices(517, 1003), 0),
        ["gather, inner"] = () => Gather(Random(517, 203), Indices(301, 203), 1),
        ["scatter"] = () => ScatterAdd(Indices(517, 100), Random(517, 203), 0, 100),
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void Threads_do_not_change_a_bit(string call)
    {
        var one = Run(One, Table[call]);
        Assert.Equal(one, Run(Three, Table[call]));
        Assert.Equal(one, Run(Three, Table[call]));
        Assert.True(one.Distinct().Count() > 1 || one.Length <= 8 || call == "fill");
    }

    [Fact]
    public void Many_sizes_around_a_block_are_shared_whole()
    {
        SharedWork.Pool = Three;
        foreach (var size in (int[])[SharedWork.Block * 4, (SharedWork.Block * 4) + 1, (SharedWork.Block * 5) - 1, (SharedWork.Block * 7) + 13])
        {
            using var x = Tensor.From<float>([.. Enumerable.Range(0, size).Select(i => (float)(i % 1000))], size);
            using var y = x + 1f;
            Assert.Equal(x.ToArray<float>().Select(v => v + 1f), y.ToArray<float>());
            using var rows = x[..(size / 3 * 3)].Reshape(size / 3, 3);
            using var turned = rows.Transpose(1, 0).Contiguous();
            Assert.Equal(Enumerable.Range(0, size / 3).Select(i => (float)(((i * 3) + 2) % 1000)), turned[2].ToArray<float>());
        }
    }

    [Fact]
    public void Sums_of_long_rows_are_those_of_double_precision()
    {
        SharedWork.Pool = Three;
        using var x = Random(10_000_019);
        var exact = x.ToArray<float>().Sum(v => (double)v);
        Assert.Equal((float)exact, x.Sum().Item<float>());
    }

    private static byte[] Run(WorkPool pool, Func<Tensor> call)
    {
        SharedWork.Pool = pool;
        s_seed = 1;
        using var result = call();
        using var dense = result.Contiguous();
        return dense.AsBytes().ToArray();
    }

    [ThreadStatic]
    private static int s_seed;

    private static Tensor Random(params int[] shape)
    {
        var random = new Random(s_seed++);
        return Tensor.From<float>([.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (random.NextSingle() * 2) - 1)], shape);
    }

    private static Tensor Indices(int count, int extent)
    {
        var random = new Random(s_seed++);
        return Tensor.From<int>([.. Enumerable.Range(0, count).Select(_ => random.Next(extent))], count);
    }
}
