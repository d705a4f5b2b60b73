using Unified.Ir;

namespace Unified.Tests;

public class ReductionTests
{
    private static readonly (int[] Shape, int[] Axes)[] Cases =
    [
        ([7], []), ([3, 5], []), ([3, 5], [0]), ([3, 5], [1]), ([3, 5], [-1]), ([2, 3, 4, 5], [1, 2]), ([2, 3, 4, 5], [0, 3]),
        ([2, 3, 4, 5], [0, 2]), ([1, 4, 1], [0, 2]), ([2, 1, 3], [1]), ([4, 600], [0]), ([2, 70, 40], [1]), ([0, 3], [0]), ([3, 0], [0]), ([], []),
    ];

    private static readonly Dictionary<OpCode, Func<IEnumerable<double>, double>> Folds = new()
    {
        [OpCode.Sum] = v => v.Sum(),
        [OpCode.ReduceMax] = v => v.DefaultIfEmpty(double.NegativeInfinity).Max(),
        [OpCode.ReduceMin] = v => v.DefaultIfEmpty(double.PositiveInfinity).Min(),
        [OpCode.Mean] = v => v.DefaultIfEmpty(double.NaN).Average(),
        [OpCode.Variance] = v => v.Select(x => Math.Pow(x - v.Average(), 2)).DefaultIfEmpty(double.NaN).Average(),
    };

    public static TheoryData<OpCode> Codes => [.. Folds.Keys];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Reductions_agree_with_the_reference(OpCode code)
    {
        foreach (var dtype in (DType[])[DType.F32, DType.F64, DType.BF16, DType.F16, DType.I32, DType.U8])
        {
            if (!dtype.IsFloat() && code is OpCode.Mean or OpCode.Variance)
            {
                continue;
            }

            foreach (var (shape, axes) in Cases.Where(c => dtype.IsFloat() || !c.Shape.Contains(0)))
            {
                foreach (var keepDims in (bool[])[false, true])
                {
                    foreach (var x in Check.Layouts(Check.Random(dtype, shape, 0, 3)))
                    {
                        var attributes = Attributes.Empty.With("axes", axes).With("keepDims", keepDims);
                        var y = Eager.Apply(code, attributes, x);
                        Check.TypeAgrees(code, y, attributes, x);
                        var expected = Nd.From(x).Reduce(axes, keepDims, Folds[code]);
                        expected = dtype == DType.U8 ? expected.Map(v => v % 256) : expected;
                        var bound = Check.Bound(Tolerance.Rounded, dtype);
                        Check.Close(expected, y, bound, bound);
                    }
                }
            }
        }
    }

    [Fact]
    public void Long_sums_lose_no_digits()
    {
        var x = Ops.Full([10_000_000], 0.1);
        Check.Near(10_000_000 * (double)0.1f, Ops.Sum(x).Item<float>(), 1e-7, 0, "rows");
        Check.Near(2_500_000 * (double)0.1f, Ops.Sum(x.Reshape(2_500_000, 4), 0).ToArray<float>()[3], 1e-7, 0, "columns");
    }

    [Fact]
    public void NaN_wins_extremes()
    {
        var x = Tensor.From<float>([1, float.NaN, 3, 4, 5, 6], 2, 3);
        Assert.Equal([float.NaN, 6], Ops.Max(x, 1).ToArray<float>());
        Assert.Equal([1, float.NaN, 3], Ops.Min(x, 0).ToArray<float>());
    }

    [Fact]
    public void ArgMax_takes_the_first_of_equals()
    {
        var x = Tensor.From<int>([1, 5, 5, 9, 2, 9], 2, 3);
        Assert.Equal([1L, 0], Ops.ArgMax(x, 1).ToArray<long>());
        Assert.Equal([1L, 0, 1], Ops.ArgMax(x, 0).ToArray<long>());
        Assert.Equal([1L, 0], x.Transpose(1, 0).ArgMax(0).ToArray<long>());
        Assert.Equal([1, 3], x.ArgMax(0, keepDims: true).Shape.ToArray());
        Assert.Equal(1L, Ops.ArgMax(Tensor.From<float>([1, float.NaN, 7]), 0).Item<long>());
        Assert.Throws<ShapeException>(() => Ops.ArgMax(Tensor.Zeros([0]), 0));
    }

    [Theory]
    [InlineData(OpCode.Softmax)]
    [InlineData(OpCode.LogSoftmax)]
    [InlineData(OpCode.LogSumExp)]
    public void Softmax_and_kin_agree_with_the_reference(OpCode code)
    {
        foreach (var dtype in (DType[])[DType.F32, DType.F64, DType.BF16])
        {
            foreach (var (shape, axis) in ((int[], int)[])[([5, 33], -1), ([5, 33], 0), ([2, 3, 4], 1), ([3, 1], 1), ([6], 0), ([0, 3], 1)])
            {
                foreach (var x in Check.Layouts(Check.Random(dtype, shape, -60, 60)))
                {
                    var attributes = Attributes.Empty.With("axis", (long)axis);
                    var y = Eager.Apply(code, attributes, x);
                    Check.TypeAgrees(code, y, attributes, x);
                    var reference = Nd.From(x);
                    var log = reference.Reduce([axis], true, v => v.Max() + Math.Log(v.Sum(e => Math.Exp(e - v.Max()))));
                    var expected = code switch
                    {
                        OpCode.Softmax => Nd.Map(reference, log, (a, b) => Math.Exp(a - b)),
                        OpCode.LogSoftmax => Nd.Map(reference, log, (a, b) => a - b),
                        _ => new Nd(log.Values, y.Shape),
                    };
                    var bound = Check.Bound(Tolerance.Rounded, dtype);
                    Check.Close(expected, y, bound, bound);
                }
            }
        }
    }

    [Fact]
    public void Norms_agree_with_the_reference()
    {
        foreach (var dtype in (DType[])[DType.F32, DType.F64, DType.F16])
        {
            foreach (var x in Check.Layouts(Check.Random(dtype, [3, 5, 65], -2, 9)))
            {
                var weight = Check.Random(dtype, [65], 0.5, 1.5, 8);
                var bias = Check.Random(dtype, [65], -1, 1, 9);
                var (xs, ws, bs) = (Nd.From(x), Nd.From(weight), Nd.From(bias));
                var mean = xs.Reduce([-1], true, v => v.Average());
                var centered = Nd.Map(xs, mean, (a, b) => a - b);
                var deviation = centered.Reduce([-1], true, v => Math.Sqrt(v.Average(e => e * e) + 1e-5));
                var root = xs.Reduce([-1], true, v => Math.Sqrt(v.Average(e => e * e) + 1e-6));
                var bound = Check.Bound(Tolerance.Approximate, dtype);
                Check.Close(Nd.Map(Nd.Map(Nd.Map(centered, deviation, (a, b) => a / b), ws, (a, b) => a * b), bs, (a, b) => a + b), Ops.LayerNorm(x, weight, bias), bound, bound);
                Check.Close(Nd.Map(Nd.Map(xs, root, (a, b) => a / b), ws, (a, b) => a * b), Ops.RmsNorm(x, weight), bound, bound);
            }
        }
    }

    [Fact]
    public void CrossEntropy_agrees_with_the_reference()
    {
        var logits = Check.Random(DType.F32, [4, 6, 50], -9, 9);
        var targets = Check.Random(DType.I64, [4, 6], 0, 49.9, 3);
        var (xs, ts) = (Nd.From(logits), Nd.From(targets));
        var expected = 0.0;
        for (var i = 0; i < 24; i++)
        {
            var row = xs.Values.AsSpan(i * 50, 50).ToArray();
            expected += Math.Log(row.Sum(v => Math.Exp(v))) - row[(int)ts.Values[i]];
        }

        Check.Near(expected / 24, Ops.CrossEntropy(logits, targets).Item<float>(), 1e-6, 0, "loss");
    }
}
