using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Targets.X64;
using Unified.Native;

namespace Unified.Lowering.Tests.X64;

/// <summary>Up to four rows, which are multiplied with several panels at once and read where they lie.</summary>
public sealed class FewRowsTests
{
    /// <summary>Whatever is known of the rows, the bits are those of the tiles of many; columns that end within a group of panels.</summary>
    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.F64)]
    [InlineData(DType.I32)]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void What_is_known_of_the_rows_changes_no_bit(DType type)
    {
        const long N = 170, Columns = 160;
        var group = Tile.GroupOf(type, type);
        foreach (var (order, k) in ((MatrixOrder, long)[])[(MatrixOrder.KInner, 38), (MatrixOrder.KInner, 37), (MatrixOrder.KOuter, 38)])
        {
            using var b = new Block(type, N * k).Fill(i => Value(type, i + 31));
            for (var m = 1L; m <= Tile.FewRows; m++)
            {
                using var a = new Block(type, m * k).Fill(i => Value(type, i));
                var (strideM, strideK) = order == MatrixOrder.KInner ? (k, 1L) : (1L, m);
                foreach (var target in KernelRunner.Targets)
                {
                    using var packed = ContractionTests.Pack(type, MatrixOrder.KInner, b, [], [], k, N, 1, k, target.Data);
                    Block Product(RowCount rows, int panels)
                    {
                        var kernel = ContractionTests.Plain(type, 0, order) with
                        {
                            Rows = rows,
                            HasWholeGroups = group > 1 && k % group == 0,
                            Plan = ProductPlan.Default with { LowPanels = panels },
                        };
                        Assert.Empty(LoopVerifier.Problems(kernel));
                        var c = new Block(type, m * N).Fill(_ => 0);
                        _ = KernelRunner.Run(
                            kernel, [a, packed, c], [m, N, k, 24, Columns, strideM, strideK, N, 1], (N + Columns - 1) / Columns, 1, ContractionTests.Scratch(24, k, type), target.Data);
                        return c;
                    }

                    using var many = Product(RowCount.Many, 4);
                    Assert.NotEqual(0, many[(m * N) - 1]);
                    foreach (var (rows, panels) in ((RowCount, int)[])[(RowCount.Few, 4), (RowCount.Any, 4), (RowCount.Few, 2), (RowCount.Few, 1)])
                    {
                        using var few = Product(rows, panels);
                        for (var i = 0L; i < m * N; i++)
                        {
                            Assert.True(many[i].Equals(few[i]), $"{target.Data}, {order}, {rows}, {panels} panels, {m} rows, k {k}: element {i} is {few[i]}, not {many[i]}");
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void One_row_asks_for_its_panels()
    {
        var kernel = ContractionTests.Plain(DType.BF16, 0, MatrixOrder.KInner) with { Rows = RowCount.Few, HasWholeGroups = true };
        static int Asked(ContractionKernel kernel) => new X64Emitter(TargetCpu.Parse($"{TargetCpu.X64V4}+avx512bf16")).EmitText(kernel, "few").Split("prefetch").Length - 1;
        Assert.NotEqual(0, Asked(kernel));
        Assert.Equal(0, Asked(kernel with { Plan = kernel.Plan with { OneRowAhead = 0 } }));
    }

    /// <summary>Pairs along k are taken apart, the upper half by a mask alone; numbers packed one by one are widened by two instructions each. The bits are the same, of few rows and of many.</summary>
    [Fact]
    public void Weights_of_16_bits_are_widened_in_pairs()
    {
        static ContractionKernel Kernel(int group, RowCount rows) => new(
            [new(DType.F32, false), new(DType.BF16, false), new(DType.F32, true)], 9, DType.F32, 0, MatrixOrder.KInner,
            [new AccumulatorNode(DType.F32)], [new Store(2, [Stride.Of(7), Stride.One], 0)])
        { Group = group, Rows = rows };
        var pairs = Tile.GroupOf(DType.F32, DType.BF16);
        Assert.Equal(2, pairs);
        static int Widened(int group) => new X64Emitter(TargetCpu.X64V4).EmitText(Kernel(group, RowCount.Few), "few").Split("vpmovzxwd").Length - 1;
        Assert.NotEqual(0, Widened(1));
        Assert.Equal(0, Widened(pairs));

        const long N = 170, Columns = 160, Panels = (N + Tile.Columns - 1) / Tile.Columns;
        foreach (var (m, k) in from m in (long[])[1, 2, 3, 4, 14] from k in (long[])[1, 37, 38, 40] select (m, k))
        {
            using var a = new Block(DType.F32, m * k).Fill(Agreement.Fraction);
            using var b = new Block(DType.BF16, N * k).Fill(i => Agreement.Fraction(i + 31));
            foreach (var target in KernelRunner.Targets)
            {
                Block Product(int group, RowCount rows)
                {
                    using var packed = new Block(DType.BF16, Panels * Tile.Columns * ((k + group - 1) / group * group));
                    _ = KernelRunner.Run(new PackKernel(DType.BF16, 0, MatrixOrder.KInner) { Group = group }, [b, packed], [k, N, 1, k], Panels, 2, target: target.Data);
                    var kernel = Kernel(group, rows);
                    Assert.Empty(LoopVerifier.Problems(kernel));
                    var c = new Block(DType.F32, m * N).Fill(_ => 0);
                    _ = KernelRunner.Run(kernel, [a, packed, c], [m, N, k, 24, Columns, k, 1, N, 1], (N + Columns - 1) / Columns, 1, ContractionTests.Scratch(24, k, DType.F32), target.Data);
                    return c;
                }

                using var single = Product(1, RowCount.Many);
                Assert.NotEqual(0, single[(m * N) - 1]);
                foreach (var rows in m <= Tile.FewRows ? (RowCount[])[RowCount.Few, RowCount.Any, RowCount.Many] : [RowCount.Any, RowCount.Many])
                {
                    using var paired = Product(pairs, rows);
                    for (var i = 0L; i < m * N; i++)
                    {
                        Assert.True(single[i].Equals(paired[i]), $"{target.Data}, {rows}, {m} rows, k {k}: element {i} is {paired[i]}, not {single[i]}");
                    }
                }
            }
        }
    }

    private static double Value(DType type, long i) => type.IsFloat() ? Agreement.Fraction(i) : Agreement.Value(i);
}
