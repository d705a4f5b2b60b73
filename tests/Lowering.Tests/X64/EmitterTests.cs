using Unified.Ir;
using Unified.Lowering.Loops;
using Unified.Lowering.Targets.X64;
using Unified.Native;

namespace Unified.Lowering.Tests.X64;

public sealed class EmitterTests
{
    private static LoopKernel[] Kernels { get; } =
    [
        new ScatterKernel(DType.F32, DType.I64),
        new PackKernel(DType.F32, 1, MatrixOrder.KInner),
        ContractionTests.Plain(DType.F32, 1, MatrixOrder.KInner),
        new RowKernel(
            [new(DType.F32, false), new(DType.F32, true)], 1, 1, [new LoadNode(DType.F32, 0, [Stride.One]), new ComputeNode(DType.F32, OpCode.Sin, [0])],
            [new Stage([], [new Store(1, [Stride.One], 1)])]),
    ];

    [Fact]
    public void Equal_kernels_give_equal_bytes_on_every_thread()
    {
        var emitter = X64Emitter.ForHost();
        var expected = Kernels.Select(k => emitter.Emit(k, "kernel")).ToArray();
        Parallel.For(0, 12, i => Assert.Equal(expected[i % Kernels.Length], emitter.Emit(Kernels[i % Kernels.Length], "kernel")));
    }

    [Fact]
    public void The_target_names_the_machine()
    {
        Assert.StartsWith("x86-64-v4/", new X64Emitter(TargetCpu.X64V4).Target, StringComparison.Ordinal);
        var e = Assert.Throws<NotSupportedException>(() => new X64Emitter(TargetCpu.Parse("sm_90")));
        Assert.Contains("'sm_90' is none", e.Message, StringComparison.Ordinal);
    }

    /// <summary>All 24 sums in registers, two multiply-adds per row and step, and no stack in between.</summary>
    [Fact]
    public void The_matrix_product_keeps_its_sums_in_registers()
    {
        var assembly = new X64Emitter(TargetCpu.X64V4).EmitText(ContractionTests.Plain(DType.F32, 0, MatrixOrder.KOuter), "gemm");
        string[] lines = [.. assembly.Split('\n').Select(l => l.Trim())];
        var best = 0;
        for (int i = 0, run = 0; i < lines.Length; i++)
        {
            run = lines[i].StartsWith("vfmadd", StringComparison.Ordinal) ? run + 1 : lines[i].Contains("(%rsp)", StringComparison.Ordinal) || lines[i].StartsWith('j') ? 0 : run;
            best = Math.Max(best, run);
        }

        Assert.True(best >= 96, $"only {best} multiply-adds in a row without the stack or a jump");
    }
}
