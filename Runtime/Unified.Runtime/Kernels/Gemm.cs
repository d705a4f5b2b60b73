using System.Numerics.Tensors;

namespace Unified;

/// <summary>A matrix where it lies: element (i, j) is at <c>Data[i·RowStride + j·ColumnStride]</c>.</summary>
internal readonly unsafe record struct MatrixView<T>(nint Address, long RowStride, long ColumnStride)
    where T : unmanaged
{
    public T* Data => (T*)Address;
}

/// <summary>
/// c = a·b in f32 or f64, after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008: a block of b
/// and a block of a are packed for cache, then multiplied tile by tile. Threads share
/// the columns or the rows; every sum runs in one fixed order.
/// </summary>
internal static unsafe class Gemm
{
    // A packed block of a fills half of a second-level cache of 1 MiB, one of b half of a third-level cache of 8.
    private const int DepthBlock = 384;
    private const int RowBlock = 24 * GemmTile.Rows;
    private const int ColumnBlock = 2048;

    // Products of fewer multiplications are done before another thread has woken.
    private const long LeastShared = 1 << 20;

    // Beside so many lines the packing of the other operand is of no account.
    private const int LongPart = 1024;

    /// <summary>Overwrites c, which is dense with the given row stride.</summary>
    public static void Run<T>(int rows, int columns, int depth, MatrixView<T> a, MatrixView<T> b, T* c, long stride)
        where T : unmanaged
    {
        if ((long)rows * columns * depth < LeastShared)
        {
            RunPart(rows, columns, depth, a, b, c, stride);
            return;
        }

        // The other operand, the smaller one, is packed again for each part: there are as few parts as threads, unless they are long.
        var cutsColumns = columns >= rows;
        var lines = cutsColumns ? columns : rows;
        var unit = cutsColumns ? GemmTile.Columns<T>() : GemmTile.Rows;
        var units = (lines + unit - 1) / unit;
        var parts = SharedWork.Threads * Math.Max(1, lines / SharedWork.Threads / LongPart);
        SharedWork.Run(units, (units + parts - 1) / parts, (begin, end) =>
        {
            int start = (int)begin * unit, count = Math.Min(lines, (int)end * unit) - start;
            if (cutsColumns)
            {
                RunPart(rows, count, depth, a, At(b, 0, start), c + start, stride);
            }
            else
            {
                RunPart(count, columns, depth, At(a, start, 0), b, c + (start * stride), stride);
            }
        });
    }

    private static void RunPart<T>(int rows, int columns, int depth, MatrixView<T> a, MatrixView<T> b, T* c, long stride)
        where T : unmanaged
    {
        if (depth == 0)
        {
            for (var i = 0; i < rows; i++)
            {
                new Span<T>(c + (i * stride), columns).Clear();
            }

            return;
        }

        var width = GemmTile.Columns<T>();
        var depthBlock = Math.Min(depth, DepthBlock);
        var columnBlock = Math.Min(RoundUp(columns, width), ColumnBlock);
        var aBytes = (long)Math.Min(RoundUp(rows, GemmTile.Rows), RowBlock) * depthBlock * sizeof(T);
        var bBytes = (long)columnBlock * depthBlock * sizeof(T);
        var aPanel = TensorPool.Rent(aBytes);
        var bPanel = TensorPool.Rent(bBytes);
        for (var column = 0; column < columns; column += columnBlock)
        {
            var n = Math.Min(columnBlock, columns - column);
            for (var k = 0; k < depth; k += depthBlock)
            {
                var kn = Math.Min(depthBlock, depth - k);
                Pack(At(b, k, column).Data, b.ColumnStride, b.RowStride, n, kn, width, (T*)bPanel);
                for (var row = 0; row < rows; row += RowBlock)
                {
                    var m = Math.Min(RowBlock, rows - row);
                    Pack(At(a, row, k).Data, a.RowStride, a.ColumnStride, m, kn, GemmTile.Rows, (T*)aPanel);
                    Multiply(m, n, kn, (T*)aPanel, (T*)bPanel, c + (row * stride) + column, stride, k > 0);
                }
            }
        }

        TensorPool.Return(aPanel, aBytes);
        TensorPool.Return(bPanel, bBytes);
    }

    private static MatrixView<T> At<T>(MatrixView<T> matrix, long row, long column)
        where T : unmanaged =>
        matrix with { Address = (nint)(matrix.Data + (row * matrix.RowStride) + (column * matrix.ColumnStride)) };

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    private static void Multiply<T>(int rows, int columns, int depth, T* a, T* b, T* c, long stride, bool accumulate)
        where T : unmanaged
    {
        var width = GemmTile.Columns<T>();
        var edge = stackalloc T[GemmTile.Rows * width];
        for (var j = 0; j < columns; j += width)
        {
            var panel = b + ((long)j * depth);
            for (var i = 0; i < rows; i += GemmTile.Rows)
            {
                var tile = c + (i * stride) + j;
                int m = Math.Min(GemmTile.Rows, rows - i), n = Math.Min(width, columns - j);
                if (m == GemmTile.Rows && n == width)
                {
                    GemmTile.Run(depth, a + ((long)i * depth), panel, tile, stride, accumulate);
                    continue;
                }

                GemmTile.Run(depth, a + ((long)i * depth), panel, edge, width, accumulate: false);
                for (var r = 0; r < m; r++)
                {
                    CopyEdge(edge + (r * width), tile + (r * stride), n, accumulate);
                }
            }
        }
    }

    private static void CopyEdge<T>(T* edge, T* target, int n, bool accumulate)
        where T : unmanaged
    {
        if (!accumulate)
        {
            new ReadOnlySpan<T>(edge, n).CopyTo(new Span<T>(target, n));
        }
        else if (typeof(T) == typeof(float))
        {
            TensorPrimitives.Add(new ReadOnlySpan<float>(edge, n), new ReadOnlySpan<float>(target, n), new Span<float>(target, n));
        }
        else
        {
            TensorPrimitives.Add(new ReadOnlySpan<double>(edge, n), new ReadOnlySpan<double>(target, n), new Span<double>(target, n));
        }
    }

    /// <summary>Cuts lines (rows of a, columns of b) into panels of <paramref name="width"/>, depth after depth; the last is filled with zeros.</summary>
    private static void Pack<T>(T* source, long lineStride, long depthStride, int lines, int depth, int width, T* target)
        where T : unmanaged
    {
        for (var line = 0; line < lines; line += width)
        {
            var n = Math.Min(width, lines - line);
            var from = source + (line * lineStride);
            if (n < width)
            {
                new Span<T>(target, width * depth).Clear();
            }

            if (lineStride == 1)
            {
                for (var k = 0; k < depth; k++)
                {
                    new ReadOnlySpan<T>(from + (k * depthStride), n).CopyTo(new Span<T>(target + (k * width), n));
                }
            }
            else
            {
                // Lines of one panel advance together, so that writes stay within one stretch of the panel.
                const int Step = 16;
                for (var begin = 0; begin < depth; begin += Step)
                {
                    var end = Math.Min(depth, begin + Step);
                    for (var i = 0; i < n; i++)
                    {
                        var read = from + (i * lineStride);
                        for (var k = begin; k < end; k++)
                        {
                            target[(k * width) + i] = read[k * depthStride];
                        }
                    }
                }
            }

            target += (long)width * depth;
        }
    }
}
