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

    private static double Value(DType type, long i) => type.IsFloat() ? Agreement.Fraction(i) : Agreement.Value(i);
}
