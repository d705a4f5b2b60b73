using Unified.Ir;
using Unified.Lowering.Loops;
using static Unified.Lowering.Tests.Schedule.ScheduleCheck;

namespace Unified.Lowering.Tests.X64;

/// <summary>Products with numbers of 4 and 8 bits that are scaled by groups, on every target.</summary>
public class ScaledProductTests
{
    /// <summary>Rows of every height of tile, columns that end in a panel, groups that are no multiple of what the loop does at once.</summary>
    [Theory]
    [InlineData(1, 1, 33, 12, 4)]
    [InlineData(2, 1, 33, 24, 8)]
    [InlineData(2, 2, 160, 64, 32)]
    [InlineData(1, 3, 70, 45, 9)]
    [InlineData(2, 4, 130, 48, 24)]
    [InlineData(2, 7, 64, 128, 128)]
    [InlineData(1, 12, 40, 32, 16)]
    [InlineData(2, 29, 300, 24, 8)]
    [InlineData(2, 2, 305, 40, 8)]
    public void Rows_times_numbers_times_scales(int perByte, long m, long n, long k, long length)
    {
        var (type, group) = perByte == 2 ? (DType.U8, 4) : (DType.I8, 1);
        long bytes = k / perByte, groups = k / length, panels = (n + Tile.Columns - 1) / Tile.Columns;
        using var a = new Block(DType.F32, m * k).Fill(Agreement.Fraction);
        using var b = new Block(type, n * bytes).Fill(i => perByte == 2 ? i * 37 % 256 : (i * 37 % 255) - 127);
        using var scale = new Block(DType.F32, n * groups).Fill(i => Agreement.Fraction(i + 5) / 8);
        var kernel = new ContractionKernel(
            [new(DType.F32, false), new(type, false), new(DType.F32, false), new(DType.F32, true)], 9, DType.F32, 0, MatrixOrder.KInner,
            [new AccumulatorNode(DType.F32)], [new Store(3, [Stride.Of(8), Stride.One], 0)])
        {
            Scaled = new ScaledGroups(perByte),
            Group = group,
        };
        Assert.Empty(LoopVerifier.Problems(kernel));
        foreach (var target in KernelRunner.Targets)
        {
            using var packed = new Block(type, (panels * Tile.Columns * bytes) + (perByte == 2 ? ScaledGroups.ReadBeyond : 0));
            using var scales = new Block(DType.F32, panels * Tile.Columns * groups);
            using var c = new Block(DType.F32, m * n).Fill(_ => 0);
            _ = KernelRunner.Run(new PackKernel(type, 0, MatrixOrder.KInner) { Group = group }, [b, packed], [bytes, n, 1, bytes], panels, 2, target: target.Data);
            _ = KernelRunner.Run(new PackKernel(DType.F32, 0, MatrixOrder.KInner), [scale, scales], [groups, n, 1, groups], panels, 2, target: target.Data);
            _ = KernelRunner.Run(
                kernel with { Rows = m <= Tile.FewRows ? RowCount.Few : RowCount.Any }, [a, packed, scales, c], [m, n, k, 24, 160, k, 1, length, n], (m + 23) / 24 * ((n + 159) / 160), 2, Tile.ScratchBytes(24, k, DType.F32).Value, target.Data);
            for (var i = 0L; i < m * n; i++)
            {
                var (row, column) = (i / n, i % n);
                double sum = 0, size = 1;
                for (var d = 0L; d < k; d++)
                {
                    var held = b[(column * bytes) + (d / perByte)];
                    var number = perByte == 1 ? held : (((int)held >> (int)(4 * (d % 2))) & 15) - 8;
                    var term = a[(row * k) + d] * number * scale[(column * groups) + (d / length)];
                    (sum, size) = (sum + term, size + Math.Abs(term));
                }

                Assert.True(Math.Abs(sum - c[i]) <= 1e-6 * size, $"{target.Data}: element {i} is {c[i]}, not {sum}");
            }
        }
    }

    [Theory]
    [InlineData(DType.U8, 8)]
    [InlineData(DType.I8, 16)]
    public void A_graph_reads_the_numbers_as_they_are(DType type, int bytes)
    {
        var module = Module([F32(B, 3, 16), new TensorType(type, Shape.From(40, bytes)), F32(40, 2), F32(40)], (b, x) =>
            [b.Apply(OpCode.Gelu, b.Apply(OpCode.QuantizedMatMul, x[0], x[1], x[2]) + x[3])]);
        (long, long)[] sizes = [(1, 1), (9, 1)];
        var scheduled = Check(module, sizes);
        var kernel = Assert.Single(scheduled.Kernels.OfType<ContractionKernel>());
        Assert.Equal(type, kernel.RightType);
        Assert.NotNull(kernel.Scaled);
        Assert.All(scheduled.Kernels, k => Assert.True(k is ContractionKernel or PackKernel, LoopText.Print(k)));
        CheckNative(module, sizes);
    }

    [Fact]
    public void A_product_of_bytes_in_i32_reads_them_as_bytes()
    {
        var module = Module([new TensorType(DType.U8, Shape.From(B, 3, 10)), new TensorType(DType.I8, Shape.From(40, 10)), F32(40)], (b, x) =>
            [b.Cast(b.MatMul(b.Cast(x[0], DType.I32), b.Cast(x[1], DType.I32), transposeB: true), DType.F32) * x[2]]);
        (long, long)[] sizes = [(1, 1), (9, 1)];
        var kernel = Assert.Single(Check(module, sizes).Kernels.OfType<ContractionKernel>());
        Assert.Equal((DType.U8, DType.I8, 4), (kernel.Type, kernel.RightType, kernel.Group));
        CheckNative(module, sizes);
    }
}
