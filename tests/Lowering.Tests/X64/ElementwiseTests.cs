using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

public sealed class ElementwiseTests
{
    private static readonly OpCode[] s_arithmetic = [OpCode.Add, OpCode.Sub, OpCode.Mul, OpCode.Maximum, OpCode.Minimum];
    private static readonly OpCode[] s_division = [OpCode.Div, OpCode.Remainder];
    private static readonly OpCode[] s_bits = [OpCode.LogicalAnd, OpCode.LogicalOr, OpCode.LogicalXor];

    private static readonly OpCode[] s_comparisons =
        [OpCode.Equal, OpCode.NotEqual, OpCode.Less, OpCode.LessEqual, OpCode.Greater, OpCode.GreaterEqual];

    [Theory]
    [EveryType]
    public void Binary_ops_of_every_type(DType type)
    {
        List<OpCode> ops = [.. s_comparisons];
        if (type != DType.Bool)
        {
            ops.AddRange(s_arithmetic);
            ops.AddRange(s_division);
        }

        if (!type.IsFloat())
        {
            ops.AddRange(s_bits);
        }

        foreach (var op in ops)
        {
            var result = s_comparisons.Contains(op) ? DType.Bool : type;
            Check(op, type, result);
        }
    }

    [Theory]
    [EveryType]
    public void Casts_from_every_type(DType from)
    {
        foreach (var to in DTypes.All)
        {
            var kernel = new RowKernel(
                [new(from, false), new(to, true)], 1, 1,
                [new LoadNode(from, 0, [Stride.One]), new ComputeNode(to, OpCode.Cast, [0])],
                [new Stage([], [new Store(1, [Stride.One], 1)])]);
            double[] special = from.IsFloat()
                ? [0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, 127.9, 128, -128.9, -129, 255.5, 256, 32767.5, -32769, 65504, 65520, 1e9, 3e9, -3e9, 1e19, -1e19,
                    1.00048828125, 1.00390625, 1.01171875, 1.0004883, 1.00390626, 1e-7, 5.9e-8, 1e-40, double.NaN, double.PositiveInfinity, double.NegativeInfinity]
                : from == DType.Bool ? [0, 1] : [0, 1, 2, 127, Limit(from), -1 - Limit(from), 1000, -1000, 65537, 16777217, 2147483647];
            using var x = new Block(from, 100).Fill(i => i < special.Length ? Wrap(special[i], from) : Wrap(Agreement.Value(i), from));
            foreach (var target in KernelRunner.Targets)
            {
                using var y = new Block(to, 100).Fill(_ => 0);
                _ = KernelRunner.Run(kernel, [x, y], [100], 100, target: target.Data);
                for (long i = 0; i < 100; i++)
                {
                    var want = Rounding.To(ReferenceOps.Apply(OpCode.Cast, from, to, [x[i]]), to);
                    Assert.True(want.Equals(y[i]), $"{target.Data}: {from.Text()} {x[i]:R} as {to.Text()} is {y[i]:R}, not {want:R}");
                }
            }
        }
    }

    [Fact]
    public void Ops_without_code_say_so()
    {
        var kernel = new RowKernel(
            [new(DType.Bool, true)], 1, 1, [new ConstantNode(DType.Bool, 1), new ComputeNode(DType.Bool, OpCode.Exp, [0])],
            [new Stage([], [new Store(0, [Stride.One], 1)])]);
        var e = Assert.Throws<NotSupportedException>(() => KernelRunner.Compile(kernel));
        Assert.Contains("'Exp' of bool", e.Message, StringComparison.Ordinal);
    }

    private static double Limit(DType type) => type switch
    {
        DType.U8 => 255,
        DType.I8 => 127,
        DType.I16 => 32767,
        DType.I32 => 2147483647,
        _ => 4611686018427387904,
    };

    private static double Wrap(double value, DType type) => type.IsFloat() ? value : Rounding.To(value, type);

    private static void Check(OpCode op, DType type, DType result)
    {
        var kernel = new RowKernel(
            [new(type, false), new(type, false), new(result, true)], 1, 1,
            [new LoadNode(type, 0, [Stride.One]), new LoadNode(type, 1, [Stride.One]), new ComputeNode(result, op, [0, 1])],
            [new Stage([], [new Store(2, [Stride.One], 2)])]);
        long n = 289;
        using var x = new Block(type, n).Fill(i => Wrap((i % 17) - 8, type));
        using var y = new Block(type, n).Fill(i => Wrap((i / 17) - 8, type));
        foreach (var target in KernelRunner.Targets)
        {
            using var z = new Block(result, n).Fill(_ => 0);
            _ = KernelRunner.Run(kernel, [x, y, z], [n], n, target: target.Data);
            for (long i = 0; i < n; i++)
            {
                var want = Rounding.To(ReferenceOps.Apply(op, type, result, [x[i], y[i]]), result);
                Assert.True(want.Equals(z[i]) || want == z[i], $"{target.Data}: {op} {type.Text()}({x[i]}, {y[i]}) = {z[i]}, not {want}");
            }
        }
    }
}
