using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

public sealed class ColumnKernelTests
{
    public static TheoryData<long, long, long> Sizes { get; } = new()
    {
        { 1, 1, 1 }, { 2, 3, 15 }, { 1, 0, 20 }, { 3, 7, 16 }, { 1, 128, 64 }, { 2, 129, 65 }, { 1, 300, 130 }, { 4, 5, 63 }, { 1, 1000, 33 },
    };

    /// <summary>The gradients of a norm's weight and bias: two sums over rows, one of them of a product.</summary>
    [Theory]
    [MemberData(nameof(Sizes))]
    public void Sums_over_rows(long outer, long rows, long columns)
    {
        Stride[] full = [Stride.Of(3), Stride.Of(2), Stride.One];
        var kernel = new ColumnKernel(
            [new(DType.F32, false), new(DType.F32, false), new(DType.F32, true), new(DType.F32, true)], 4, 3,
            [
                new LoadNode(DType.F32, 0, [.. full]),
                new LoadNode(DType.F32, 1, [Stride.Zero, Stride.One, Stride.Zero]),
                new ComputeNode(DType.F32, OpCode.Mul, [0, 1]),
                new ReducedNode(DType.F32, 0, 0),
                new ReducedNode(DType.F32, 0, 1),
                new ConstantNode(DType.F32, 0.5),
                new ComputeNode(DType.F32, OpCode.Mul, [4, 5]),
            ],
            [new Reduction(OpCode.Sum, 2), new Reduction(OpCode.ReduceMax, 0)],
            [new Store(2, [Stride.Of(2), Stride.Zero, Stride.One], 3), new Store(3, [Stride.Of(2), Stride.Zero, Stride.One], 6)]);
        Agreement.Check(
            kernel,
            [
                new Block(DType.F32, outer * rows * columns).Fill(Agreement.Fraction), new Block(DType.F32, rows).Fill(Agreement.Value),
                new Block(DType.F32, outer * columns).Fill(_ => 0), new Block(DType.F32, outer * columns).Fill(_ => 0),
            ],
            [outer, rows, columns, rows * columns], outer * ((columns + 63) / 64), 1e-4);
    }

    [Theory]
    [InlineData(DType.F64, 1e-14)]
    [InlineData(DType.BF16, 1e-2)]
    [InlineData(DType.I32, 0)]
    [InlineData(DType.I64, 0)]
    public void Sums_of_other_types(DType type, double tolerance)
    {
        var kernel = new ColumnKernel(
            [new(type, false), new(type, true)], 2, 2,
            [new LoadNode(type, 0, [Stride.Of(1), Stride.One]), new ReducedNode(type, 0, 0)],
            [new Reduction(OpCode.Sum, 0)], [new Store(1, [Stride.Zero, Stride.One], 1)]);
        Agreement.Check(kernel, [new Block(type, 50 * 77).Fill(Agreement.Value), new Block(type, 77).Fill(_ => 0)], [50, 77], 2, tolerance);
    }
}
