using Unified.Ir;

namespace Unified.Tests;

public class ElementwiseTests
{
    private static readonly DType[] Floats = [DType.F16, DType.BF16, DType.F32, DType.F64];
    private static readonly DType[] Integers = [DType.U8, DType.I8, DType.I16, DType.I32, DType.I64];

    /// <summary>The function, and the interval its argument comes from.</summary>
    private sealed record Unary(Func<double, double> Function, double Low, double High, bool IntegersToo = false);

    private static readonly Dictionary<OpCode, Unary> UnaryRows = new()
    {
        [OpCode.Neg] = new(x => -x, -3, 3, true),
        [OpCode.Abs] = new(Math.Abs, -3, 3, true),
        [OpCode.Sign] = new(x => Math.Sign(x), -3, 3, true),
        [OpCode.Exp] = new(Math.Exp, -8, 8),
        [OpCode.Log] = new(Math.Log, 1e-3, 50),
        [OpCode.Sqrt] = new(Math.Sqrt, 0, 50),
        [OpCode.Rsqrt] = new(x => 1 / Math.Sqrt(x), 0.01, 50),
        [OpCode.Sin] = new(Math.Sin, -20, 20),
        [OpCode.Cos] = new(Math.Cos, -20, 20),
        [OpCode.Tanh] = new(Math.Tanh, -10, 10),
        [OpCode.Erf] = new(ErfBySeries, -5, 5),
        [OpCode.Floor] = new(Math.Floor, -9, 9),
        [OpCode.Ceil] = new(Math.Ceiling, -9, 9),
        [OpCode.Round] = new(x => Math.Round(x, MidpointRounding.ToEven), -9, 9),
        [OpCode.Relu] = new(x => Math.Max(x, 0), -3, 3, true),
        [OpCode.Square] = new(x => x * x, -3, 3, true),
        [OpCode.Sigmoid] = new(x => 1 / (1 + Math.Exp(-x)), -20, 20),
        [OpCode.Silu] = new(x => x / (1 + Math.Exp(-x)), -20, 20),
        [OpCode.Gelu] = new(x => x * 0.5 * (1 + ErfBySeries(x / Math.Sqrt(2))), -6, 6),
        [OpCode.GeluTanh] = new(x => x * 0.5 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))), -6, 6),
        [OpCode.StopGradient] = new(x => x, -3, 3, true),
    };

    private static readonly Dictionary<OpCode, Func<double, double, double>> BinaryRows = new()
    {
        [OpCode.Add] = (x, y) => x + y,
        [OpCode.Sub] = (x, y) => x - y,
        [OpCode.Mul] = (x, y) => x * y,
        [OpCode.Maximum] = Math.Max,
        [OpCode.Minimum] = Math.Min,
        [OpCode.Equal] = (x, y) => x == y ? 1 : 0,
        [OpCode.NotEqual] = (x, y) => x != y ? 1 : 0,
        [OpCode.Less] = (x, y) => x < y ? 1 : 0,
        [OpCode.LessEqual] = (x, y) => x <= y ? 1 : 0,
        [OpCode.Greater] = (x, y) => x > y ? 1 : 0,
        [OpCode.GreaterEqual] = (x, y) => x >= y ? 1 : 0,
    };

    public static TheoryData<OpCode> UnaryCodes => [.. UnaryRows.Keys];

    public static TheoryData<OpCode> BinaryCodes => [.. BinaryRows.Keys];

    [Theory]
    [MemberData(nameof(UnaryCodes))]
    public void Unary_ops_agree_with_the_reference(OpCode code)
    {
        var row = UnaryRows[code];
        foreach (var dtype in row.IntegersToo ? [.. Floats, .. Integers] : Floats)
        {
            var low = dtype == DType.U8 ? 0 : row.Low;
            foreach (var x in Check.Layouts(Check.Random(dtype, [3, 37], low, row.High)))
            {
                var y = Eager.Apply(code, x);
                Check.TypeAgrees(code, y, Attributes.Empty, x);
                var bound = Check.Bound(OpTable.Get(code).Tolerance, dtype);
                var expected = Nd.From(x).Map(row.Function);
                if (dtype == DType.U8 && code == OpCode.Neg)
                {
                    expected = expected.Map(v => v < 0 ? v + 256 : v);
                }

                Check.Close(expected, y, bound, bound);
            }
        }
    }

    [Theory]
    [InlineData(OpCode.Tanh)]
    [InlineData(OpCode.Erf)]
    public void Small_and_large_arguments_keep_their_digits(OpCode code)
    {
        float[] points = [1e-30f, -1e-10f, 1e-4f, 0.01f, -0.3f, 0.624f, 0.626f, 0.99f, 1.01f, 1.99f, 2.01f, 4, 9, -30, 0, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        var y = Eager.Apply(code, Tensor.From<float>(points)).ToArray<float>();
        for (var i = 0; i < points.Length; i++)
        {
            var expected = double.IsInfinity(points[i]) ? Math.Sign(points[i]) : UnaryRows[code].Function(points[i]);
            Check.Near(expected, y[i], 4e-7, 1e-44, $"{code}({points[i]})");
        }
    }

    [Fact]
    public void Erf_in_f64_has_all_digits()
    {
        for (var x = -5.0; x < 5; x += 0.01)
        {
            Check.Near(ErfBySeries(x), ErrorFunction.Erf(x), 1e-13, 1e-15, $"erf({x})");
        }
    }

    [Theory]
    [MemberData(nameof(BinaryCodes))]
    public void Binary_ops_broadcast_like_the_reference(OpCode code)
    {
        (int[] X, int[] Y)[] shapes =
        [
            ([4, 33], [4, 33]), ([4, 33], [33]), ([4, 1], [1, 33]), ([2, 3, 1], [5]), ([], [2, 2]), ([3], []), ([], []),
            ([0, 3], [1, 3]), ([2, 1, 3, 1], [5, 1, 2]), ([1, 1], [7]),
        ];
        foreach (var dtype in (DType[])[.. Floats, .. Integers])
        {
            var low = dtype == DType.U8 ? 0 : -3;
            foreach (var (xShape, yShape) in shapes)
            {
                foreach (var x in Check.Layouts(Check.Random(dtype, xShape, low, 3, 2)))
                {
                    foreach (var y in Check.Layouts(Check.Random(dtype, yShape, low, 3, 3)))
                    {
                        var z = Eager.Apply(code, x, y);
                        Check.TypeAgrees(code, z, Attributes.Empty, x, y);
                        var expected = Nd.Map(Nd.From(x), Nd.From(y), BinaryRows[code]);
                        expected = dtype == DType.U8 ? expected.Map(v => v < 0 ? v + 256 : v) : expected;
                        var bound = Check.Bound(Tolerance.Rounded, dtype);
                        Check.Close(expected, z, bound, bound);
                    }
                }
            }
        }
    }

    [Fact]
    public void Division_power_and_remainder()
    {
        var x = Check.Random(DType.F64, [3, 40], 0.1, 5, 4);
        var y = Check.Random(DType.F64, [40], 0.5, 4, 5);
        Check.Close(Nd.Map(Nd.From(x), Nd.From(y), (a, b) => a / b), x / y, 1e-15, 0);
        Check.Close(Nd.Map(Nd.From(x), Nd.From(y), Math.Pow), Ops.Pow(x, y), 1e-15, 0);
        Check.Close(Nd.Map(Nd.From(x), Nd.From(y), (a, b) => a % b), Ops.Remainder(x, y), 1e-15, 0);
        Assert.Equal([4f, -8f, 1f], Ops.Pow(Tensor.From<float>([-2, -2, 0]), Tensor.From<float>([2, 3, 0])).ToArray<float>());
        Assert.Equal([-3, -3], (Tensor.From<int>([-7, 7]) / Tensor.From<int>([2, -2])).ToArray<int>());
        Assert.Equal([-1, 1], Ops.Remainder(Tensor.From<int>([-7, 7]), Tensor.From<int>([2, -2])).ToArray<int>());
    }

    [Fact]
    public void Whole_numbers_divided_by_zero_are_zero()
    {
        Assert.Equal([0, 3], (Tensor.From<int>([5, 7]) / Tensor.From<int>([0, 2])).ToArray<int>());
        Assert.Equal([0L, 1L], Ops.Remainder(Tensor.From<long>([5, 7]), Tensor.From<long>([0, 2])).ToArray<long>());
        Assert.Equal([int.MinValue, -4], (Tensor.From<int>([int.MinValue, 4]) / -1).ToArray<int>());
        Assert.Equal([0, 0], Ops.Remainder(Tensor.From<int>([int.MinValue, 4]), -1).ToArray<int>());
        Assert.Equal(new byte[] { 1, 0 }, (Tensor.From<byte>([255, 4]) / Tensor.From<byte>([255, 0])).ToArray<byte>());
    }

    [Fact]
    public void Integers_wrap()
    {
        Assert.Equal([int.MinValue], (Tensor.From<int>([int.MaxValue]) + 1).ToArray<int>());
        Assert.Equal([sbyte.MinValue], Ops.Abs(Tensor.From<sbyte>([sbyte.MinValue])).ToArray<sbyte>());
        Assert.Equal([(byte)4], Ops.Square(Tensor.From<byte>([254])).ToArray<byte>());
    }

    [Fact]
    public void NaN_wins_extremes_and_fails_comparisons()
    {
        var x = Tensor.From<float>([float.NaN, 1, float.NaN]);
        var y = Tensor.From<float>([1, float.NaN, float.NaN]);
        Assert.All(Ops.Maximum(x, y).ToArray<float>(), v => Assert.True(float.IsNaN(v)));
        Assert.All(Ops.Minimum(x, y).ToArray<float>(), v => Assert.True(float.IsNaN(v)));
        Assert.Equal([false, false, false], Ops.Equal(x, y).ToArray<bool>());
        Assert.Equal([true, true, true], Ops.NotEqual(x, y).ToArray<bool>());
        Assert.Equal([false, false, false], (x <= y).ToArray<bool>());
    }

    [Fact]
    public void Logic_of_bools_and_bits()
    {
        var x = Tensor.From<bool>([true, true, false, false]);
        var y = Tensor.From<bool>([true, false, true, false]);
        Assert.Equal([true, false, false, false], (x & y).ToArray<bool>());
        Assert.Equal([true, true, true, false], (x | y).ToArray<bool>());
        Assert.Equal([false, true, true, false], (x ^ y).ToArray<bool>());
        Assert.Equal([false, false, true, true], (!x).ToArray<bool>());
        Assert.Equal([0b1000], (Tensor.From<int>([0b1100]) & Tensor.From<int>([0b1010])).ToArray<int>());
        Assert.Equal([~5L], (!Tensor.From<long>([5])).ToArray<long>());
    }

    [Fact]
    public void Select_chooses_and_broadcasts()
    {
        foreach (var dtype in DTypes.All.Where(d => d != DType.Bool))
        {
            var condition = Check.Random(DType.F32, [5, 1, 40], -1, 1) > 0;
            var x = Check.Random(dtype, [3, 1], 0, 9, 6);
            var y = Check.Random(dtype, [40], 0, 9, 7);
            foreach (var (c, a) in Check.Layouts(condition).Zip(Check.Layouts(x)))
            {
                var z = Ops.Select(c, a, y);
                Check.TypeAgrees(OpCode.Select, z, Attributes.Empty, c, a, y);
                var (cs, xs, ys) = (Nd.From(c), Nd.From(a), Nd.From(y));
                Check.Close(Nd.Make([5, 3, 40], i => cs.At(i) != 0 ? xs.At(i) : ys.At(i)), z, 0, 0);
            }
        }
    }

    [Fact]
    public void Casts_follow_their_rules()
    {
        var x = Tensor.From<float>([-1.9f, 1.9f, 300, -3e9f, 1e20f, float.NaN, 0]);
        Assert.Equal([-1, 1, 300, int.MinValue, int.MaxValue, 0, 0], Ops.Cast(x, DType.I32).ToArray<int>());
        Assert.Equal<byte>([0, 1, 255, 0, 255, 0, 0], Ops.Cast(x, DType.U8).ToArray<byte>());
        Assert.Equal([true, true, true, true, true, true, false], Ops.Cast(x, DType.Bool).ToArray<bool>());
        Assert.Equal<byte>([0xFF, 44], Ops.Cast(Tensor.From<int>([-1, 300]), DType.U8).ToArray<byte>());
        foreach (var from in DTypes.All)
        {
            foreach (var to in DTypes.All)
            {
                foreach (var v in Check.Layouts(Ops.Cast(Check.Random(DType.F64, [2, 1100], 0, 100), from)))
                {
                    var y = Ops.Cast(v, to);
                    Check.TypeAgrees(OpCode.Cast, y, Attributes.Empty.With("dtype", to), v);
                    var expected = Nd.From(v).Map(d => to == DType.Bool ? (d != 0 ? 1 : 0) : to.IsFloat() ? d : Math.Truncate(d));
                    Check.Close(expected, y, to is DType.F16 or DType.BF16 ? 4e-3 : 1e-7, 0);
                }
            }
        }
    }

    [Fact]
    public void Clamp_and_numbers_beside_tensors()
    {
        var x = Tensor.From<float>([-2, 0.5f, 3]);
        Assert.Equal([-1, 0.5f, 2], Ops.Clamp(x, -1, 2).ToArray<float>());
        Assert.Equal([-1, 1.5f, 4], (x + 1).ToArray<float>());
        Assert.Equal([3, 0.5f, -2], (1 - x).ToArray<float>());
        Assert.Equal([-4, 1, 6], (x * 2.0).ToArray<float>());
        Assert.Equal([-0.5f, 2, 1 / 3f], (1f / x).ToArray<float>());
        Assert.Equal([false, true, true], (x > 0).ToArray<bool>());
        Assert.Equal([2, -0.5f, -3], (-x).ToArray<float>());
    }

    // Σ (-1)^n x^(2n+1)/(n!(2n+1)), with the exponential drawn out so that all terms are positive.
    private static double ErfBySeries(double x)
    {
        if (Math.Abs(x) > 6)
        {
            return Math.Sign(x);
        }

        double term = x, sum = x;
        for (var n = 1; n < 200; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
