namespace Unified;

/// <summary>Q and R by reflections (Golub and Van Loan, "Matrix computations", algorithm 5.2.1). The diagonal of R is not negative, which makes the factors of a matrix of full rank unique.</summary>
internal static class HouseholderQr
{
    /// <summary>Q above the transposed R.</summary>
    public static void Factor(MatrixBatch batch)
    {
        var (m, n) = (batch.Rows, batch.Columns);
        var k = Math.Min(m, n);
        var a = batch.Turned(batch.X, m, n);
        var (q, scales) = (new double[k * m], new double[k]);
        for (var j = 0; j < k; j++)
        {
            scales[j] = Reflect(a, m, n, j);
        }

        for (var j = 0; j < k; j++)
        {
            q[(j * m) + j] = 1;
        }

        for (var j = k - 1; j >= 0; j--)
        {
            var v = a.AsSpan((j * m) + j, m - j);
            var diagonal = v[0];
            v[0] = scales[j] == 0 ? 0 : 1;
            for (var c = j; c < k; c++)
            {
                Apply(v, scales[j], q.AsSpan((c * m) + j, m - j));
            }

            v[0] = diagonal;
        }

        for (var c = 0; c < k; c++)
        {
            var sign = a[(c * m) + c] < 0 ? -1 : 1;
            for (var i = 0; i < m; i++)
            {
                batch.Result[(i * k) + c] = sign * q[(c * m) + i];
            }

            for (var j = 0; j < n; j++)
            {
                batch.Result[((m + j) * k) + c] = j < c ? 0 : sign * a[(j * m) + c];
            }
        }
    }

    // Below the diagonal the vector is left, whose first element is 1.
    private static double Reflect(double[] a, int m, int n, int j)
    {
        var x = a.AsSpan((j * m) + j, m - j);
        var tail = x[1..];
        var norm = Doubles.Norm(x);
        if (norm == 0 || tail.IndexOfAnyExcept(0.0) < 0)
        {
            tail.Clear();
            return 0;
        }

        var alpha = x[0] > 0 ? -norm : norm;
        var first = x[0] - alpha;
        Doubles.Divide(tail, first, tail);
        var scale = -first / alpha;
        x[0] = 1;
        for (var c = j + 1; c < n; c++)
        {
            Apply(x, scale, a.AsSpan((c * m) + j, m - j));
        }

        x[0] = alpha;
        return scale;
    }

    private static void Apply(ReadOnlySpan<double> v, double scale, Span<double> x)
    {
        if (scale != 0)
        {
            Doubles.AddScaled(v, -scale * Doubles.Dot(v, x), x);
        }
    }
}
