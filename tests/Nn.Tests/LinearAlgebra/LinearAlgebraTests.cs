using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Residuals of factors and solutions at sizes and conditions that are hard, in both modes; and what has no factors.</summary>
[Collection("graphs")]
public class LinearAlgebraTests
{
    private static readonly MatrixWork s_work = new();

    public static TheoryData<ExecutionMode> Modes => [ExecutionMode.Eager, ExecutionMode.Graph];

    [Theory]
    [MemberData(nameof(Modes))]
    public void Qr_gives_the_matrix_back(ExecutionMode mode)
    {
        foreach (var rows in (int[])[9, 4, 2, 1])
        {
            var x = Draw(2, rows, 4);
            var (q, r) = BothModes.In(mode, () => s_work.Qr(x));
            var k = Math.Min(rows, 4);
            Assert.Equal([2, rows, k], q.Shape.ToArray());
            Assert.Equal([2, k, 4], r.Shape.ToArray());
            Near(x, Ops.MatMul(q, r));
            Near(One(k), Ops.MatMul(q, q, transposeA: true));
            Near(Ops.Triu(r), r);
        }
    }

    [Theory]
    [InlineData(50, 50)]
    [InlineData(150, 150)]
    [InlineData(120, 30)]
    [InlineData(30, 120)]
    [InlineData(1, 7)]
    public void Factors_are_exact_to_rounding_in_f64(int rows, int columns)
    {
        var x = Draw(DType.F64, rows, columns);
        var (q, r) = LinearAlgebra.Qr(x);
        var (u, s, v) = LinearAlgebra.Svd(x);
        var k = Math.Min(rows, columns);
        Near(x, Ops.MatMul(q, r), 1e-14);
        Near(x, Ops.MatMul(u * s, v, transposeB: true), 1e-14);
        foreach (var basis in (Tensor[])[q, u, v])
        {
            Near(One(k, DType.F64), Ops.MatMul(basis, basis, transposeA: true), 1e-14);
        }

        var values = s.ToArray<double>();
        Assert.Equal(values.OrderDescending(), values);
        Assert.All(values, value => Assert.True(value >= 0));
        if (rows == columns)
        {
            var symmetric = x + Ops.SwapAxes(x, 0, 1);
            var (lambda, vectors) = LinearAlgebra.Eigh(symmetric);
            Near(symmetric, Ops.MatMul(vectors * lambda, vectors, transposeB: true), 1e-14);
            Near(One(k, DType.F64), Ops.MatMul(vectors, vectors, transposeA: true), 1e-14);
            Near(One(k, DType.F64), Ops.MatMul(x, Ops.Inverse(x)), 1e-12);
            var (sign, log) = LinearAlgebra.SlogDeterminant(x);
            Near(Ops.Determinant(x), sign * Ops.Exp(log), 1e-12);
        }
    }

    // Hilbert's matrix of 12 rows has a condition of 1e16.
    [Fact]
    public void Bad_conditions_lose_no_digits_in_the_residual()
    {
        const int Size = 12;
        var h = Tensor.From<double>([.. Enumerable.Range(0, Size * Size).Select(i => 1.0 / ((i / Size) + (i % Size) + 1))], Size, Size);
        var l = Ops.Cholesky(h);
        Near(h, Ops.MatMul(l, l, transposeB: true), 1e-15);
        var (u, s, v) = LinearAlgebra.Svd(h);
        Near(h, Ops.MatMul(u * s, v, transposeB: true), 2e-15);
        Near(One(Size, DType.F64), Ops.MatMul(u, u, transposeA: true), 1e-14);
        Near(One(Size, DType.F64), Ops.MatMul(v, v, transposeA: true), 1e-14);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_matrix_of_low_rank_has_whole_bases(ExecutionMode mode)
    {
        var x = Tensor.From<float>([1, 2, 3, 2, 4, 6, 0, 0, 0, 3, 6, 9], 4, 3);
        var (u, s, v) = BothModes.In(mode, () => s_work.Svd(x));
        Near(x, Ops.MatMul(u * s, v, transposeB: true));
        Near(One(3), Ops.MatMul(u, u, transposeA: true));
        Near(One(3), Ops.MatMul(v, v, transposeA: true));
        Assert.Equal(1L, Ops.MatrixRank(x).Item<long>());
        Near(x, Ops.MatMul(x, Ops.MatMul(Ops.PseudoInverse(x), x)));
        var (zeroU, zeroS, _) = LinearAlgebra.Svd(Tensor.Zeros([4, 3]));
        Near(One(3), Ops.MatMul(zeroU, zeroU, transposeA: true));
        Assert.Equal([0, 0, 0], zeroS.ToArray<float>());
    }

    [Fact]
    public void Both_modes_agree_for_every_batch_size()
    {
        foreach (var (batch, size) in ((int, int)[])[(1, 3), (4, 5), (2, 1)])
        {
            var a = Positive(batch, size);
            var y = Draw(batch, size, 1);
            BothModes.Agree(() => s_work.Factor(a));
            BothModes.Agree(() => s_work.Solved(a, y));
            BothModes.Agree(() => s_work.Evidence(a, y).Loss);
            BothModes.Agree(() => s_work.Evidence(a, y).Slope, 1e-5);
            BothModes.Agree(() => s_work.Each(a));
            BothModes.Agree(() => s_work.Slog(a).Log);
            BothModes.Agree(() => s_work.Eigh(a[0]).Vectors, 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void What_has_no_factors_is_the_same_exception_in_both_modes(ExecutionMode mode)
    {
        var indefinite = Tensor.From<float>([1, 0, 0, 1, 1, 2, 2, 1], 2, 2, 2);
        var error = Assert.Throws<LinearAlgebraException>(() => BothModes.In(mode, () => s_work.Factor(indefinite)));
        Assert.StartsWith("cholesky(x: f32[2,2,2]): matrix 1 of the batch is not positive definite: pivot 1 is -3;", error.Message, StringComparison.Ordinal);
        var singular = Tensor.From<float>([1, 2, 2, 4], 1, 2, 2);
        error = Assert.Throws<LinearAlgebraException>(() => BothModes.In(mode, () => s_work.Solved(singular, Tensor.Ones([1, 2, 1]))));
        Assert.StartsWith("solve(a: f32[1,2,2], b: f32[1,2,1]): the matrix is singular", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<LinearAlgebraException>(() => BothModes.In(mode, () => s_work.Eigh(Tensor.From<float>([1, float.NaN, 0, 1], 2, 2))));
        Assert.Contains("has NaN in row 0, column 1", error.Message, StringComparison.Ordinal);

        // The graph runs again after it.
        Near(Tensor.From<float>([1, 0, 0, 1, 2, 0, 0, 3], 2, 2, 2), BothModes.In(mode, () => s_work.Factor(Tensor.From<float>([1, 0, 0, 1, 4, 0, 0, 9], 2, 2, 2))));
    }

    [Fact]
    public void A_determinant_may_be_zero()
    {
        var singular = Tensor.From<double>([1, 2, 2, 4], 2, 2);
        Assert.Equal(0, Ops.Determinant(singular).Item<double>());
        Assert.Equal([0, double.NegativeInfinity], Ops.SlogDet(singular).ToArray<double>());
    }

    // The vectors of equal values are any basis: what does not depend on which one has its gradient.
    [Fact]
    public void Equal_eigenvalues_have_the_gradient_of_their_sum()
    {
        var x = Ops.Eye(3, 3, DType.F64) * 2.0;
        var slope = Ops.Grad(() => Ops.Sum(Ops.Eigvalsh(x) * Ops.Eigvalsh(x)), [x])[0];
        Near(x * 2.0, slope, 1e-15);
        slope = Ops.Grad(() => Ops.Sum(Ops.SingularValues(x)), [x])[0];
        Near(Ops.Eye(3, 3, DType.F64), slope, 1e-15);
    }

    [Fact]
    public void Exponentials_and_powers()
    {
        var turn = Tensor.From<double>([0, -Math.PI / 2, Math.PI / 2, 0], 2, 2);
        Near(Tensor.From<double>([0, -1, 1, 0], 2, 2), Ops.MatrixExp(turn), 1e-15);
        Near(Tensor.From<double>([Math.Exp(30), 0, 0, Math.Exp(-30)], 2, 2) / Math.Exp(30), Ops.MatrixExp(Tensor.From<double>([30, 0, 0, -30], 2, 2)) / Math.Exp(30), 1e-13);
        var x = Tensor.From<double>([1, 1, 1, 0], 2, 2);
        Assert.Equal([89, 55, 55, 34], Ops.MatrixPower(x, 10).ToArray<double>());
        Near(Ops.Eye(2, 2, DType.F64), Ops.MatMul(Ops.MatrixPower(x, -3), Ops.MatrixPower(x, 3)), 1e-14);
    }

    private static Tensor One(int size, DType dtype = DType.F32) => Ops.Eye(size, size, dtype);

    private static Tensor Draw(params int[] shape) => new Generator(3).Normal(shape);

    private static Tensor Draw(DType dtype, params int[] shape) => Ops.Cast(new Generator(3).Normal(shape), dtype);

    private static Tensor Positive(int batch, int size)
    {
        var x = Draw(batch, size, size);
        return Ops.MatMul(x, x, transposeB: true) + (One(size) * 0.5f);
    }

    // ‖expected - actual‖ / ‖expected‖, Frobenius's norms.
    private static void Near(Tensor expected, Tensor actual, double bound = 2e-6)
    {
        static double Norm(Tensor x) => Math.Sqrt(Ops.Sum(Ops.Square(Ops.Cast(x, DType.F64))).Item<double>());
        var (error, size) = (Norm(expected - actual), Norm(expected));
        Assert.True(error <= bound * Math.Max(size, 1e-300), $"differs by {error:G3} where the norm is {size:G3}");
    }
}
