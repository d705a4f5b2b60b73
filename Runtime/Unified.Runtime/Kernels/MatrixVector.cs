using System.Numerics;
using System.Numerics.Tensors;

namespace Unified;

/// <summary>Products with a single row, which are bound by reading the matrix: nothing is packed.</summary>
internal static unsafe class MatrixVector
{
    private const int Unit = 256;

    /// <summary>The matrix has neighbours along one of its axes.</summary>
    public static bool Serves<T>(int rows, MatrixView<T> b)
        where T : unmanaged => rows == 1 && (b.ColumnStride == 1 || b.RowStride == 1);

    /// <summary>c[j] = Σ a[k]·b[k, j].</summary>
    public static void Run<T>(int columns, int depth, MatrixView<T> a, MatrixView<T> b, T* c)
        where T : unmanaged, INumber<T>
    {
        if (b.ColumnStride == 1)
        {
            // A last unit is longer, never shorter.
            var units = Math.Max(1, columns / Unit);
            SharedWork.Rows(units, (long)Unit * depth, (begin, end) =>
            {
                var start = (int)begin * Unit;
                var result = new Span<T>(c + start, (end == units ? columns : (int)end * Unit) - start);
                result.Clear();
                for (var k = 0; k < depth; k++)
                {
                    TensorPrimitives.MultiplyAdd(new ReadOnlySpan<T>(b.Data + start + (k * b.RowStride), result.Length), a.Data[k * a.ColumnStride], result, result);
                }
            });
            return;
        }

        var gathered = a.ColumnStride == 1 ? null : Gathered(a, depth);
        SharedWork.Rows(columns, depth, (begin, end) =>
        {
            var row = gathered ?? new ReadOnlySpan<T>(a.Data, depth);
            for (var j = begin; j < end; j++)
            {
                c[j] = TensorPrimitives.Dot(row, new ReadOnlySpan<T>(b.Data + (j * b.ColumnStride), depth));
            }
        });
    }

    private static T[] Gathered<T>(MatrixView<T> a, int depth)
        where T : unmanaged
    {
        var row = new T[depth];
        for (var k = 0; k < depth; k++)
        {
            row[k] = a.Data[k * a.ColumnStride];
        }

        return row;
    }
}
