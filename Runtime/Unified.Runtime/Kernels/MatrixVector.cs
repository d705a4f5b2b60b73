using System.Numerics;
using System.Numerics.Tensors;

namespace Unified;

/// <summary>Products with a single row, which are bound by reading the matrix: nothing is packed.</summary>
internal static unsafe class MatrixVector
{
    /// <summary>The matrix has neighbours along one of its axes.</summary>
    public static bool Serves<T>(int rows, MatrixView<T> b)
        where T : unmanaged => rows == 1 && (b.ColumnStride == 1 || b.RowStride == 1);

    /// <summary>c[j] = Σ a[k]·b[k, j].</summary>
    public static void Run<T>(int columns, int depth, MatrixView<T> a, MatrixView<T> b, T* c)
        where T : unmanaged, INumber<T>
    {
        var result = new Span<T>(c, columns);
        if (b.ColumnStride == 1)
        {
            result.Clear();
            for (var k = 0; k < depth; k++)
            {
                TensorPrimitives.MultiplyAdd(new ReadOnlySpan<T>(b.Data + (k * b.RowStride), columns), a.Data[k * a.ColumnStride], result, result);
            }

            return;
        }

        var row = a.ColumnStride == 1 ? new ReadOnlySpan<T>(a.Data, depth) : Gathered(a, depth);
        for (var j = 0; j < columns; j++)
        {
            result[j] = TensorPrimitives.Dot(row, new ReadOnlySpan<T>(b.Data + (j * b.ColumnStride), depth));
        }
    }

    private static ReadOnlySpan<T> Gathered<T>(MatrixView<T> a, int depth)
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
