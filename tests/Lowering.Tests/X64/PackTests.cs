using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

/// <summary>Packed right operands, element by element as <see cref="PackKernel"/> says, however units are cut and wherever the panels are written.</summary>
public sealed class PackTests
{
    private const long Batches = 2;

    /// <summary>Columns that end within a panel, within four panels and with them; pieces that begin within four panels.</summary>
    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.F64)]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    [InlineData(DType.I8)]
    public void Panels_hold_columns_side_by_side(DType type) => Check(type, type, Tile.GroupOf(type, type));

    [Fact]
    public void Pairs_of_bf16_are_rounded_as_they_are_packed() => Check(DType.F32, DType.BF16, 2);

    [Fact]
    public void Numbers_of_16_bits_are_widened_as_they_are_packed() => Check(DType.F16, DType.F32, 1);

    private static void Check(DType from, DType type, int group)
    {
        foreach (var order in Enum.GetValues<MatrixOrder>())
        {
            foreach (var (n, k) in ((long, long)[])[(5, 7), (128, 17), (150, 33), (300, 16)])
            {
                var (columnStride, depthStride) = order switch { MatrixOrder.KInner => (k, 1L), MatrixOrder.KOuter => (1L, n), _ => (2L, 2 * n) };
                using var b = new Block(from, Batches * 2 * n * k).Fill(i => ((i * 37) % 101) - 50);
                var panels = (n + Tile.Columns - 1) / Tile.Columns;
                var depth = (k + group - 1) / group * group;
                var expected = new double[Batches * panels * depth * Tile.Columns];
                for (var batch = 0L; batch < Batches; batch++)
                {
                    for (var column = 0L; column < n; column++)
                    {
                        for (var row = 0L; row < k; row++)
                        {
                            var inPanel = (((row / group * Tile.Columns) + (column % Tile.Columns)) * group) + (row % group);
                            expected[(((batch * panels) + (column / Tile.Columns)) * depth * Tile.Columns) + inPanel] = b[(batch * 2 * n * k) + (column * columnStride) + (row * depthStride)];
                        }
                    }
                }

                foreach (var target in KernelRunner.Targets)
                {
                    foreach (var (streamed, ahead) in ((int, int)[])[(0, 8), (int.MaxValue, 0)])
                    {
                        var kernel = new PackKernel(type, 1, order, From: from == type ? null : from) { Group = group, Plan = new PackPlan(streamed, ahead) };
                        foreach (var grain in (long[])[1, 3, 4, long.MaxValue])
                        {
                            using var packed = new Block(type, expected.Length);
                            Assert.Equal(0, KernelRunner.Run(kernel, [b, packed], [Batches, k, n, 2 * n * k, depthStride, columnStride], Batches * panels, grain, target: target.Data));
                            Assert.Equal(expected, packed.ToArray());
                        }
                    }
                }
            }
        }
    }
}
