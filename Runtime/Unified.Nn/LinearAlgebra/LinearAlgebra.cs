using static Unified.Ops;

namespace Unified.Nn;

/// <summary>What has several results, of the matrices in the last two axes: see the ops of the same names. In eager mode and in static graphs.</summary>
public static partial class LinearAlgebra
{
    /// <summary>x = Q·R for x [..., m, n] and k = min(m, n): Q [..., m, k] with orthonormal columns, R [..., k, n] upper triangular with a diagonal that is not negative.</summary>
    [StaticGraph]
    public static (Tensor Q, Tensor R) Qr(Tensor x)
    {
        var (turned, m) = (SwapAxes(QrFactors(x), -1, -2), x.Shape[^2]);
        return (SwapAxes(turned[.., ..m], -1, -2), turned[.., m..]);
    }

    /// <summary>½(x + xᵀ) = V·diag(λ)·Vᵀ for x [..., n, n]: λ [..., n] in rising order, V [..., n, n] with the vectors as columns.</summary>
    [StaticGraph]
    public static (Tensor Values, Tensor Vectors) Eigh(Tensor x)
    {
        var turned = SwapAxes(EighFactors(x), -1, -2);
        return (turned[.., 0], SwapAxes(turned[.., 1..], -1, -2));
    }

    /// <summary>x = U·diag(s)·Vᵀ for x [..., m, n] and k = min(m, n): U [..., m, k], s [..., k] in falling order, V [..., n, k].</summary>
    [StaticGraph]
    public static (Tensor U, Tensor S, Tensor V) Svd(Tensor x)
    {
        var (turned, m) = (SwapAxes(SvdFactors(x), -1, -2), x.Shape[^2]);
        return (SwapAxes(turned[.., ..m], -1, -2), turned[.., m], SwapAxes(turned[.., (m + 1)..], -1, -2));
    }

    /// <summary>The determinants of x [..., n, n] as sign · exp(log): both [...].</summary>
    [StaticGraph]
    public static (Tensor Sign, Tensor Log) SlogDeterminant(Tensor x)
    {
        var both = MoveAxis(SlogDet(x), -1, 0);
        return (StopGradient(both[0]), both[1]);
    }
}
