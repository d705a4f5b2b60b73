using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Targets.X64;
using Unified.Native;

namespace Unified.Lowering.Tests.X64;

/// <summary>What follows a product takes turns with the sums of the next tile.</summary>
public sealed class BesideProductTests
{
    /// <summary>
    /// An update in place, as an optimizer has it: turns for all rows of a tile and for some, none at all, tiles of all heights, columns that end within a panel. The bits are those of an update that
    /// follows its own tile.
    /// </summary>
    [Theory]
    [InlineData(RowCount.Many)]
    [InlineData(RowCount.Any)]
    public void Turns_change_no_bit(RowCount rows)
    {
        long[] heights = [1, 4, 5, 12, 13, 20, 32, 50], widths = [31, 32, 100], depths = [1, 3, 4, 23, 47, 64];
        foreach (var target in KernelRunner.Targets)
        {
            foreach (var (m, n, k) in from m in heights from n in widths from k in depths select (m, n, k))
            {
                var (expected, other) = Update(rows, NoTurns, m, n, k, target.Data);
                var (given, another) = Update(rows, 1, m, n, k, target.Data);
                Assert.NotEqual(0, expected[^1]);
                Assert.Equal(expected, given);
                Assert.Equal(other, another);
            }
        }
    }

    /// <summary>Windows of images, whose rows run over three axes of the result.</summary>
    [Fact]
    public void Turns_follow_rows_over_several_axes()
    {
        const long Images = 2, Height = 7, Width = 15, Channels = 4, Outputs = 37, Taps = 3, High = Height - Taps + 1, Wide = Width - Taps + 1, M = Images * High * Wide, Depth = Taps * Taps * Channels;
        using var a = new Block(DType.F32, Images * Height * Width * Channels).Fill(Agreement.Fraction);
        using var b = new Block(DType.F32, Depth * Outputs).Fill(i => Agreement.Fraction(i + 7));
        foreach (var target in KernelRunner.Targets)
        {
            using var packed = ContractionTests.Pack(DType.F32, MatrixOrder.KOuter, b, [], [], Depth, Outputs, Outputs, 1, target.Data);
            double[] Divided(int cost)
            {
                var kernel = new ContractionKernel(
                    [new(DType.F32, false), new(DType.F32, false), new(DType.F32, true)], 21, DType.F32, 0, MatrixOrder.KInner,
                    [
                        new AccumulatorNode(DType.F32), new ComputeNode(DType.F32, OpCode.Abs, [0]), new ConstantNode(DType.F32, 1),
                        new ComputeNode(DType.F32, OpCode.Add, [1, 2]), new ComputeNode(DType.F32, OpCode.Div, [0, 3]),
                    ],
                    [new Store(2, [Stride.Of(19), Stride.Of(20), Stride.Of(3), Stride.One], 4)])
                {
                    RowAxes = 3,
                    Rows = RowCount.Many,
                    Windows = new WindowAxes(3, 3),
                    Plan = ProductPlan.Default with { BesideCost = cost },
                };
                Assert.Empty(LoopVerifier.Problems(kernel));
                using var result = new Block(DType.F32, M * Outputs).Fill(_ => 0);
                long[] parameters =
                [
                    Images, High, Wide, Outputs, Depth, 24, 32, Images, High, Wide, Height * Width * Channels, Width * Channels, Channels, Taps, Taps, Channels, Width * Channels, Channels, 1,
                    High * Wide * Outputs, Wide * Outputs,
                ];
                _ = KernelRunner.Run(kernel, [a, packed, result], parameters, (M + 23) / 24 * ((Outputs + 31) / 32), 2, ContractionTests.Scratch(24, Depth, DType.F32), target.Data);
                return result.ToArray();
            }

            var expected = Divided(NoTurns);
            Assert.NotEqual(0, expected[^1]);
            Assert.Equal(expected, Divided(1));
        }
    }

    /// <summary>The division stands in the loop over k: among its multiply-adds.</summary>
    [Fact]
    public void An_update_stands_among_the_sums()
    {
        static int Longest(int cost)
        {
            var lines = new X64Emitter(TargetCpu.X64V4).EmitText(Kernel(RowCount.Many, cost), "update").Split('\n');
            bool Is(int line, string instruction) => lines[line].Contains(instruction, StringComparison.Ordinal) && lines[line].Contains("zmm", StringComparison.Ordinal);
            return Enumerable.Range(0, lines.Length).Where(i => Is(i, "vdivps")).Max(i => Enumerable.Range(i + 1, lines.Length - i - 1).TakeWhile(j => !lines[j].Contains("\tj", StringComparison.Ordinal)).Count(j => Is(j, "vfmadd")));
        }

        Assert.True(Longest(1) >= Tile.Rows * 2 * ProductPlan.Default.Unroll, $"{Longest(1)} multiply-adds follow a division");
        Assert.True(Longest(NoTurns) < Tile.Rows, $"{Longest(NoTurns)} multiply-adds follow a division");
    }

    private const int NoTurns = 1_000_000;

    private static (double[] Parameter, double[] State) Update(RowCount rows, int cost, long m, long n, long k, string? target)
    {
        var kernel = Kernel(rows, cost);
        Assert.Empty(LoopVerifier.Problems(kernel));
        using var a = new Block(DType.F32, 2 * m * k).Fill(Agreement.Fraction);
        using var b = new Block(DType.F32, k * n).Fill(i => Agreement.Fraction(i + 31));
        using var packed = ContractionTests.Pack(DType.F32, MatrixOrder.KOuter, b, [], [], k, n, n, 1, target);
        using var parameter = new Block(DType.F32, 2 * m * n).Fill(Agreement.Fraction);
        using var state = new Block(DType.F32, 2 * m * n).Fill(i => Math.Abs(Agreement.Fraction(i + 7)));
        _ = KernelRunner.Run(
            kernel, [a, packed, parameter, state, state, parameter], [2, m, n, k, 24, 64, m * k, k, 1, 0, m * n, n], 2 * ((m + 23) / 24) * ((n + 63) / 64), 2, ContractionTests.Scratch(24, k, DType.F32), target);
        return (parameter.ToArray(), state.ToArray());
    }

    // Batch, m, n: state = 0.9 state + sum², parameter = parameter - sum / (sqrt(state) + 0.01).
    private static ContractionKernel Kernel(RowCount rows, int cost) => new(
        [new(DType.F32, false), new(DType.F32, false), new(DType.F32, false), new(DType.F32, false), new(DType.F32, true), new(DType.F32, true)],
        12, DType.F32, 1, MatrixOrder.KInner,
        [
            new AccumulatorNode(DType.F32),
            new LoadNode(DType.F32, 2, [Stride.Of(10), Stride.Of(11), Stride.One]),
            new LoadNode(DType.F32, 3, [Stride.Of(10), Stride.Of(11), Stride.One]),
            new ConstantNode(DType.F32, 0.9),
            new ComputeNode(DType.F32, OpCode.Mul, [2, 3]),
            new ComputeNode(DType.F32, OpCode.Mul, [0, 0]),
            new ComputeNode(DType.F32, OpCode.Add, [4, 5]),
            new ComputeNode(DType.F32, OpCode.Sqrt, [6]),
            new ConstantNode(DType.F32, 0.01),
            new ComputeNode(DType.F32, OpCode.Add, [7, 8]),
            new ComputeNode(DType.F32, OpCode.Div, [0, 9]),
            new ComputeNode(DType.F32, OpCode.Sub, [1, 10]),
        ],
        [new Store(4, [Stride.Of(10), Stride.Of(11), Stride.One], 6), new Store(5, [Stride.Of(10), Stride.Of(11), Stride.One], 11)])
    {
        Rows = rows,
        Plan = ProductPlan.Default with { BesideCost = cost },
    };
}
