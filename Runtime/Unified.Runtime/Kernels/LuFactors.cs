namespace Unified;

/// <summary>Gauss's elimination with the largest pivot of each column (Golub and Van Loan, "Matrix computations", algorithm 3.4.1).</summary>
internal static class LuFactors
{
    /// <summary>Puts L, whose diagonal is 1, and U in place of the matrix.</summary>
    /// <param name="a">n by n, row by row.</param>
    /// <param name="order">For each row of the factors, the matrix's row that it is of.</param>
    /// <returns>The sign of the order; 0 for a singular matrix, whose factors are not complete.</returns>
    public static int Factor(Span<double> a, int n, Span<int> order)
    {
        var sign = 1;
        for (var i = 0; i < n; i++)
        {
            order[i] = i;
        }

        for (var k = 0; k < n; k++)
        {
            var best = k;
            for (var i = k + 1; i < n; i++)
            {
                best = Math.Abs(a[(i * n) + k]) > Math.Abs(a[(best * n) + k]) ? i : best;
            }

            if (best != k)
            {
                Swap(a.Slice(k * n, n), a.Slice(best * n, n));
                (order[k], order[best], sign) = (order[best], order[k], -sign);
            }

            var pivot = a[(k * n) + k];
            if (pivot == 0)
            {
                return 0;
            }

            var head = a.Slice((k * n) + k + 1, n - k - 1);
            for (var i = k + 1; i < n; i++)
            {
                var factor = a[(i * n) + k] /= pivot;
                var row = a.Slice((i * n) + k + 1, n - k - 1);
                if (factor != 0)
                {
                    Doubles.AddScaled(head, -factor, row);
                }
            }
        }

        return sign;
    }

    private static void Swap(Span<double> x, Span<double> y)
    {
        for (var i = 0; i < x.Length; i++)
        {
            (x[i], y[i]) = (y[i], x[i]);
        }
    }
}
