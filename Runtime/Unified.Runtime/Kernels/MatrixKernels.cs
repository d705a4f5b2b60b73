using System.Collections.Immutable;
using System.Diagnostics;
using Unified.Ir;

namespace Unified;

/// <summary>Factors and solutions of matrices, one matrix of a batch after the other.</summary>
[StackTraceHidden]
internal static class MatrixKernels
{
    public static ImmutableArray<DenseKernelRow> Rows { get; } =
    [
        Row(OpCode.Cholesky, Cholesky),
        Row(OpCode.TriangularSolve, TriangularSolve),
        Row(OpCode.Solve, Solve),
        Row(OpCode.Determinant, Determinant),
        Row(OpCode.SlogDet, SlogDet),
        Row(OpCode.QrFactors, HouseholderQr.Factor),
        Row(OpCode.EighFactors, SymmetricEigen.Factor),
        Row(OpCode.SvdFactors, JacobiSvd.Factor),
        Row(OpCode.MatrixExp, MatrixExponential.Compute),
    ];

    /// <summary>x of op(A) x = y for a triangle A, in place of y.</summary>
    /// <param name="a">n by n, row by row; of the other triangle nothing is read.</param>
    /// <param name="y">n numbers.</param>
    public static void SolveTriangle(ReadOnlySpan<double> a, Span<double> y, bool lower, bool isUnit)
    {
        var n = y.Length;
        for (var step = 0; step < n; step++)
        {
            var i = lower ? step : n - 1 - step;
            var known = lower ? ..i : (i + 1)..n;
            var rest = y[i] - Doubles.Dot(a.Slice(i * n, n)[known], y[known]);
            y[i] = isUnit ? rest : rest / a[(i * n) + i];
        }
    }

    /// <summary>A sign that does not depend on how the vector was found: its first element that is not small beside the largest is positive.</summary>
    public static bool IsTurned(ReadOnlySpan<double> vector)
    {
        var bound = Doubles.Largest(vector) * 0.618;
        foreach (var x in vector)
        {
            if (Math.Abs(x) >= bound)
            {
                return x < 0;
            }
        }

        return false;
    }

    private static DenseKernelRow Row(OpCode code, Action<MatrixBatch> work) => new(code, (arrays, attributes) =>
    {
        var batch = new MatrixBatch(code, arrays, attributes);
        for (var i = 0L; i < batch.Count; i++)
        {
            batch.Load(i);
            work(batch);
            batch.Store(i);
        }
    });

    // Of ½(A + Aᵀ), row by row.
    private static void Cholesky(MatrixBatch batch)
    {
        var (n, a, l) = (batch.Rows, batch.X, batch.Result);
        Array.Clear(l);
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var rest = ((a[(i * n) + j] + a[(j * n) + i]) / 2) - Doubles.Dot(l.AsSpan(i * n, j), l.AsSpan(j * n, j));
                if (i != j)
                {
                    l[(i * n) + j] = rest / l[(j * n) + j];
                    continue;
                }

                if (!(rest > 0) || !double.IsFinite(rest))
                {
                    throw batch.Error($"is not positive definite: pivot {i} is {rest:G4}; add a small multiple of the identity if it is so by rounding alone");
                }

                l[(i * n) + i] = Math.Sqrt(rest);
            }
        }
    }

    private static void TriangularSolve(MatrixBatch batch)
    {
        var (n, columns) = (batch.Rows, batch.RightColumns);
        var (isUnit, transposed) = (batch.Attributes.Bool("unitDiagonal"), batch.Attributes.Bool("transposed"));
        for (var i = 0; !isUnit && i < n; i++)
        {
            if (batch.X[(i * n) + i] == 0)
            {
                throw batch.Error($"is singular: element {i} of its diagonal is 0");
            }
        }

        var a = transposed ? batch.Turned(batch.X, n, n) : batch.X;
        var y = batch.Turned(batch.Right, n, columns);
        for (var c = 0; c < columns; c++)
        {
            SolveTriangle(a, y.AsSpan(c * n, n), batch.Attributes.Bool("lower") != transposed, isUnit);
        }

        batch.Turned(y, columns, n).CopyTo(batch.Result, 0);
    }

    private static void Solve(MatrixBatch batch)
    {
        var (n, columns) = (batch.Rows, batch.RightColumns);
        var a = batch.Attributes.Bool("transposed") ? batch.Turned(batch.X, n, n) : batch.X;
        var order = new int[n];
        if (LuFactors.Factor(a, n, order) == 0)
        {
            throw batch.Error("is singular: it has no inverse; LeastSquares or PseudoInverse give the nearest solution");
        }

        var y = new double[n * columns];
        for (var c = 0; c < columns; c++)
        {
            for (var i = 0; i < n; i++)
            {
                y[(c * n) + i] = batch.Right[(order[i] * columns) + c];
            }

            SolveTriangle(a, y.AsSpan(c * n, n), lower: true, isUnit: true);
            SolveTriangle(a, y.AsSpan(c * n, n), lower: false, isUnit: false);
        }

        batch.Turned(y, columns, n).CopyTo(batch.Result, 0);
    }

    private static void Determinant(MatrixBatch batch)
    {
        double product = LuFactors.Factor(batch.X, batch.Rows, new int[batch.Rows]);
        for (var i = 0; i < batch.Rows; i++)
        {
            product *= batch.X[(i * batch.Rows) + i];
        }

        batch.Result[0] = product;
    }

    private static void SlogDet(MatrixBatch batch)
    {
        double sign = LuFactors.Factor(batch.X, batch.Rows, new int[batch.Rows]);
        var log = 0.0;
        for (var i = 0; i < batch.Rows; i++)
        {
            var pivot = batch.X[(i * batch.Rows) + i];
            sign *= double.IsNaN(pivot) ? pivot : Math.Sign(pivot);
            log += Math.Log(Math.Abs(pivot));
        }

        (batch.Result[0], batch.Result[1]) = (sign, sign == 0 ? double.NegativeInfinity : log);
    }
}
