using Unified.Ir;
using Unified.Lowering.Loops;

namespace Unified.Lowering.Tests.X64;

public sealed class IndexingTests
{
    private const long Rows = 9;
    private const long Table = 6;

    public static TheoryData<long, DType, DType> Gathers { get; } = new()
    {
        { 1, DType.F32, DType.I64 }, { 20, DType.F32, DType.I64 }, { 64, DType.F32, DType.I32 }, { 33, DType.BF16, DType.I32 }, { 17, DType.F64, DType.I64 },
    };

    /// <summary>An embedding: the index is constant along the row.</summary>
    [Theory]
    [MemberData(nameof(Gathers))]
    public void Rows_of_a_table(long width, DType type, DType indexType)
    {
        var kernel = new RowKernel(
            [new(indexType, false), new(type, false), new(type, true)], 3, 2,
            [
                new LoadNode(indexType, 0, [Stride.One, Stride.Zero]),
                new GatherNode(type, 1, [Stride.Zero, Stride.One], 0, Stride.Of(1), 2),
            ],
            [new Stage([], [new Store(2, [Stride.Of(1), Stride.One], 1)])]);
        foreach (long bad in (long[])[-1, 4])
        {
            Agreement.Check(
                kernel,
                [
                    new Block(indexType, Rows).Fill(i => i == bad ? Table : (i % (2 * Table)) - Table), new Block(type, Table * width).Fill(Agreement.Value),
                    new Block(type, Rows * width).Fill(_ => 0),
                ],
                [Rows, width, Table], Rows, 0, bad < 0 ? 0 : 1);
        }
    }

    /// <summary>The index changes from lane to lane.</summary>
    [Theory]
    [InlineData(1, -1)]
    [InlineData(16, -1)]
    [InlineData(37, -1)]
    [InlineData(37, 36)]
    [InlineData(37, 3)]
    public void Elements_of_a_table(long count, long bad)
    {
        var kernel = new RowKernel(
            [new(DType.I64, false), new(DType.F32, false), new(DType.F32, true)], 3, 1,
            [
                new LoadNode(DType.I64, 0, [Stride.One]),
                new GatherNode(DType.F32, 1, [Stride.Zero], 0, Stride.Of(2), 1),
            ],
            [new Stage([], [new Store(2, [Stride.One], 1)])]);
        Agreement.Check(
            kernel,
            [
                new Block(DType.I64, count).Fill(i => i == bad ? -Table - 1 : (i % (2 * Table)) - Table), new Block(DType.F32, Table * 2).Fill(Agreement.Value),
                new Block(DType.F32, count).Fill(_ => 0),
            ],
            [count, Table, 2], count, 0, bad < 0 ? 0 : 1);
    }

    [Theory]
    [InlineData(1, DType.F32, DType.I64)]
    [InlineData(64, DType.F32, DType.I32)]
    [InlineData(100, DType.F32, DType.I64)]
    [InlineData(70, DType.F64, DType.I32)]
    [InlineData(70, DType.I32, DType.I32)]
    public void Rows_added_to_a_table(long columns, DType type, DType indexType)
    {
        foreach (long bad in (long[])[-1, 2])
        {
            Agreement.Check(
                new ScatterKernel(type, indexType),
                [
                    new Block(indexType, Rows).Fill(i => i == bad ? -100 : (i * 5 % Table) - (i % 2 * Table)), new Block(type, Rows * columns).Fill(Agreement.Value),
                    new Block(type, Table * columns).Fill(_ => 7),
                ],
                [Rows, columns, Table, 1, columns, columns], (columns + 63) / 64, 0, bad < 0 ? 0 : 1);
        }
    }

    [Fact]
    public void An_empty_table_is_not_read()
    {
        Agreement.Check(
            new ScatterKernel(DType.F32, DType.I64),
            [new Block(DType.I64, 1).Fill(_ => 0), new Block(DType.F32, 4).Fill(_ => 1), new Block(DType.F32, 0)], [1, 4, 0, 1, 4, 4], 1, 0, 1);
    }
}
