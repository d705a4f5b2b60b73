using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>Normal vectors [..., n] of a mean [..., n] and the factor [..., n, n] of their covariance L·Lᵀ: <see cref="Ops.Cholesky"/>. Their shapes before n are the same.</summary>
public static partial class MultivariateNormal
{
    private const double HalfLogTwoPi = 0.91893853320467274178;

    /// <summary>One vector for each mean; gradients flow to mean and factor.</summary>
    [StaticGraph]
    public static Tensor Sample(Tensor state, Tensor mean, Tensor factor) =>
        mean + Squeeze(MatMul(Tril(factor), ExpandDims(Noise.Normal(state, mean), -1)), [-1]);

    [StaticGraph]
    public static Tensor LogProbability(Tensor x, Tensor mean, Tensor factor) =>
        Sum((Square(Whitened(x - mean, factor)) * -0.5) - Log(Diagonal(factor)) - HalfLogTwoPi, -1);

    [StaticGraph]
    public static Tensor Entropy(Tensor factor) => Sum(Log(Diagonal(factor)) + (HalfLogTwoPi + 0.5), -1);

    [StaticGraph]
    public static Tensor Covariance(Tensor factor) => MatMul(Tril(factor), Tril(factor), transposeB: true);

    /// <summary>Kullback and Leibler's divergence of p from q.</summary>
    [StaticGraph]
    public static Tensor Divergence(Tensor meanP, Tensor factorP, Tensor meanQ, Tensor factorQ)
    {
        var spread = Sum(Square(TriangularSolve(factorQ, Tril(factorP))), -1);
        return Sum(((spread + Square(Whitened(meanP - meanQ, factorQ)) - 1.0) * 0.5) + Log(Diagonal(factorQ) / Diagonal(factorP)), -1);
    }

    [StaticGraph]
    private static Tensor Whitened(Tensor x, Tensor factor) => Squeeze(TriangularSolve(factor, ExpandDims(x, -1)), [-1]);
}
