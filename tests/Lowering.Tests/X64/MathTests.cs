using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Tests.X64;

public sealed class MathTests
{
    private static readonly double[] s_specials =
    [
        0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -3, 1e-45, -1e-45, 1.1754942e-38, 1.17549435e-38, 3.4028235e38, -3.4028235e38, 88.72, 88.73, -87.4, -103.9, -104.1,
        0.625, 0.6249999, 0.92773, 0.92774, 4, -4, 10, -10, 1e10, -1e10, 2.68435456e8, 3e8, 1.2345e30,
        double.PositiveInfinity, double.NegativeInfinity, double.NaN,
    ];

    // Without instructions of AVX, FMA and SSE4.1 the same formulas go other ways.
    private static readonly string[] s_targets = [HostCpu.Target.ToString(), TargetCpu.X64.ToString()];

    public static TheoryData<OpCode, double, double> Functions { get; } = new()
    {
        // Bounds in ulps of f32 and f64; the reference for f64 is itself good to about one.
        { OpCode.Exp, 1.1, 2.5 },
        { OpCode.Exp2, 3.2, 2.5 },
        { OpCode.Log, 1.5, 2.0 },
        { OpCode.Sqrt, 0.5001, 0.5001 },
        { OpCode.Rsqrt, 1.5, 1.5 },
        { OpCode.Sin, 1.6, 2.0 },
        { OpCode.Cos, 1.6, 2.0 },
        { OpCode.Tanh, 2.0, 3.0 },
        { OpCode.Erf, 1.5, 5.0 },
        { OpCode.Floor, 0, 0 },
        { OpCode.Ceil, 0, 0 },
        { OpCode.Round, 0, 0 },
        { OpCode.Abs, 0, 0 },
        { OpCode.Neg, 0, 0 },
        { OpCode.Sign, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void Functions_are_within_their_bounds_of_all_floats(OpCode op, double single, double @double)
    {
        foreach (var target in s_targets)
        {
            Check(op, DType.F32, Floats(4099), single, target);
            Check(op, DType.F64, Doubles(100_003), @double, target);
        }
    }

    [Theory]
    [InlineData(OpCode.Exp)]
    [InlineData(OpCode.Log)]
    [InlineData(OpCode.Tanh)]
    [InlineData(OpCode.Erf)]
    [InlineData(OpCode.Sin)]
    [InlineData(OpCode.Cos)]
    public void Machines_with_fused_multiplication_give_the_same_bits(OpCode op)
    {
        foreach (var target in KernelRunner.Targets.Where(t => TargetCpu.Parse(t.Data).Has("fma")))
        {
            var kernel = Unary(op, DType.F32);
            using var x = Load(DType.F32, Floats(400_009));
            using var expected = new Block(DType.F32, x.Count);
            using var actual = new Block(DType.F32, x.Count);
            _ = KernelRunner.Run(kernel, [x, expected], [x.Count], x.Count);
            _ = KernelRunner.Run(kernel, [x, actual], [x.Count], x.Count, target: target.Data);
            Assert.Equal(expected.ToArray(), actual.ToArray());
        }
    }

    public static TheoryData<OpCode, double, double> Limits { get; } = new()
    {
        { OpCode.Exp, double.NegativeInfinity, 0 },
        { OpCode.Exp, double.PositiveInfinity, double.PositiveInfinity },
        { OpCode.Exp, float.MinValue, 0 },
        { OpCode.Exp, float.MaxValue, double.PositiveInfinity },
        { OpCode.Exp, -2.6e5, 0 },
        { OpCode.Exp, 2.6e5, double.PositiveInfinity },
        { OpCode.Exp, -7.3e5, 0 },
        { OpCode.Exp, 7.3e5, double.PositiveInfinity },
        { OpCode.Exp, -0.0, 1 },
        { OpCode.Exp2, double.NegativeInfinity, 0 },
        { OpCode.Exp2, double.PositiveInfinity, double.PositiveInfinity },
        { OpCode.Exp2, float.MinValue, 0 },
        { OpCode.Exp2, float.MaxValue, double.PositiveInfinity },
        { OpCode.Exp2, -0.0, 1 },
        { OpCode.Exp2, -149, float.Epsilon },
        { OpCode.Erf, double.PositiveInfinity, 1 },
        { OpCode.Erf, double.NegativeInfinity, -1 },
        { OpCode.Erf, 3.93, 1 },
        { OpCode.Erf, -4, -1 },
        { OpCode.Erf, -0.0, -0.0 },
        { OpCode.Erf, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public void Limits_are_reached_with_their_sign(OpCode op, double argument, double expected)
    {
        foreach (var target in KernelRunner.Targets)
        {
            using var x = Load(DType.F32, [argument]);
            using var y = new Block(DType.F32, 1);
            _ = KernelRunner.Run(Unary(op, DType.F32), [x, y], [1], 1, target: target.Data);
            Assert.Equal((expected, double.IsNegative(expected)), (y[0], double.IsNegative(y[0])));
        }
    }

    [Fact]
    public void Erf_is_nowhere_beyond_one()
    {
        foreach (var target in KernelRunner.Targets)
        {
            // Every f32 from 3 to 5, where the last segments meet 1.
            var first = BitConverter.SingleToInt32Bits(3);
            using var x = Load(DType.F32, [.. Enumerable.Range(first, BitConverter.SingleToInt32Bits(5) - first).Select(i => (double)BitConverter.Int32BitsToSingle(i))]);
            using var y = new Block(DType.F32, x.Count);
            _ = KernelRunner.Run(Unary(OpCode.Erf, DType.F32), [x, y], [x.Count], x.Count, target: target.Data);
            Assert.Equal(1, y.ToArray().Max());
        }
    }

    [Fact]
    public void Pow_is_within_its_bounds()
    {
        double[] values = [.. s_specials, .. Enumerable.Range(0, 400).Select(i => Math.ScaleB((((i * 7919) % 1000) / 500.0) - 1, (i % 40) - 20))];
        var pairs = values.SelectMany(x => values.Select(y => (x, y))).ToArray();
        foreach (var target in s_targets)
        {
            CheckPairs(OpCode.Pow, DType.F32, pairs, 0.51, target);
            CheckPairs(OpCode.Pow, DType.F64, pairs, 2, target);
        }
    }

    [Fact]
    public void Remainder_is_exact()
    {
        double[] values = [.. s_specials, .. Enumerable.Range(0, 300).Select(i => Math.ScaleB((((i * 7919) % 1000) / 500.0) - 1, (i % 200) - 100)), 1e300, 1e-300, 5e-324, double.MaxValue, double.BitDecrement(double.MaxValue), 3e307];
        var pairs = values.SelectMany(x => values.Select(y => (x, y))).ToArray();
        foreach (var target in s_targets)
        {
            CheckPairs(OpCode.Remainder, DType.F32, pairs, 0, target);
            CheckPairs(OpCode.Remainder, DType.F64, pairs, 0, target);
        }
    }

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void Half_types_compute_in_f32_and_round_to_nearest_even(DType type)
    {
        foreach (var (op, target) in from op in (OpCode[])[OpCode.Exp, OpCode.Exp2, OpCode.Tanh, OpCode.Sqrt, OpCode.Neg] from target in s_targets select (op, target))
        {
            using var x = new Block(type, 65536);
            unsafe
            {
                for (var i = 0; i < 65536; i++)
                {
                    ((ushort*)x.Data)[i] = (ushort)i;
                }
            }

            using var y = new Block(type, x.Count);
            _ = KernelRunner.Run(Unary(op, type), [x, y], [x.Count], x.Count, target: target);
            for (var i = 0; i < x.Count; i++)
            {
                // An f32 result an ulp off may lie on the other side of the middle between two half numbers.
                var exact = ReferenceOps.Apply(op, type, type, [x[i]]);
                double low = Rounding.To(exact * (1 - 3e-7), type), high = Rounding.To(exact * (1 + 3e-7), type);
                Assert.True(double.IsNaN(exact) ? double.IsNaN(y[i]) : y[i] == low || y[i] == high, $"{op} {type.Text()}({x[i]}) = {y[i]}, not {exact}");
            }
        }
    }

    private static void Check(OpCode op, DType type, double[] inputs, double bound, string target)
    {
        using var x = Load(type, inputs);
        using var y = new Block(type, x.Count);
        _ = KernelRunner.Run(Unary(op, type), [x, y], [x.Count], x.Count, target: target);
        var (worst, at) = (0.0, 0L);
        for (long i = 0; i < x.Count; i++)
        {
            var ulps = Rounding.Ulps(y[i], ReferenceOps.Apply(op, type, type, [x[i]]), type);
            if (ulps > worst)
            {
                (worst, at) = (ulps, i);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{target} {op} {type.Text()}: {worst:F3} ulp at {x[at]:R}");
        Assert.True(worst <= bound, $"{target} {op} {type.Text()}({x[at]:R}) = {y[at]:R}, not {ReferenceOps.Apply(op, type, type, [x[at]]):R}: {worst} ulp");
    }

    private static void CheckPairs(OpCode op, DType type, (double X, double Y)[] pairs, double bound, string target)
    {
        var kernel = new RowKernel(
            [new(type, false), new(type, false), new(type, true)], 1, 1,
            [new LoadNode(type, 0, [Stride.One]), new LoadNode(type, 1, [Stride.One]), new ComputeNode(type, op, [0, 1])],
            [new Stage([], [new Store(2, [Stride.One], 2)])]);
        using var x = Load(type, [.. pairs.Select(p => p.X)]);
        using var y = Load(type, [.. pairs.Select(p => p.Y)]);
        using var z = new Block(type, x.Count);
        _ = KernelRunner.Run(kernel, [x, y, z], [x.Count], x.Count, target: target);
        var (worst, text) = (0.0, string.Empty);
        for (long i = 0; i < x.Count; i++)
        {
            var expected = ReferenceOps.Apply(op, type, type, [x[i], y[i]]);
            var ulps = Rounding.Ulps(z[i], expected, type);
            if (ulps > worst)
            {
                (worst, text) = (ulps, $"{target} {op} {type.Text()}({x[i]:R}, {y[i]:R}) = {z[i]:R}, not {expected:R}: {ulps} ulp");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(text);
        Assert.True(worst <= bound, text);
    }

    private static RowKernel Unary(OpCode op, DType type) => new(
        [new(type, false), new(type, true)], 1, 1,
        [new LoadNode(type, 0, [Stride.One]), new ComputeNode(type, op, [0])],
        [new Stage([], [new Store(1, [Stride.One], 1)])]);

    private static Block Load(DType type, double[] values) => new Block(type, values.Length).Fill(i => values[i]);

    private static double[] Floats(long step)
    {
        List<double> values = [.. s_specials];
        for (long bits = 0; bits <= uint.MaxValue; bits += step)
        {
            values.Add(BitConverter.UInt32BitsToSingle((uint)bits));
        }

        return [.. values];
    }

    private static double[] Doubles(int count)
    {
        var random = new Random(7);
        List<double> values = [.. s_specials];
        for (var i = 0; i < count; i++)
        {
            values.Add(BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)));
            values.Add((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-20, 12)));
        }

        return [.. values];
    }
}
