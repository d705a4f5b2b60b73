using System.Collections.Immutable;

namespace Unified.Ir.Tests.Ops;

/// <summary>
/// Factors and solutions in double precision by other methods than the runtime's: substitution and elimination in plain loops, Gram and Schmidt's process,
/// Jacobi's rotations of the matrix itself, the power series.
/// </summary>
internal static class MatrixReference
{
    private delegate double[,] One(double[,] x);

    private delegate double[,] Two(double[,] a, double[,] b, Attributes attributes);

    public static Func<ImmutableArray<ReferenceValue>, Attributes, double[]>? Find(OpCode code) => code switch
    {
        OpCode.Cholesky => (x, _) => Each(x[0], Cholesky),
        OpCode.Determinant => (x, _) => Each(x[0], a => new[,] { { Determinant(a) } }),
        OpCode.SlogDet => (x, _) => Each(x[0], a => new[,] { { Math.Sign(Determinant(a)), Math.Log(Math.Abs(Determinant(a))) } }),
        OpCode.QrFactors => (x, _) => Each(x[0], Qr),
        OpCode.EighFactors => (x, _) => Each(x[0], Eigh),
        OpCode.SvdFactors => (x, _) => Each(x[0], Svd),
        OpCode.MatrixExp => (x, _) => Each(x[0], Exponential),
        OpCode.Solve => (x, a) => Pairs(x[0], x[1], a, (m, b, p) => Eliminate(p.Bool("transposed") ? Turned(m) : m, b)),
        OpCode.TriangularSolve => (x, a) => Pairs(x[0], x[1], a, (m, b, p) => Eliminate(Triangle(m, p), b)),
        _ => null,
    };

    private static double[] Each(ReferenceValue x, One work)
    {
        var (rows, columns) = (x.Sizes[^2], x.Sizes[^1]);
        var count = x.Sizes.SkipLast(2).Aggregate(1, (a, b) => a * b);
        return [.. Enumerable.Range(0, count).SelectMany(i => work(Matrix(x.Data, i, rows, columns)).Cast<double>())];
    }

    private static double[] Pairs(ReferenceValue a, ReferenceValue b, Attributes attributes, Two work)
    {
        var batch = Batch(a.Sizes, b.Sizes);
        var count = batch.Aggregate(1, (x, y) => x * y);
        return
        [
            .. Enumerable.Range(0, count).SelectMany(i => work(
                Matrix(a.Data, Place(i, batch, a.Sizes), a.Sizes[^2], a.Sizes[^1]), Matrix(b.Data, Place(i, batch, b.Sizes), b.Sizes[^2], b.Sizes[^1]), attributes).Cast<double>()),
        ];
    }

    private static int[] Batch(int[] a, int[] b)
    {
        static int At(int[] sizes, int fromEnd) => fromEnd <= sizes.Length ? sizes[^fromEnd] : 1;
        var rank = Math.Max(a.Length, b.Length);
        return [.. Enumerable.Range(0, rank - 2).Select(i => At(a, rank - i) == 1 ? At(b, rank - i) : At(a, rank - i))];
    }

    private static int Place(int index, int[] batch, int[] sizes)
    {
        var (place, stride) = (0, 1);
        for (var i = 1; i <= batch.Length; i++)
        {
            var at = index % batch[^i];
            index /= batch[^i];
            if (i + 2 <= sizes.Length)
            {
                place += (sizes[^(i + 2)] == 1 ? 0 : at) * stride;
                stride *= sizes[^(i + 2)];
            }
        }

        return place;
    }

    private static double[,] Matrix(double[] data, int index, int rows, int columns) => Make(rows, columns, (i, j) => data[(((index * rows) + i) * columns) + j]);

    private static double[,] Make(int rows, int columns, Func<int, int, double> element)
    {
        var result = new double[rows, columns];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                result[i, j] = element(i, j);
            }
        }

        return result;
    }

    private static double[,] Turned(double[,] x) => Make(x.GetLength(1), x.GetLength(0), (i, j) => x[j, i]);

    private static double[,] Product(double[,] x, double[,] y) =>
        Make(x.GetLength(0), y.GetLength(1), (i, j) => Enumerable.Range(0, x.GetLength(1)).Sum(k => x[i, k] * y[k, j]));

    private static double[,] Triangle(double[,] a, Attributes p)
    {
        var triangle = Make(a.GetLength(0), a.GetLength(0), (i, j) => i == j ? (p.Bool("unitDiagonal") ? 1 : a[i, i]) : p.Bool("lower") == (j < i) ? a[i, j] : 0);
        return p.Bool("transposed") ? Turned(triangle) : triangle;
    }

    private static double[,] Cholesky(double[,] a)
    {
        var n = a.GetLength(0);
        var l = new double[n, n];
        for (var j = 0; j < n; j++)
        {
            for (var i = j; i < n; i++)
            {
                var rest = ((a[i, j] + a[j, i]) / 2) - Enumerable.Range(0, j).Sum(k => l[i, k] * l[j, k]);
                l[i, j] = i == j ? Math.Sqrt(rest) : rest / l[j, j];
            }
        }

        return l;
    }

    // Gauss and Jordan's, with the largest element left as the pivot.
    private static double[,] Eliminate(double[,] a, double[,] b)
    {
        var n = a.GetLength(0);
        var (left, right) = ((double[,])a.Clone(), (double[,])b.Clone());
        for (var k = 0; k < n; k++)
        {
            var pivot = Enumerable.Range(k, n - k).MaxBy(i => Math.Abs(left[i, k]));
            Exchange(left, k, pivot);
            Exchange(right, k, pivot);
            Scale(left, k, 1 / left[k, k], right);
            for (var i = 0; i < n; i++)
            {
                var factor = i == k ? 0 : left[i, k];
                for (var j = 0; j < n; j++)
                {
                    left[i, j] -= factor * left[k, j];
                }

                for (var j = 0; j < right.GetLength(1); j++)
                {
                    right[i, j] -= factor * right[k, j];
                }
            }
        }

        return right;
    }

    private static void Exchange(double[,] x, int a, int b)
    {
        for (var j = 0; j < x.GetLength(1); j++)
        {
            (x[a, j], x[b, j]) = (x[b, j], x[a, j]);
        }
    }

    private static void Scale(double[,] left, int row, double factor, double[,] right)
    {
        for (var j = 0; j < left.GetLength(1); j++)
        {
            left[row, j] *= factor;
        }

        for (var j = 0; j < right.GetLength(1); j++)
        {
            right[row, j] *= factor;
        }
    }

    // By rows of the triangle that elimination without a change of rows leaves; the drawn matrices need none.
    private static double Determinant(double[,] a)
    {
        var n = a.GetLength(0);
        var x = (double[,])a.Clone();
        var product = 1.0;
        for (var k = 0; k < n; k++)
        {
            product *= x[k, k];
            for (var i = k + 1; i < n; i++)
            {
                for (var j = n - 1; j >= k; j--)
                {
                    x[i, j] -= x[i, k] / x[k, k] * x[k, j];
                }
            }
        }

        return product;
    }

    private static double[,] Qr(double[,] a)
    {
        var (m, n) = (a.GetLength(0), a.GetLength(1));
        var k = Math.Min(m, n);
        var q = Make(m, k, (i, j) => a[i, j]);
        for (var j = 0; j < k; j++)
        {
            for (var pass = 0; pass < 2; pass++)
            {
                for (var p = 0; p < j; p++)
                {
                    var along = Enumerable.Range(0, m).Sum(i => q[i, p] * q[i, j]);
                    for (var i = 0; i < m; i++)
                    {
                        q[i, j] -= along * q[i, p];
                    }
                }
            }

            var norm = Math.Sqrt(Enumerable.Range(0, m).Sum(i => q[i, j] * q[i, j]));
            for (var i = 0; i < m; i++)
            {
                q[i, j] /= norm;
            }
        }

        var r = Product(Turned(q), a);
        return Make(m + n, k, (i, j) => i < m ? q[i, j] : i - m < j ? 0 : r[j, i - m]);
    }

    private static double[,] Eigh(double[,] a)
    {
        var n = a.GetLength(0);
        var (values, vectors) = Rotate(Make(n, n, (i, j) => (a[i, j] + a[j, i]) / 2));
        var order = Enumerable.Range(0, n).OrderBy(i => values[i]).ToArray();
        return Make(n + 1, n, (i, j) => i == 0 ? values[order[j]] : Sign(vectors, order[j], 0, n) * vectors[i - 1, order[j]]);
    }

    // The eigenvalues of [0 A; Aᵀ 0] are the singular values and their negatives, its vectors those of both sides, one below the other.
    private static double[,] Svd(double[,] a)
    {
        var (m, n) = (a.GetLength(0), a.GetLength(1));
        var (values, vectors) = Rotate(Make(m + n, m + n, (i, j) => i < m && j >= m ? a[i, j - m] : i >= m && j < m ? a[j, i - m] : 0));
        var order = Enumerable.Range(0, m + n).OrderByDescending(i => values[i]).ToArray();
        return Make(m + 1 + n, Math.Min(m, n), (i, j) => i == m
            ? values[order[j]]
            : Sign(vectors, order[j], 0, m) * Math.Sqrt(2) * vectors[i < m ? i : i - 1, order[j]]);
    }

    private static double Sign(double[,] vectors, int column, int from, int count)
    {
        var elements = Enumerable.Range(from, count).Select(i => vectors[i, column]).ToArray();
        return elements.First(e => Math.Abs(e) >= 0.618 * elements.Max(Math.Abs)) < 0 ? -1 : 1;
    }

    private static (double[] Values, double[,] Vectors) Rotate(double[,] a)
    {
        var n = a.GetLength(0);
        var v = Make(n, n, (i, j) => i == j ? 1 : 0);
        for (var sweep = 0; sweep < 60; sweep++)
        {
            for (var p = 0; p < n; p++)
            {
                for (var q = p + 1; q < n; q++)
                {
                    if (a[p, q] == 0)
                    {
                        continue;
                    }

                    var theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
                    var t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1));
                    var c = 1 / Math.Sqrt((t * t) + 1);
                    var turn = Make(n, n, (i, j) => i == j ? (i == p || i == q ? c : 1) : i == p && j == q ? t * c : i == q && j == p ? -t * c : 0);
                    (a, v) = (Product(Turned(turn), Product(a, turn)), Product(v, turn));
                    (a[p, q], a[q, p]) = (0, 0);
                }
            }

            if (Enumerable.Range(0, n).All(i => Enumerable.Range(0, n).All(j => i == j || Math.Abs(a[i, j]) <= 1e-17 * (Math.Abs(a[i, i]) + Math.Abs(a[j, j])))))
            {
                break;
            }
        }

        return ([.. Enumerable.Range(0, n).Select(i => a[i, i])], v);
    }

    private static double[,] Exponential(double[,] a)
    {
        var n = a.GetLength(0);
        const int Squares = 10;
        var (sum, term) = (Make(n, n, (i, j) => i == j ? 1 : 0), Make(n, n, (i, j) => i == j ? 1 : 0));
        var small = Make(n, n, (i, j) => a[i, j] / (1 << Squares));
        for (var k = 1; k < 20; k++)
        {
            var next = Product(term, small);
            term = Make(n, n, (i, j) => next[i, j] / k);
            var added = term;
            var before = sum;
            sum = Make(n, n, (i, j) => before[i, j] + added[i, j]);
        }

        for (var s = 0; s < Squares; s++)
        {
            sum = Product(sum, sum);
        }

        return sum;
    }
}
