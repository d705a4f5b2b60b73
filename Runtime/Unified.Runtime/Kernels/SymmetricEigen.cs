namespace Unified;

/// <summary>
/// Eigenvalues and vectors of a symmetric matrix: reflections to three diagonals, then the implicit QL iteration (procedures tred2 and tql2 of Bowdler, Martin,
/// Reinsch and Wilkinson, "Handbook for automatic computation", 1971, by way of EISPACK and JAMA). Vectors are kept as rows, so that every loop runs along memory.
/// </summary>
internal static class SymmetricEigen
{
    private const double Unit = 2.220446049250313e-16;

    /// <summary>Of ½(A + Aᵀ): the values in rising order, above the vectors as columns.</summary>
    public static void Factor(MatrixBatch batch)
    {
        batch.RequireFinite();
        var n = batch.Rows;
        if (n == 0)
        {
            return;
        }

        var v = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                v[(i * n) + j] = (batch.X[(i * n) + j] + batch.X[(j * n) + i]) / 2;
            }
        }

        var (values, beside) = (new double[n], new double[n]);
        ToThreeDiagonals(v, values, beside);
        if (!Iterate(v, values, beside))
        {
            throw batch.Error("has eigenvalues that the iteration did not find; scale it, so that its elements are of usual size");
        }

        int[] order = [.. Enumerable.Range(0, n)];
        Array.Sort(order, (i, j) => values[i].CompareTo(values[j]));
        for (var c = 0; c < n; c++)
        {
            var vector = v.AsSpan(order[c] * n, n);
            var sign = MatrixKernels.IsTurned(vector) ? -1 : 1;
            batch.Result[c] = values[order[c]];
            for (var i = 0; i < n; i++)
            {
                batch.Result[((i + 1) * n) + c] = sign * vector[i];
            }
        }
    }

    private static void ToThreeDiagonals(double[] v, double[] d, double[] e)
    {
        var n = d.Length;
        Span<double> Column(int j, int from, int to) => v.AsSpan((j * n) + from, to - from);
        for (var j = 0; j < n; j++)
        {
            d[j] = v[(j * n) + n - 1];
        }

        for (var i = n - 1; i > 0; i--)
        {
            var head = d.AsSpan(0, i);
            var scale = Doubles.Largest(head);
            var h = 0.0;
            if (scale == 0)
            {
                e[i] = d[i - 1];
                for (var j = 0; j < i; j++)
                {
                    d[j] = v[(j * n) + i - 1];
                    (v[(j * n) + i], v[(i * n) + j]) = (0, 0);
                }
            }
            else
            {
                Doubles.Divide(head, scale, head);
                h = Doubles.Dot(head, head);
                var f = d[i - 1];
                var g = f > 0 ? -Math.Sqrt(h) : Math.Sqrt(h);
                e[i] = scale * g;
                h -= f * g;
                d[i - 1] = f - g;
                Similar(v, d, e, i);
                var ends = e.AsSpan(0, i);
                Doubles.Divide(ends, h, ends);
                Doubles.AddScaled(head, -Doubles.Dot(ends, head) / (h + h), ends);
                for (var j = 0; j < i; j++)
                {
                    var column = Column(j, j, i);
                    Doubles.AddScaled(e.AsSpan(j, i - j), -d[j], column);
                    Doubles.AddScaled(d.AsSpan(j, i - j), -e[j], column);
                    d[j] = v[(j * n) + i - 1];
                    v[(j * n) + i] = 0;
                }
            }

            d[i] = h;
        }

        Accumulate(v, d);
        e[0] = 0;
    }

    // e = A d over the lower triangle of the first i rows; the vector d is kept in column i.
    private static void Similar(double[] v, double[] d, double[] e, int i)
    {
        var n = d.Length;
        Array.Clear(e, 0, i);
        for (var j = 0; j < i; j++)
        {
            v[(i * n) + j] = d[j];
            var below = v.AsSpan((j * n) + j + 1, i - j - 1);
            e[j] += (v[(j * n) + j] * d[j]) + Doubles.Dot(below, d.AsSpan(j + 1, i - j - 1));
            var rest = e.AsSpan(j + 1, i - j - 1);
            Doubles.AddScaled(below, d[j], rest);
        }
    }

    private static void Accumulate(double[] v, double[] d)
    {
        var n = d.Length;
        for (var i = 0; i < n - 1; i++)
        {
            v[(i * n) + n - 1] = v[(i * n) + i];
            v[(i * n) + i] = 1;
            var h = d[i + 1];
            var reflector = v.AsSpan((i + 1) * n, i + 1);
            if (h != 0)
            {
                Doubles.Divide(reflector, h, d.AsSpan(0, i + 1));
                for (var j = 0; j <= i; j++)
                {
                    var column = v.AsSpan(j * n, i + 1);
                    Doubles.AddScaled(d.AsSpan(0, i + 1), -Doubles.Dot(reflector, column), column);
                }
            }

            reflector.Clear();
        }

        for (var j = 0; j < n; j++)
        {
            d[j] = v[(j * n) + n - 1];
            v[(j * n) + n - 1] = 0;
        }

        v[(n * n) - 1] = 1;
    }

    private static bool Iterate(double[] v, double[] d, double[] e)
    {
        const int MostTurns = 100;
        var n = d.Length;
        e.AsSpan(1).CopyTo(e);
        e[n - 1] = 0;
        var (shift, size) = (0.0, 0.0);
        for (var l = 0; l < n; l++)
        {
            size = Math.Max(size, Math.Abs(d[l]) + Math.Abs(e[l]));
            var m = l;
            while (Math.Abs(e[m]) > Unit * size)
            {
                m++;
            }

            for (var turn = 0; m > l && Math.Abs(e[l]) > Unit * size; turn++)
            {
                if (turn == MostTurns)
                {
                    return false;
                }

                shift += Turn(v, d, e, l, m);
            }

            d[l] += shift;
            e[l] = 0;
        }

        return true;
    }

    /// <returns>By how much the values were shifted.</returns>
    private static double Turn(double[] v, double[] d, double[] e, int l, int m)
    {
        var n = d.Length;
        var g = d[l];
        var p = (d[l + 1] - g) / (2 * e[l]);
        var r = p < 0 ? -double.Hypot(p, 1) : double.Hypot(p, 1);
        d[l] = e[l] / (p + r);
        d[l + 1] = e[l] * (p + r);
        var (next, h) = (d[l + 1], g - d[l]);
        for (var i = l + 2; i < n; i++)
        {
            d[i] -= h;
        }

        var shift = h;
        p = d[m];
        var (c, c2, c3, s, s2, after) = (1.0, 1.0, 1.0, 0.0, 0.0, e[l + 1]);
        for (var i = m - 1; i >= l; i--)
        {
            (c3, c2, s2) = (c2, c, s);
            g = c * e[i];
            h = c * p;
            r = double.Hypot(p, e[i]);
            e[i + 1] = s * r;
            s = e[i] / r;
            c = p / r;
            p = (c * d[i]) - (s * g);
            d[i + 1] = h + (s * ((c * g) + (s * d[i])));
            Doubles.Rotate(v.AsSpan(i * n, n), v.AsSpan((i + 1) * n, n), c, s);
        }

        p = -s * s2 * c3 * after * e[l] / next;
        e[l] = s * p;
        d[l] = c * p;
        return shift;
    }
}
