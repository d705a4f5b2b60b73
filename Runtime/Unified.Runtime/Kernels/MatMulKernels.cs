using System.Collections.Immutable;
using System.Numerics;
using System.Numerics.Tensors;
using Unified.Ir;

namespace Unified;

/// <summary>MatMul and Linear on <see cref="Gemm"/>; transposes cost nothing, batches broadcast. Integers wrap.</summary>
internal static unsafe class MatMulKernels
{
    private delegate void Product(int rows, int columns, int depth, byte* a, long aRow, long aColumn, byte* b, long bRow, long bColumn, byte* c);

    private static readonly Product?[] Products =
    [
        null, Integers<byte>, Integers<sbyte>, Integers<short>, Integers<int>, Integers<long>, null, null, Floats<float>, Floats<double>,
    ];

    public static ImmutableArray<KernelRow> Rows { get; } =
    [
        new(OpCode.MatMul, HalfPrecision.Lift(static (x, a) => MatMul(x[0], x[1], a.Bool("transposeA"), a.Bool("transposeB")))),
        new(OpCode.Linear, HalfPrecision.Lift(Linear)),
    ];

    private static Tensor? MatMul(Tensor x, Tensor y, bool transposeA, bool transposeB)
    {
        if (x.DType != y.DType || Products[(int)x.DType] is not { } product || x.Rank < 2 || y.Rank < 2)
        {
            return null;
        }

        var (aRow, aColumn) = transposeA ? (x.Rank - 1, x.Rank - 2) : (x.Rank - 2, x.Rank - 1);
        var (bRow, bColumn) = transposeB ? (y.Rank - 1, y.Rank - 2) : (y.Rank - 2, y.Rank - 1);
        int rows = x.Dims[aRow], depth = x.Dims[aColumn], columns = y.Dims[bColumn];
        if (y.Dims[bRow] != depth || Strided.Broadcast(x.Dims[..^2], y.Dims[..^2]) is not { } batch)
        {
            return null;
        }

        // One matrix for the whole batch: its rows are rows of a single product.
        if (y.Rank == 2 && x.Rank > 2 && !transposeA && x.Size > 0
            && Strided.Reshape(x.Dims, x.Strides, [(int)(x.Size / depth), depth]) is { } flat)
        {
            using var merged = new Tensor(x, [(int)(x.Size / depth), depth], flat, x.Offset);
            using var single = MatMul(merged, y, false, transposeB)!;
            int[] dims = [.. batch, rows, columns];
            return new Tensor(single, dims, Strided.DenseStrides(dims), 0);
        }

        var result = new Tensor(x.DType, [.. batch, rows, columns]);
        if (result.Size == 0)
        {
            return result;
        }

        Span<long> strides = stackalloc long[batch.Length * 2];
        BatchStrides(x, batch, strides[..batch.Length]);
        BatchStrides(y, batch, strides[batch.Length..]);
        var walk = new StridedWalk(batch, strides, 2);
        walk.LeaveOutInner(0);
        void Each(long begin, long end)
        {
            var bytes = x.DType.Bytes();
            var mine = walk;
            mine.Seek(begin);
            for (var i = begin; i < end; i++)
            {
                product(
                    rows, columns, depth,
                    x.Data + (mine.OffsetOf(0) * bytes), x.Strides[aRow], x.Strides[aColumn],
                    y.Data + (mine.OffsetOf(1) * bytes), y.Strides[bRow], y.Strides[bColumn],
                    result.Data + (i * rows * columns * bytes));
                mine.Next();
            }
        }

        // Few matrices are shared one by one.
        var count = walk.Runs;
        SharedWork.Run(count, count < 2 * SharedWork.Threads || !SharedWork.Pays(count * rows * columns) ? count : 1, Each);
        return result;
    }

    private static Tensor? Linear(ReadOnlySpan<Tensor> operands, Attributes attributes)
    {
        var (x, weight) = (operands[0], operands[1]);
        if (!x.DType.IsFloat() || x.Rank < 2 || weight.Rank != 2)
        {
            return null;
        }

        var bias = operands.Length > 2 ? operands[2] : null;
        if (bias is not null && (bias.DType != x.DType || bias.Rank != 1 || bias.Dims[0] != weight.Dims[0]))
        {
            return null;
        }

        var result = MatMul(x, weight, false, true);
        if (result is null || bias is null)
        {
            return result;
        }

        using (result)
        {
            var loop = KernelTable.Find(OpCode.Add)!;
            return loop([result, bias], Attributes.Empty);
        }
    }

    private static void BatchStrides(Tensor x, int[] batch, Span<long> strides)
    {
        var lead = batch.Length - (x.Rank - 2);
        for (var i = 0; i < batch.Length; i++)
        {
            strides[i] = i < lead || x.Dims[i - lead] == 1 ? 0 : x.Strides[i - lead];
        }
    }

    private static void Floats<T>(int rows, int columns, int depth, byte* a, long aRow, long aColumn, byte* b, long bRow, long bColumn, byte* c)
        where T : unmanaged, INumber<T>
    {
        var left = new MatrixView<T>((nint)a, aRow, aColumn);
        var right = new MatrixView<T>((nint)b, bRow, bColumn);
        if (MatrixVector.Serves(rows, right))
        {
            MatrixVector.Run(columns, depth, left, right, (T*)c);
        }
        else
        {
            Gemm.Run(rows, columns, depth, left, right, (T*)c, columns);
        }
    }

    private static void Integers<T>(int rows, int columns, int depth, byte* a, long aRow, long aColumn, byte* b, long bRow, long bColumn, byte* c)
        where T : unmanaged, INumber<T>
    {
        var left = (T*)a;
        var right = (T*)b;
        var line = new T[columns];
        for (var i = 0; i < rows; i++)
        {
            var target = new Span<T>((T*)c + ((long)i * columns), columns);
            target.Clear();
            for (var k = 0; k < depth; k++)
            {
                for (var j = 0; j < columns; j++)
                {
                    line[j] = right[(k * bRow) + (j * bColumn)];
                }

                TensorPrimitives.MultiplyAdd(line, left[(i * aRow) + (k * aColumn)], target, target);
            }
        }
    }
}
