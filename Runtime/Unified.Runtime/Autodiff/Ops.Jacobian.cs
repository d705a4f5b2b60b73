using Unified.Ir;

namespace Unified;

/// <summary>Whole matrices of derivatives.</summary>
public static partial class Ops
{
    /// <summary>
    /// The derivative of each element of the result of <paramref name="f"/> by each of <paramref name="wrt"/>, of shape
    /// <c>[result's shape, wrt's shape]</c>, by forward mode: one tangent for each element of <paramref name="wrt"/>, all at once.
    /// </summary>
    /// <exception cref="ShapeException">The tensor or the result is not floating-point.</exception>
    [Intrinsic("jacobian_forward")]
    public static Tensor JacobianForward(Func<Tensor> f, Tensor wrt)
    {
        using var run = new Differentiation("JacobianForward", [wrt]);
        var value = run.Float(f());
        using var basis = Basis(wrt.Dims, wrt.DType);
        using var columns = Vmap(e => run.Tangent(value, [e]), basis, 0, -1);
        return Reshape(columns, [.. value.Dims, .. wrt.Dims]);
    }

    /// <summary>As <see cref="JacobianForward"/>, by reverse mode: one cotangent for each element of the result, all at once.</summary>
    /// <exception cref="ShapeException">The tensor or the result is not floating-point.</exception>
    [Intrinsic("jacobian_reverse")]
    public static Tensor JacobianReverse(Func<Tensor> f, Tensor wrt)
    {
        using var run = new Differentiation("JacobianReverse", [wrt]);
        var value = run.Float(f());
        using var basis = Basis(value.Dims, value.DType);
        using var rows = Vmap(e => run.Gradients(value, e)[0], basis);
        return Reshape(rows, [.. value.Dims, .. wrt.Dims]);
    }

    /// <summary>
    /// The second derivatives of <paramref name="f"/>, whose result is one number, of shape <c>[wrt's shape, wrt's shape]</c>: forward mode over
    /// reverse mode.
    /// </summary>
    /// <exception cref="ShapeException">The result is not a single floating-point number, or the tensor is not floating-point.</exception>
    [Intrinsic("hessian")]
    public static Tensor Hessian(Func<Tensor> f, Tensor wrt) => JacobianForward(() => Grad(f, wrt), wrt);

    /// <summary>For each element of a shape, the tensor with a one there.</summary>
    private static Tensor Basis(int[] dims, DType dtype)
    {
        var size = checked((int)Strided.Size(dims));
        using var ones = Eye(size, size, dtype);
        return Reshape(ones, [size, .. dims]);
    }
}
