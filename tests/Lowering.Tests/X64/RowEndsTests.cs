using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Targets.X64;
using Unified.Native;

namespace Unified.Lowering.Tests.X64;

public sealed class RowEndsTests
{
    private static readonly Stride s_row = Stride.Of(2);

    // ln Σ e^(x − the highest x), as a cross-entropy has it.
    private static readonly RowKernel s_logs = new(
        [new(DType.F32, false), new(DType.F32, true)], 3, 2,
        [
            new LoadNode(DType.F32, 0, [s_row, Stride.One]),
            new ReducedNode(DType.F32, 0, 0),
            new ComputeNode(DType.F32, OpCode.Sub, [0, 1]),
            new ConstantNode(DType.F32, 1 / Math.Log(2)),
            new ComputeNode(DType.F32, OpCode.Mul, [2, 3]),
            new ComputeNode(DType.F32, OpCode.Exp2, [4]),
            new ReducedNode(DType.F32, 1, 0),
            new ComputeNode(DType.F32, OpCode.Log, [6]),
            new ComputeNode(DType.F32, OpCode.Add, [1, 7]),
        ],
        [
            new Stage([new Reduction(OpCode.ReduceMax, 0)], []),
            new Stage([new Reduction(OpCode.Sum, 5)], []),
            new Stage([], [new Store(1, [Stride.One, Stride.Zero], 7)]),
        ]);

    [Fact]
    public void Rows_have_the_same_bits_however_they_are_divided()
    {
        const int N = 37;
        var sums = s_logs with { Stages = s_logs.Stages.SetItem(2, new Stage([], [new Store(1, [Stride.One, Stride.Zero], 8)])) };
        foreach (var target in KernelRunner.Targets)
        {
            for (var rows = 1; rows <= 53; rows += 13)
            {
                double[] Run(long grain)
                {
                    using Block x = new Block(DType.F32, rows * N).Fill(i => Agreement.Fraction(i) * 10), y = new(DType.F32, rows);
                    _ = KernelRunner.Run(sums, [x, y], [rows, N, N], rows, grain, sums.ScratchBytes(N).Value, target.Data);
                    return y.ToArray();
                }

                var alone = Run(1);
                for (var row = 0; row < rows; row++)
                {
                    Assert.Equal(Math.Log(Enumerable.Range(row * N, N).Sum(i => Math.Exp((float)(Agreement.Fraction(i) * 10)))), alone[row], 1e-5);
                }

                foreach (var grain in (long[])[2, 3, 15, 16, 18, 33, long.MaxValue])
                {
                    Assert.Equal(alone, Run(grain));
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    [InlineData(88)]
    [InlineData(-3000.7f)]
    [InlineData(1e6f)]
    [InlineData(-3e8f)]
    [InlineData(1.4e9f)]
    [InlineData(1.5e9f)]
    [InlineData(-4e9f)]
    [InlineData(1e30f)]
    [InlineData(float.MinValue)]
    public void Sums_of_powers_are_as_exact_wherever_their_largest_lies(float largest)
    {
        const int Rows = 3, N = 1000;
        float At(long i) => (float)(largest - ((i % N) * (i / N + 1) * 0.03));
        foreach (var target in KernelRunner.Targets)
        {
            using Block x = new Block(DType.F32, Rows * N).Fill(i => At(i)), y = new(DType.F32, Rows);
            _ = KernelRunner.Run(s_logs, [x, y], [Rows, N, N], Rows, scratch: s_logs.ScratchBytes(N).Value, target: target.Data);
            foreach (var (row, log) in y.ToArray().Index())
            {
                Assert.Equal(Math.Log(Enumerable.Range(row * N, N).Sum(i => Math.Exp((double)At(i) - largest))), log, 2e-6);
            }
        }
    }

    [Fact]
    public void Infinities_and_NaN_stay_in_their_rows()
    {
        const int Rows = 40, N = 20;
        const double High = double.PositiveInfinity;
        double[] first = [-High, High, double.NaN, 0];
        foreach (var target in KernelRunner.Targets)
        {
            using Block x = new Block(DType.F32, Rows * N).Fill(i => i / N % 5 == 4 || i % N == 3 ? first[i / N % 4] : i / N % 4 == 0 ? -High : 0), y = new(DType.F32, Rows);
            _ = KernelRunner.Run(s_logs, [x, y], [Rows, N, N], Rows, scratch: s_logs.ScratchBytes(N).Value, target: target.Data);
            Assert.All(y.ToArray().Index(), row => Assert.Equal(row.Index % 4 == 3 ? Math.Log(N) : double.NaN, row.Item, 1e-5));
        }
    }

    [Fact]
    public void Logarithms_of_sixteen_rows_are_one_vector_and_powers_lack_a_subtraction()
    {
        var text = new X64Emitter(TargetCpu.X64V4).EmitText(s_logs, "logs");
        Assert.Contains("vcvtdq2ps", text, StringComparison.Ordinal);
        Assert.DoesNotContain("vcvtsi2ss", text, StringComparison.Ordinal);
        var loop = Assert.Single(text.Split("\n.LBB"), l => l.Contains("vscalefps", StringComparison.Ordinal) && l.Contains("vmaxps", StringComparison.Ordinal) && l.Contains("vreduceps", StringComparison.Ordinal) && l.Contains("\tjl\t", StringComparison.Ordinal));
        Assert.DoesNotContain("vsubps", loop, StringComparison.Ordinal);

        // What something else needs as well stays as it is.
        var shares = s_logs with { Nodes = s_logs.Nodes.Add(new ComputeNode(DType.F32, OpCode.Div, [5, 6])), Buffers = s_logs.Buffers.Add(new(DType.F32, true)) };
        shares = shares with { Stages = shares.Stages.SetItem(2, new Stage([], [new Store(2, [s_row, Stride.One], 9)])) };
        Assert.Contains("vsubps", new X64Emitter(TargetCpu.X64V4).EmitText(shares, "shares"), StringComparison.Ordinal);
    }
}
