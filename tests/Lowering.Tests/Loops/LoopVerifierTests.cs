using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.Loops;

public sealed class LoopVerifierTests
{
    private static readonly RowKernel Sum = new(
        [new(DType.F32, false), new(DType.F32, true)], 3, 2,
        [new LoadNode(DType.F32, 0, [Stride.Of(2), Stride.One]), new ReducedNode(DType.F32, 0, 0), new ComputeNode(DType.F32, OpCode.Add, [0, 1])],
        [new Stage([new Reduction(OpCode.Sum, 0)], []), new Stage([], [new Store(1, [Stride.Of(2), Stride.One], 2)])]);

    public static TheoryData<string, LoopKernel> Broken { get; } = new()
    {
        { "not finished", Sum with { Stages = [new Stage([new Reduction(OpCode.Sum, 2)], []), Sum.Stages[1]] } },
        { "not written", Sum with { Stages = [Sum.Stages[0], new Stage([], [new Store(0, [Stride.One, Stride.One], 2)])] } },
        { "strides", Sum with { Nodes = Sum.Nodes.SetItem(0, new LoadNode(DType.F32, 0, [Stride.One])) } },
        { "strides", Sum with { Nodes = Sum.Nodes.SetItem(0, new LoadNode(DType.F32, 0, [Stride.Of(3), Stride.One])) } },
        { "come before", Sum with { Nodes = Sum.Nodes.SetItem(2, new ComputeNode(DType.F32, OpCode.Add, [0, 2])) } },
        { "another type", Sum with { Buffers = [new(DType.F64, false), Sum.Buffers[1]] } },
        { "a store of", Sum with { Buffers = [Sum.Buffers[0], new(DType.F64, true)] } },
        { "folds with", Sum with { Stages = [new Stage([new Reduction(OpCode.Mul, 0)], []), Sum.Stages[1]] } },
        { "out of range", Sum with { Nodes = Sum.Nodes.SetItem(2, new IndexNode(2)) } },
        { "axes", Sum with { Axes = 4 } },
        { "written by the plan unroll 3 ", Sum with { Plan = RowPlan.Default with { Unroll = 3 } } },
        { "written by the plan block 24 ", new ColumnKernel([], 2, 2, [], [], []) { Plan = ColumnPlan.Default with { Block = 24 } } },
        { "written by the plan block 0", new ScatterKernel(DType.F32, DType.I32) { Block = 0 } },
        { "low 3 ", new ContractionKernel(Sum.Buffers, 8, DType.F32, 0, MatrixOrder.KInner, [], []) { Plan = ProductPlan.Default with { LowPanels = 3 } } },
        { "whole groups of 1", new ContractionKernel(Sum.Buffers, 8, DType.F32, 0, MatrixOrder.KInner, [], []) { HasWholeGroups = true } },
        { "written by the plan keys 48 ", new AttentionKernel(1, false, 0, MatrixOrder.KInner) { Plan = AttentionPlan.Default with { KeyBlock = 48 } } },
        { "written by the plan keys 128 rows 16 ", new AttentionKernel(1, false, 0, MatrixOrder.KInner) { Plan = AttentionPlan.Default with { QueryRows = 16 } } },
        { "written by the plan keys 24", new DecodeAttentionKernel(1, 0, false, 0) { Plan = new DecodeAttentionPlan(24) } },
        { "written by the plan rows 16 ", new AttentionGradientKernel(1, false, 0, MatrixOrder.KInner, MatrixOrder.KInner, MatrixOrder.KInner, MatrixOrder.KInner) { Plan = AttentionGradientPlan.Default with { Rows = 16 } } },
    };

    [Fact]
    public void A_legal_kernel_has_no_problems() => Assert.Empty(LoopVerifier.Problems(Sum));

    [Theory]
    [MemberData(nameof(Broken))]
    public void Broken_rules_are_named(string words, LoopKernel kernel) =>
        Assert.Contains(words, Assert.Throws<InvalidOperationException>(() => LoopVerifier.Check(kernel)).Message, StringComparison.Ordinal);

    [Fact]
    public void Text_tells_kernels_apart()
    {
        Assert.Equal(
            """
            rows axes 2 parameters 3
            buffers b0: F32, b1: out F32
            plan unroll 4 ahead 1 streamed 33554432 remembered 65536 cost 8
              %0 = F32 load b0[p2 1]
              %1 = F32 reduced 0.0
              %2 = F32 Add %0 %1
            stage
              fold Sum %0
            stage
              store b1[p2 1] %2

            """,
            LoopText.Print(Sum));
        LoopKernel[] kernels =
        [
            Sum, Sum with { ParameterCount = 4 }, Sum with { Buffers = [new(DType.F16, false), Sum.Buffers[1]] }, Sum with { Stages = [Sum.Stages[0]] },
            new ColumnKernel(Sum.Buffers, 3, 2, Sum.Nodes, [new(OpCode.Sum, 0)], []), new ColumnKernel(Sum.Buffers, 3, 2, Sum.Nodes, [new(OpCode.ReduceMax, 0)], []),
            new PackKernel(DType.F32, 0, MatrixOrder.KInner), new PackKernel(DType.F32, 0, MatrixOrder.KOuter), new PackKernel(DType.F32, 1, MatrixOrder.KOuter),
            new ContractionKernel(Sum.Buffers, 8, DType.F32, 0, MatrixOrder.KInner, [], []), new ContractionKernel(Sum.Buffers, 8, DType.F32, 0, MatrixOrder.Strided, [], []),
            new ContractionKernel(Sum.Buffers, 8, DType.F32, 0, MatrixOrder.KInner, [], []) { Rows = RowCount.Few },
            new ContractionKernel(Sum.Buffers, 8, DType.F32, 0, MatrixOrder.KInner, [], []) { Rows = RowCount.Many },
            new ContractionKernel(Sum.Buffers, 8, DType.BF16, 0, MatrixOrder.KInner, [], []) { Group = 2 },
            new ContractionKernel(Sum.Buffers, 8, DType.BF16, 0, MatrixOrder.KInner, [], []) { Group = 2, HasWholeGroups = true },
            Sum with { Plan = RowPlan.Default with { StreamedBytes = 1 } }, new ScatterKernel(DType.F32, DType.I32) { Block = 16 },
            new ScatterKernel(DType.F32, DType.I32), new ScatterKernel(DType.F32, DType.I64),
            Sum with { Nodes = Sum.Nodes.SetItem(1, new ConstantNode(DType.F32, 0.0)) }, Sum with { Nodes = Sum.Nodes.SetItem(1, new ConstantNode(DType.F32, -0.0)) },
        ];
        Assert.Equal(kernels.Length, kernels.Select(LoopText.Print).Distinct().Count());
    }
}
