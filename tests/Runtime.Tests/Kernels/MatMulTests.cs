using Unified.Ir;

namespace Unified.Tests;

public class MatMulTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 7, 100)]
    [InlineData(1, 130, 700)]
    [InlineData(12, 32, 5)]
    [InlineData(13, 33, 385)]
    [InlineData(300, 65, 40)]
    [InlineData(5, 2100, 3)]
    [InlineData(4, 0, 3)]
    [InlineData(4, 3, 0)]
    public void Products_of_all_layouts_agree_with_the_reference(int m, int n, int k)
    {
        foreach (var dtype in (DType[])[DType.F32, DType.F64, DType.F16, DType.BF16, DType.I32])
        {
            foreach (var (ta, tb) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
            {
                var x = Check.Random(dtype, ta ? [k, m] : [m, k], -1, 1, 11);
                var y = Check.Random(dtype, tb ? [n, k] : [k, n], -1, 1, 12);
                var (xs, ys) = (Nd.From(x), Nd.From(y));
                var expected = Nd.Make([m, n], i =>
                {
                    var sum = 0.0;
                    for (var j = 0; j < k; j++)
                    {
                        sum += (ta ? xs.At(j, i[0]) : xs.At(i[0], j)) * (tb ? ys.At(i[1], j) : ys.At(j, i[1]));
                    }

                    return sum;
                });
                foreach (var (a, b) in Check.Layouts(x).Zip(Check.Layouts(y)))
                {
                    var z = Ops.MatMul(a, b, ta, tb);
                    Check.TypeAgrees(OpCode.MatMul, z, Attributes.Empty.With("transposeA", ta).With("transposeB", tb), a, b);
                    var bound = Check.Bound(Tolerance.Approximate, dtype);
                    Check.Close(expected, z, bound, bound);
                }
            }
        }
    }

    [Fact]
    public void Batches_broadcast()
    {
        (int[] X, int[] Y)[] shapes =
        [
            ([2, 3, 4], [4, 5]), ([3, 4], [2, 4, 5]), ([2, 1, 3, 4], [6, 4, 5]), ([2, 6, 3, 4], [2, 6, 4, 5]), ([0, 3, 4], [4, 5]), ([1, 3, 4], [2, 4, 5]),
        ];
        foreach (var (xShape, yShape) in shapes)
        {
            var x = Check.Random(DType.F64, xShape);
            var y = Check.Random(DType.F64, yShape, seed: 2);
            var z = Ops.MatMul(x, y);
            Check.TypeAgrees(OpCode.MatMul, z, Attributes.Empty, x, y);
            var (xs, ys) = (Nd.From(x), Nd.From(y));
            var expected = Nd.Make(z.Shape, i => Enumerable.Range(0, 4).Sum(k => Batched(xs, i, i[^2], k) * Batched(ys, i, k, i[^1])));
            Check.Close(expected, z, 1e-14, 1e-14);
            foreach (var (a, b) in Check.Layouts(x).Zip(Check.Layouts(y)))
            {
                Check.Close(expected, Ops.MatMul(a, b), 1e-14, 1e-14);
            }
        }
    }

    [Fact]
    public void Linear_is_a_product_plus_bias()
    {
        var x = Check.Random(DType.F32, [2, 3, 20]);
        var weight = Check.Random(DType.F32, [7, 20], seed: 2);
        var bias = Check.Random(DType.F32, [7], seed: 3);
        var expected = Ops.MatMul(x, weight, transposeB: true) + bias;
        Check.Close(Nd.From(expected), Ops.Linear(x, weight, bias), 0, 0);
        Check.Close(Nd.From(expected), Ops.Linear(x.Reshape(6, 20), weight, bias).Reshape(2, 3, 7), 0, 0);
        Assert.Equal([7], Ops.Linear(x[0, 0], weight).Shape.ToArray());
    }

    [Fact]
    public void Attention_agrees_with_its_formula()
    {
        foreach (var causal in (bool[])[false, true])
        {
            var (q, k, v) = (Check.Random(DType.F64, [2, 3, 5, 8], seed: 1), Check.Random(DType.F64, [2, 3, 7, 8], seed: 2), Check.Random(DType.F64, [2, 3, 7, 4], seed: 3));
            var (qs, ks, vs) = (Nd.From(q), Nd.From(k), Nd.From(v));
            var expected = Nd.Make([2, 3, 5, 4], i =>
            {
                var visible = Enumerable.Range(0, 7).Where(j => !causal || j <= i[2] + 2).ToArray();
                var weights = visible.Select(j => Math.Exp(Enumerable.Range(0, 8).Sum(d => qs.At(i[0], i[1], i[2], d) * ks.At(i[0], i[1], j, d)) / Math.Sqrt(8))).ToArray();
                return visible.Zip(weights).Sum(p => p.Second * vs.At(i[0], i[1], p.First, i[3])) / weights.Sum();
            });
            Check.Close(expected, Ops.Attention(q, k, v, causal), 1e-12, 1e-12);
        }
    }

    private static double Batched(Nd x, int[] index, int row, int column) => x.At([.. index[..^2], row, column]);
}
