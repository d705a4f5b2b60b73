namespace Unified;

/// <summary>The exponential of a matrix by a quotient of polynomials of degree 13 and repeated squares (Higham, "The scaling and squaring method for the matrix exponential revisited", 2005).</summary>
internal static class MatrixExponential
{
    // The norm up to which the quotient is exact to rounding.
    private const double Theta = 5.371920351148152;

    private static readonly double[] s_terms =
    [
        64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600, 670442572800,
        33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
    ];

    public static void Compute(MatrixBatch batch)
    {
        batch.RequireFinite();
        var n = batch.Rows;
        var norm = 0.0;
        for (var j = 0; j < n; j++)
        {
            var sum = 0.0;
            for (var i = 0; i < n; i++)
            {
                sum += Math.Abs(batch.X[(i * n) + j]);
            }

            norm = Math.Max(norm, sum);
        }

        var squares = norm > Theta ? (int)Math.Ceiling(Math.Log2(norm / Theta)) : 0;
        var a = batch.X;
        Doubles.Divide(a, Math.ScaleB(1, squares), a);
        var a2 = Product(a, a, n);
        var a4 = Product(a2, a2, n);
        var a6 = Product(a4, a2, n);
        double[] Sum(int first) => Combined(n, s_terms[first], (s_terms[first + 2], a2), (s_terms[first + 4], a4), (s_terms[first + 6], a6));
        double[] High(int first) => Product(a6, Combined(n, 0, (s_terms[first], a2), (s_terms[first + 2], a4), (s_terms[first + 4], a6)), n);
        var odd = Sum(1);
        Doubles.AddScaled(High(9), 1, odd);
        var u = Product(a, odd, n);
        var even = Sum(0);
        Doubles.AddScaled(High(8), 1, even);

        // (V - U) X = V + U.
        double[] left = [.. even];
        double[] right = [.. even];
        var order = new int[n];
        Doubles.AddScaled(u, -1, left);
        Doubles.AddScaled(u, 1, right);
        _ = LuFactors.Factor(left, n, order);
        var x = new double[n * n];
        var y = new double[n];
        for (var c = 0; c < n; c++)
        {
            for (var i = 0; i < n; i++)
            {
                y[i] = right[(order[i] * n) + c];
            }

            MatrixKernels.SolveTriangle(left, y, lower: true, isUnit: true);
            MatrixKernels.SolveTriangle(left, y, lower: false, isUnit: false);
            for (var i = 0; i < n; i++)
            {
                x[(i * n) + c] = y[i];
            }
        }

        for (var s = 0; s < squares; s++)
        {
            x = Product(x, x, n);
        }

        x.CopyTo(batch.Result, 0);
    }

    private static double[] Product(double[] x, double[] y, int n)
    {
        var result = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            var row = result.AsSpan(i * n, n);
            for (var k = 0; k < n; k++)
            {
                Doubles.AddScaled(y.AsSpan(k * n, n), x[(i * n) + k], row);
            }
        }

        return result;
    }

    private static double[] Combined(int n, double identity, params ReadOnlySpan<(double Factor, double[] Matrix)> terms)
    {
        var result = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            result[(i * n) + i] = identity;
        }

        foreach (var (factor, matrix) in terms)
        {
            Doubles.AddScaled(matrix, factor, result);
        }

        return result;
    }
}
