using Unified.Ir;

namespace Unified;

/// <summary>
/// Factors and solutions of the matrices in the last two axes, f32 or f64, computed in double precision and rounded once; the axes before are a batch. A matrix
/// that has no such factors or solution is a <see cref="LinearAlgebraException"/>. What has several factors is one tensor here; <c>LinearAlgebra</c> takes it apart.
/// </summary>
public static partial class Ops
{
    /// <summary>L of ½(x + xᵀ) = L·Lᵀ, lower triangular: [..., n, n].</summary>
    /// <exception cref="LinearAlgebraException">A matrix is not positive definite.</exception>
    [Op(OpCode.Cholesky)]
    public static Tensor Cholesky(Tensor x) => Eager.Apply(OpCode.Cholesky, x);

    /// <summary>The solution X of A·X = b for the lower or upper triangle of a [..., n, n] and b [..., n, k]; batches broadcast. Of the other triangle nothing is read.</summary>
    /// <param name="a">The triangles.</param>
    /// <param name="b">The right sides.</param>
    /// <param name="lower">Which triangle.</param>
    /// <param name="transposed">Solves Aᵀ·X = b.</param>
    /// <param name="unitDiagonal">The diagonal is taken as ones, and not read.</param>
    /// <exception cref="LinearAlgebraException">A diagonal has a 0.</exception>
    [Op(OpCode.TriangularSolve)]
    public static Tensor TriangularSolve(Tensor a, Tensor b, bool lower = true, bool transposed = false, bool unitDiagonal = false) =>
        Eager.Apply(OpCode.TriangularSolve, Attributes.Empty.With("lower", lower).With("transposed", transposed).With("unitDiagonal", unitDiagonal), a, b);

    /// <summary>The solution X of A·X = b, a [..., n, n] and b [..., n, k], by elimination with pivots; batches broadcast. A vector is a matrix of one column.</summary>
    /// <param name="a">The matrices.</param>
    /// <param name="b">The right sides.</param>
    /// <param name="transposed">Solves Aᵀ·X = b.</param>
    /// <exception cref="LinearAlgebraException">A matrix is singular.</exception>
    [Op(OpCode.Solve)]
    public static Tensor Solve(Tensor a, Tensor b, bool transposed = false) => Eager.Apply(OpCode.Solve, Attributes.Empty.With("transposed", transposed), a, b);

    /// <summary>X of b = L·Lᵀ·X, for a factor of <see cref="Cholesky"/>.</summary>
    [Op(OpCode.CholeskySolve)]
    public static Tensor CholeskySolve(Tensor factor, Tensor b) => Eager.Apply(OpCode.CholeskySolve, factor, b);

    /// <summary>The inverse of square matrices. Where it is only multiplied with, <see cref="Solve"/> is exacter and cheaper.</summary>
    /// <exception cref="LinearAlgebraException">A matrix is singular.</exception>
    [Op(OpCode.Inverse)]
    public static Tensor Inverse(Tensor x) => Eager.Apply(OpCode.Inverse, x);

    /// <summary>The determinants of [..., n, n]: [...]. The gradient is that of an invertible matrix.</summary>
    [Op(OpCode.Determinant)]
    public static Tensor Determinant(Tensor x) => Eager.Apply(OpCode.Determinant, x);

    /// <summary>Sign and logarithm of |determinant| of [..., n, n]: [..., 2]; 0 and -∞ for a singular matrix.</summary>
    [Op(OpCode.SlogDet)]
    public static Tensor SlogDet(Tensor x) => Eager.Apply(OpCode.SlogDet, x);

    /// <summary>x = Q·R of [..., m, n], k = min(m, n): Q [m, k] above Rᵀ [n, k], together [..., m + n, k]. The diagonal of R is not negative.</summary>
    [Op(OpCode.QrFactors)]
    public static Tensor QrFactors(Tensor x) => Eager.Apply(OpCode.QrFactors, x);

    /// <summary>
    /// ½(x + xᵀ) = V·diag(λ)·Vᵀ of [..., n, n]: λ, in rising order, above V, whose columns are the vectors, together [..., n + 1, n]. The first element of a
    /// vector that is not small beside its largest is positive.
    /// </summary>
    /// <exception cref="LinearAlgebraException">A matrix has a NaN or an infinity.</exception>
    [Op(OpCode.EighFactors)]
    public static Tensor EighFactors(Tensor x) => Eager.Apply(OpCode.EighFactors, x);

    /// <summary>x = U·diag(s)·Vᵀ of [..., m, n], k = min(m, n): U [m, k] above s, in falling order, above V [n, k], together [..., m + 1 + n, k]. Signs as <see cref="EighFactors"/>, by U.</summary>
    /// <exception cref="LinearAlgebraException">A matrix has a NaN or an infinity.</exception>
    [Op(OpCode.SvdFactors)]
    public static Tensor SvdFactors(Tensor x) => Eager.Apply(OpCode.SvdFactors, x);

    /// <summary>The singular values of [..., m, n], in falling order: [..., min(m, n)].</summary>
    [Op(OpCode.SingularValues)]
    public static Tensor SingularValues(Tensor x) => Eager.Apply(OpCode.SingularValues, x);

    /// <summary>The eigenvalues of ½(x + xᵀ), [..., n, n], in rising order: [..., n].</summary>
    [Op(OpCode.Eigvalsh)]
    public static Tensor Eigvalsh(Tensor x) => Eager.Apply(OpCode.Eigvalsh, x);

    /// <summary>The exponential Σ xᵏ/k! of square matrices.</summary>
    [Op(OpCode.MatrixExp)]
    public static Tensor MatrixExp(Tensor x) => Eager.Apply(OpCode.MatrixExp, x);

    /// <summary>The matrix multiplied with itself; a negative power is one of the inverse.</summary>
    [Op(OpCode.MatrixPower)]
    public static Tensor MatrixPower(Tensor x, int power) => Eager.Apply(OpCode.MatrixPower, Attributes.Empty.With("power", (long)power), x);

    /// <summary>The inverse of Moore and Penrose of [..., m, n]: [..., n, m].</summary>
    /// <param name="x">The matrices.</param>
    /// <param name="relative">Singular values up to this share of the largest count as 0; 0: ε·max(m, n), that of rounding.</param>
    [Op(OpCode.PseudoInverse)]
    public static Tensor PseudoInverse(Tensor x, double relative = 0) => Eager.Apply(OpCode.PseudoInverse, Attributes.Empty.With("relative", relative), x);

    /// <summary>X with the smallest |A·X - b|, and of those the smallest X: a [..., m, n], b [..., m, k], result [..., n, k].</summary>
    /// <param name="a">The matrices.</param>
    /// <param name="b">The right sides.</param>
    /// <param name="relative">As of <see cref="PseudoInverse"/>.</param>
    [Op(OpCode.LeastSquares)]
    public static Tensor LeastSquares(Tensor a, Tensor b, double relative = 0) => Eager.Apply(OpCode.LeastSquares, Attributes.Empty.With("relative", relative), a, b);

    /// <summary>How many singular values of [..., m, n] are above the bound: [...], i64.</summary>
    /// <param name="x">The matrices.</param>
    /// <param name="relative">As of <see cref="PseudoInverse"/>.</param>
    [Op(OpCode.MatrixRank)]
    public static Tensor MatrixRank(Tensor x, double relative = 0) => Eager.Apply(OpCode.MatrixRank, Attributes.Empty.With("relative", relative), x);

    /// <summary>A norm of each matrix: [..., m, n] to [...].</summary>
    /// <param name="x">The matrices.</param>
    /// <param name="kind"><c>frobenius</c> √Σx², <c>nuclear</c> Σs, <c>spectral</c> max s, <c>columns</c> and <c>rows</c> the largest Σ|x| of one.</param>
    [Op(OpCode.MatrixNorm)]
    public static Tensor MatrixNorm(Tensor x, string kind = "frobenius") => Eager.Apply(OpCode.MatrixNorm, Attributes.Empty.With("kind", new StringAttribute(kind)), x);
}
