using System.Numerics.Tensors;

namespace Unified;

/// <summary>
/// Singular values and vectors by rotations that make the columns orthogonal (Hestenes, 1958; Demmel and Veselić, 1992: also small singular values have their
/// digits).
/// </summary>
internal static class JacobiSvd
{
    private const int MostSweeps = 60;

    /// <summary>U above the values, in falling order, above V.</summary>
    public static void Factor(MatrixBatch batch)
    {
        batch.RequireFinite();
        var (m, n) = (batch.Rows, batch.Columns);
        var isWide = m < n;
        var (length, k) = (Math.Max(m, n), Math.Min(m, n));

        // The columns that are turned, and how they were.
        var a = isWide ? batch.X : batch.Turned(batch.X, m, n);
        var v = new double[k * k];
        for (var i = 0; i < k; i++)
        {
            v[(i * k) + i] = 1;
        }

        if (!Sweep(a, v, k, length))
        {
            throw batch.Error("has singular values that the iteration did not find; scale it, so that its elements are of usual size");
        }

        var values = Enumerable.Range(0, k).Select(j => TensorPrimitives.Norm<double>(a.AsSpan(j * length, length))).ToArray();
        var order = Enumerable.Range(0, k).OrderByDescending(j => values[j]).ToArray();
        for (var c = 0; c < k; c++)
        {
            var column = a.AsSpan(order[c] * length, length);
            if (values[order[c]] > 0)
            {
                TensorPrimitives.Divide(column, values[order[c]], column);
            }
            else
            {
                Complete(a, length, order, c);
            }

            var row = v.AsSpan(order[c] * k, k);
            var left = isWide ? row : column;
            var right = isWide ? column : row;
            var sign = MatrixKernels.IsTurned(left) ? -1 : 1;
            for (var i = 0; i < m; i++)
            {
                batch.Result[(i * k) + c] = sign * left[i];
            }

            batch.Result[(m * k) + c] = values[order[c]];
            for (var i = 0; i < n; i++)
            {
                batch.Result[((m + 1 + i) * k) + c] = sign * right[i];
            }
        }
    }

    private static bool Sweep(double[] a, double[] v, int k, int length)
    {
        var bound = Math.Max(4, Math.Sqrt(length)) * Math.Pow(2, -53);
        var spare = new double[length];
        for (var sweep = 0; sweep < MostSweeps; sweep++)
        {
            var isDone = true;
            for (var p = 0; p < k - 1; p++)
            {
                for (var q = p + 1; q < k; q++)
                {
                    var x = a.AsSpan(p * length, length);
                    var y = a.AsSpan(q * length, length);
                    var (alpha, beta, gamma) = (TensorPrimitives.Norm<double>(x), TensorPrimitives.Norm<double>(y), TensorPrimitives.Dot<double>(x, y));
                    if (Math.Abs(gamma) <= bound * alpha * beta)
                    {
                        continue;
                    }

                    isDone = false;
                    var zeta = (beta - alpha) * (beta + alpha) / (2 * gamma);
                    var t = (zeta < 0 ? -1 : 1) / (Math.Abs(zeta) + double.Hypot(1, zeta));
                    var c = 1 / double.Hypot(1, t);
                    Rotations.Apply(x, y, c, c * t, spare);
                    Rotations.Apply(v.AsSpan(p * k, k), v.AsSpan(q * k, k), c, c * t, spare);
                }
            }

            if (isDone)
            {
                return true;
            }
        }

        return false;
    }

    // A column of zeros has no direction: one that is orthogonal to those before it, of the axis that they cover least.
    private static void Complete(double[] a, int length, int[] order, int c)
    {
        var covered = new double[length];
        for (var j = 0; j < c; j++)
        {
            var column = a.AsSpan(order[j] * length, length);
            TensorPrimitives.MultiplyAdd<double>(column, column, covered, covered);
        }

        var vector = a.AsSpan(order[c] * length, length);
        vector[TensorPrimitives.IndexOfMin<double>(covered)] = 1;
        for (var pass = 0; pass < 2; pass++)
        {
            for (var j = 0; j < c; j++)
            {
                var column = a.AsSpan(order[j] * length, length);
                TensorPrimitives.MultiplyAdd(column, -TensorPrimitives.Dot<double>(column, vector), vector, vector);
            }

            TensorPrimitives.Divide(vector, TensorPrimitives.Norm<double>(vector), vector);
        }
    }
}
