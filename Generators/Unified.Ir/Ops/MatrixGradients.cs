using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>
/// The gradients of factors and solutions. A bar is a cotangent. Sources: Giles, "Collected matrix derivative results for forward and reverse mode
/// algorithmic differentiation", 2008; Murray, arXiv:1602.07527 (Cholesky); Walter and Lehmann, "Algorithmic differentiation of linear algebra
/// functions", 2018, and Roberts and Roberts, arXiv:2009.10071 (QR). Where two eigenvalues or singular values are equal, their vectors may turn into each
/// other: that part of the gradient is taken as 0, which is exact for what does not depend on the choice of the vectors.
/// </summary>
internal static class MatrixGradients
{
    // Ā = ½(S + Sᵀ), S = L⁻ᵀ Φ(Lᵀ L̄) L⁻¹; Φ is the lower triangle with half of the diagonal.
    public static OpValue Cholesky(OpBuilder b, GradientInputs c)
    {
        var l = c.Y;
        var lower = HalfLower(b, b.MatMul(l, Lower(b, c.Dy), transposeA: true));
        var left = Triangular(b, l, lower, lower: true, transposed: true);
        return Symmetric(b, b.SwapLast(Triangular(b, l, b.SwapLast(left), lower: true, transposed: true)));
    }

    // X = op(A)⁻¹ B: B̄ = op(A)⁻ᵀ X̄, and the cotangent of op(A) is -B̄ Xᵀ, on the triangle.
    public static ImmutableArray<OpValue?> TriangularSolve(OpBuilder b, GradientInputs c)
    {
        if (!c.Wants(0) && !c.Wants(1))
        {
            return [null, null];
        }

        var (lower, transposed, isUnit) = (c.Attributes.Bool("lower"), c.Attributes.Bool("transposed"), c.Attributes.Bool("unitDiagonal"));
        var right = b.Apply(OpCode.TriangularSolve, c.Attributes.With("transposed", !transposed), c[0], c.Dy);
        return [c.Wants(0) ? b.SumTo(Triangle(b, OfMatrix(b, right, c.Y, transposed), lower, isUnit ? 1 : 0), c[0].Shape) : null, c.Wants(1) ? b.SumTo(right, c[1].Shape) : null];
    }

    public static ImmutableArray<OpValue?> Solve(OpBuilder b, GradientInputs c)
    {
        if (!c.Wants(0) && !c.Wants(1))
        {
            return [null, null];
        }

        var transposed = c.Attributes.Bool("transposed");
        var right = b.Apply(OpCode.Solve, Attributes.Empty.With("transposed", !transposed), c[0], c.Dy);
        return [c.Wants(0) ? b.SumTo(OfMatrix(b, right, c.Y, transposed), c[0].Shape) : null, c.Wants(1) ? b.SumTo(right, c[1].Shape) : null];
    }

    // det(A)·A⁻ᵀ.
    public static OpValue Determinant(OpBuilder b, GradientInputs c) => Scaled(b, c.Dy * c.Y, InverseTransposed(b, c[0]));

    // The sign does not change; the logarithm of |det A| with A⁻ᵀ.
    public static OpValue SlogDet(OpBuilder b, GradientInputs c)
    {
        var axis = c.Dy.Shape.Rank - 1;
        var log = b.Slice(c.Dy, c.Dy.Shape.Select((_, i) => i == axis ? Dim.One : Dim.Zero), c.Dy.Shape.Dims.SetItem(axis, 1));
        return Scaled(b, b.Reshape(log, new Shape(c.Dy.Shape.Dims.RemoveAt(axis))), InverseTransposed(b, c[0]));
    }

    // M = R R̄ᵀ - Q̄ᵀ Q: Ā = (Q̄ + Q (tril(M) + tril(M, -1)ᵀ)) R⁻ᵀ. More columns than rows: A = [X Y], X = Q U and R = [U, QᵀY].
    public static OpValue Qr(OpBuilder b, GradientInputs c)
    {
        var (m, n, k) = (MatrixOps.RowsOf(c[0]), MatrixOps.ColumnsOf(c[0]), MatrixOps.ColumnsOf(c.Y));
        var (q, dq) = (MatrixOps.RowsAt(b, c.Y, 0, m), MatrixOps.RowsAt(b, c.Dy, 0, m));
        var (right, dRight) = (MatrixOps.RowsAt(b, c.Y, m, k), Lower(b, MatrixOps.RowsAt(b, c.Dy, m, k)));
        if (k == n)
        {
            return Tall(b, q, right, dq, dRight);
        }

        if (k != m)
        {
            throw new ShapeException($"qr_factors(x: {c[0].Type}): its gradient needs to know which of {m} and {n} is the smaller; use a constant size, or one name for both") { IsProvable = false };
        }

        var rest = n - m;
        OpValue Columns(OpValue x, Dim start, Dim count) => b.SwapLast(MatrixOps.RowsAt(b, b.SwapLast(x), start, count));
        var dv = MatrixOps.RowsAt(b, c.Dy, m + m, rest);
        var dx = Tall(b, q, right, dq + b.MatMul(Columns(c[0], m, rest), dv), dRight);
        return b.Apply(OpCode.Concat, Attributes.Empty.With("axis", c[0].Shape.Rank - 1L), dx, b.MatMul(q, dv, transposeB: true));
    }

    // Ā = V (diag(λ̄) + F∘(Vᵀ V̄)) Vᵀ, F = 1 / (λj - λi) off the diagonal.
    public static OpValue Eigh(OpBuilder b, GradientInputs c)
    {
        var n = MatrixOps.ColumnsOf(c.Y);
        var (values, vectors) = (MatrixOps.RowsAt(b, c.Y, 0, 1), MatrixOps.RowsAt(b, c.Y, 1, n));
        var (dValues, dVectors) = (MatrixOps.RowsAt(b, c.Dy, 0, 1), MatrixOps.RowsAt(b, c.Dy, 1, n));
        var inner = Diagonal(b, dValues) + (Gaps(b, values) * b.MatMul(vectors, dVectors, transposeA: true));
        return Symmetric(b, b.MatMul(b.MatMul(vectors, inner), vectors, transposeB: true));
    }

    // Ā = U (F∘(Uᵀ Ū - Ūᵀ U) S + S F∘(Vᵀ V̄ - V̄ᵀ V) + diag(S̄)) Vᵀ + (I - U Uᵀ) Ū S⁻¹ Vᵀ + U S⁻¹ V̄ᵀ (I - V Vᵀ), F = 1 / (sj² - si²) off the diagonal.
    public static OpValue Svd(OpBuilder b, GradientInputs c)
    {
        var (m, n, k) = (MatrixOps.RowsOf(c[0]), MatrixOps.ColumnsOf(c[0]), MatrixOps.ColumnsOf(c.Y));
        var (u, s, v) = (MatrixOps.RowsAt(b, c.Y, 0, m), MatrixOps.RowsAt(b, c.Y, m, 1), MatrixOps.RowsAt(b, c.Y, m + 1, n));
        var (du, ds, dv) = (MatrixOps.RowsAt(b, c.Dy, 0, m), MatrixOps.RowsAt(b, c.Dy, m, 1), MatrixOps.RowsAt(b, c.Dy, m + 1, n));
        var gaps = Gaps(b, s, squared: true);
        OpValue Skew(OpValue x, OpValue dx)
        {
            var product = b.MatMul(x, dx, transposeA: true);
            return gaps * (product - b.SwapLast(product));
        }

        var inner = (Skew(u, du) * s) + (b.SwapLast(s) * Skew(v, dv)) + Diagonal(b, ds);
        var result = b.MatMul(b.MatMul(u, inner), v, transposeB: true);
        var inverse = Inverted(b, s);
        if (k != m)
        {
            result += b.MatMul(Outside(b, u, du) * inverse, v, transposeB: true);
        }

        return k == n ? result : result + b.MatMul(u * inverse, Outside(b, v, dv), transposeB: true);
    }

    // The upper right block of exp [Aᵀ Ȳ; 0 Aᵀ] (Van Loan, 1978; Higham, "Functions of matrices", 2008, (3.16)).
    public static OpValue Exponential(OpBuilder b, GradientInputs c)
    {
        var n = MatrixOps.ColumnsOf(c[0]);
        var (a, last) = (b.SwapLast(c[0]), c[0].Shape.Rank - 1L);
        OpValue Joined(long axis, params OpValue[] parts) => b.Apply(OpCode.Concat, Attributes.Empty.With("axis", axis), parts);
        var block = Joined(last - 1, Joined(last, a, c.Dy), Joined(last, b.ZerosLike(a), a));
        var rows = MatrixOps.RowsAt(b, b.Apply(OpCode.MatrixExp, block), 0, n);
        return b.SwapLast(MatrixOps.RowsAt(b, b.SwapLast(rows), n, n));
    }

    public static OpValue Identity(OpBuilder b, OpValue like, Dim size) =>
        b.Apply(OpCode.Eye, Attributes.Empty.With("rows", size).With("columns", size).With("dtype", like.DType));

    /// <summary>A number of each matrix times that matrix.</summary>
    private static OpValue Scaled(OpBuilder b, OpValue numbers, OpValue matrices) => b.Reshape(numbers, MatrixOps.With(numbers.Shape, 1, 1)) * matrices;

    private static OpValue InverseTransposed(OpBuilder b, OpValue a) =>
        b.Apply(OpCode.Solve, Attributes.Empty.With("transposed", true), a, Identity(b, a, MatrixOps.ColumnsOf(a)));

    private static OpValue OfMatrix(OpBuilder b, OpValue right, OpValue x, bool transposed) =>
        -(transposed ? b.MatMul(x, right, transposeB: true) : b.MatMul(right, x, transposeB: true));

    private static OpValue Triangular(OpBuilder b, OpValue a, OpValue right, bool lower, bool transposed) =>
        b.Apply(OpCode.TriangularSolve, Attributes.Empty.With("lower", lower).With("transposed", transposed), a, right);

    /// <param name="away">How many diagonals lie between the main one and the triangle.</param>
    private static OpValue Triangle(OpBuilder b, OpValue x, bool lower, long away) =>
        b.Apply(lower ? OpCode.Tril : OpCode.Triu, Attributes.Empty.With("diagonal", lower ? -away : away), x);

    private static OpValue Lower(OpBuilder b, OpValue x) => Triangle(b, x, lower: true, 0);

    private static OpValue HalfLower(OpBuilder b, OpValue x) => (Lower(b, x) + Triangle(b, x, lower: true, 1)) * 0.5;

    private static OpValue Symmetric(OpBuilder b, OpValue x) => (x + b.SwapLast(x)) * 0.5;

    private static OpValue Diagonal(OpBuilder b, OpValue row) =>
        b.Apply(OpCode.DiagonalMatrix, b.Reshape(row, new Shape(row.Shape.Dims.RemoveAt(row.Shape.Rank - 2))));

    // With L = Rᵀ.
    private static OpValue Tall(OpBuilder b, OpValue q, OpValue l, OpValue dq, OpValue dl)
    {
        var m = b.MatMul(l, dl, transposeA: true) - b.MatMul(dq, q, transposeA: true);
        var inner = dq + b.MatMul(q, Lower(b, m) + b.SwapLast(Triangle(b, m, lower: true, 1)));
        return b.SwapLast(Triangular(b, l, b.SwapLast(inner), lower: true, transposed: true));
    }

    // 1 / (yj - yi), 0 where the values are equal. Of squares: (s + t)(s - t) loses no digits.
    private static OpValue Gaps(OpBuilder b, OpValue values, bool squared = false)
    {
        var difference = values - b.SwapLast(values);
        return Inverted(b, squared ? difference * (values + b.SwapLast(values)) : difference);
    }

    private static OpValue Inverted(OpBuilder b, OpValue x)
    {
        var isZero = CompositeRow.Equal(b, x, 0);
        return b.Select(isZero, b.ScalarLike(x, 0), 1.0 / b.Select(isZero, b.ScalarLike(x, 1), x));
    }

    // What the columns do not span.
    private static OpValue Outside(OpBuilder b, OpValue x, OpValue dx) => dx - b.MatMul(x, b.MatMul(x, dx, transposeA: true));
}
