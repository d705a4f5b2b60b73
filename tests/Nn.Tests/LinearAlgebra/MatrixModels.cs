namespace Unified.Nn.Tests;

/// <summary>Factors, solutions and their gradients as a model would use them.</summary>
public sealed partial class MatrixWork : Module
{
    [StaticGraph]
    public (Tensor Q, Tensor R) Qr([Shape("B", "N", 4)] Tensor x) => LinearAlgebra.Qr(x);

    [StaticGraph]
    public (Tensor Values, Tensor Vectors) Eigh([Shape("N", "N")] Tensor x) => LinearAlgebra.Eigh(x);

    [StaticGraph]
    public (Tensor U, Tensor S, Tensor V) Svd([Shape("N", 3)] Tensor x) => LinearAlgebra.Svd(x);

    [StaticGraph]
    public (Tensor Sign, Tensor Log) Slog([Shape("B", "N", "N")] Tensor x) => LinearAlgebra.SlogDeterminant(x);

    [StaticGraph]
    public Tensor Factor([Shape("B", "N", "N")] Tensor x) => Ops.Cholesky(x);

    [StaticGraph]
    public Tensor Solved([Shape("B", "N", "N")] Tensor a, [Shape("B", "N", 1)] Tensor b) => Ops.Solve(a, b);

    /// <summary>The log-likelihood of a Gaussian process and its slope by the kernel's matrix.</summary>
    [StaticGraph]
    public (Tensor Loss, Tensor Slope) Evidence([Shape("B", "N", "N")] Tensor covariance, [Shape("B", "N", 1)] Tensor y)
    {
        var (loss, slopes) = Ops.ValueAndGrad(
            () =>
            {
                var l = Ops.Cholesky(covariance);
                var z = Ops.TriangularSolve(l, y);
                return Ops.Sum(z * z) * 0.5f + Ops.Sum(Ops.Log(Ops.Diagonal(l)));
            },
            [covariance]);
        return (loss, slopes[0]);
    }

    [StaticGraph]
    public Tensor Each([Shape("B", "N", "N")] Tensor x) => Ops.Vmap(m => Ops.Inverse(m), x);
}
