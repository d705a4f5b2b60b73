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

        // About 1, so that no square overflows or vanishes; a power of two rounds nothing.
        var scale = Doubles.Largest(a) is > 0 and var largest ? Math.ScaleB(1, -Math.Clamp(Math.ILogB(largest), -1000, 1000)) : 1;
        for (var i = 0; i < a.Length; i++)
        {
            a[i] *= scale;
        }

        if (!Sweep(a, v, k, length))
        {
            throw batch.Error("has singular values that the iteration did not find; scale it, so that its elements are of usual size");
        }

        var values = new double[k];
        for (var j = 0; j < k; j++)
        {
            values[j] = Doubles.Norm(a.AsSpan(j * length, length));
        }

        int[] order = [.. Enumerable.Range(0, k)];
        Array.Sort(order, (i, j) => values[j].CompareTo(values[i]));
        for (var c = 0; c < k; c++)
        {
            var column = a.AsSpan(order[c] * length, length);
            if (values[order[c]] > 0)
            {
                Doubles.Divide(column, values[order[c]], column);
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

            batch.Result[(m * k) + c] = values[order[c]] / scale;
            for (var i = 0; i < n; i++)
            {
                batch.Result[((m + 1 + i) * k) + c] = sign * right[i];
            }
        }
    }

    private static bool Sweep(double[] a, double[] v, int k, int length)
    {
        var bound = Math.Max(4, Math.Sqrt(length)) * Math.Pow(2, -53);
        var squares = new double[k];
        for (var sweep = 0; sweep < MostSweeps; sweep++)
        {
            for (var j = 0; j < k; j++)
            {
                squares[j] = Doubles.Dot(a.AsSpan(j * length, length), a.AsSpan(j * length, length));
            }

            var isDone = true;
            for (var p = 0; p < k - 1; p++)
            {
                for (var q = p + 1; q < k; q++)
                {
                    var x = a.AsSpan(p * length, length);
                    var y = a.AsSpan(q * length, length);
                    var (alpha, beta, gamma) = (squares[p], squares[q], Doubles.Dot(x, y));
                    if (Math.Abs(gamma) <= bound * Math.Sqrt(alpha) * Math.Sqrt(beta))
                    {
                        continue;
                    }

                    isDone = false;
                    var zeta = (beta - alpha) / (2 * gamma);
                    var t = (zeta < 0 ? -1 : 1) / (Math.Abs(zeta) + double.Hypot(1, zeta));
                    var c = 1 / double.Hypot(1, t);
                    Doubles.RotateSlightly(x, y, c, c * t);
                    Doubles.RotateSlightly(v.AsSpan(p * k, k), v.AsSpan(q * k, k), c, c * t);

                    // What the turn takes from one and gives to the other; a small rest has lost its digits.
                    var (less, more) = (alpha - (t * gamma), beta + (t * gamma));
                    squares[p] = less > 0.1 * alpha ? less : Doubles.Dot(x, x);
                    squares[q] = more > 0.1 * beta ? more : Doubles.Dot(y, y);
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
            for (var i = 0; i < length; i++)
            {
                covered[i] += column[i] * column[i];
            }
        }

        var vector = a.AsSpan(order[c] * length, length);
        vector[Array.IndexOf(covered, covered.Min())] = 1;
        for (var pass = 0; pass < 2; pass++)
        {
            for (var j = 0; j < c; j++)
            {
                var column = a.AsSpan(order[j] * length, length);
                Doubles.AddScaled(column, -Doubles.Dot(column, vector), vector);
            }

            Doubles.Divide(vector, Doubles.Norm(vector), vector);
        }
    }
}
