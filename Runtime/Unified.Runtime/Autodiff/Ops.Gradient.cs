using Unified.Ir;

namespace Unified;

/// <summary>Differentiation of functions.</summary>
public static partial class Ops
{
    /// <summary>
    /// Runs <paramref name="f"/> and differentiates its result, one number, with respect to tensors it uses. Gradients have the
    /// tensors' types and order; zeros where the result does not depend on a tensor. What was computed before <paramref name="f"/> runs is a
    /// constant to it. Calls nest, for higher derivatives.
    /// </summary>
    /// <exception cref="ShapeException">The result is not a single floating-point number, or a tensor is not floating-point.</exception>
    [Intrinsic("value_and_grad")]
    public static (Tensor Value, IReadOnlyList<Tensor> Gradients) ValueAndGrad(Func<Tensor> f, IReadOnlyList<Tensor> wrt)
    {
        using var run = new Differentiation("ValueAndGrad", wrt);
        var value = f();
        if (value.Size != 1 || !value.DType.IsFloat())
        {
            throw new ShapeException($"ValueAndGrad: the function's result is {value.Type}, not a single floating-point number; reduce it");
        }

        using var one = Tensor.Filled(value.Dims, 1, value.DType);
        return (value, run.Gradients(value, one));
    }

    /// <summary>As <see cref="ValueAndGrad(Func{Tensor}, IReadOnlyList{Tensor})"/>, for one tensor.</summary>
    [Intrinsic("value_and_grad")]
    public static (Tensor Value, Tensor Gradient) ValueAndGrad(Func<Tensor> f, Tensor wrt)
    {
        var (value, gradients) = ValueAndGrad(f, [wrt]);
        return (value, gradients[0]);
    }

    /// <summary>The gradients of <see cref="ValueAndGrad(Func{Tensor}, IReadOnlyList{Tensor})"/>.</summary>
    [Intrinsic("grad")]
    public static IReadOnlyList<Tensor> Grad(Func<Tensor> f, IReadOnlyList<Tensor> wrt) => ValueAndGrad(f, wrt).Gradients;

    /// <summary>The gradient of <see cref="ValueAndGrad(Func{Tensor}, Tensor)"/>.</summary>
    [Intrinsic("grad")]
    public static Tensor Grad(Func<Tensor> f, Tensor wrt) => ValueAndGrad(f, [wrt]).Gradients[0];

    /// <summary>
    /// The product of a vector and the Jacobian, by reverse mode: runs <paramref name="f"/>, whose result has any shape, and sends
    /// <paramref name="cotangent"/> back through it. The cotangents have the tensors' types and order. Cost: a few times that of
    /// <paramref name="f"/>, however many tensors there are.
    /// </summary>
    /// <exception cref="ShapeException">The cotangent's type is not the result's, or a tensor is not floating-point.</exception>
    [Intrinsic("vjp")]
    public static (Tensor Value, IReadOnlyList<Tensor> Cotangents) Vjp(Func<Tensor> f, IReadOnlyList<Tensor> wrt, Tensor cotangent)
    {
        using var run = new Differentiation("Vjp", wrt);
        var value = f();
        if (value.DType != cotangent.DType || value.Shape != cotangent.Shape || !value.DType.IsFloat())
        {
            throw new ShapeException($"Vjp: the function's result is {value.Type}, its cotangent is {cotangent.Type}; both must be of one floating-point type");
        }

        return (value, run.Gradients(value, cotangent));
    }

    /// <summary>As <see cref="Vjp(Func{Tensor}, IReadOnlyList{Tensor}, Tensor)"/>, for one tensor.</summary>
    [Intrinsic("vjp")]
    public static (Tensor Value, Tensor Cotangent) Vjp(Func<Tensor> f, Tensor wrt, Tensor cotangent)
    {
        var (value, cotangents) = Vjp(f, [wrt], cotangent);
        return (value, cotangents[0]);
    }

    /// <summary>
    /// The product of the Jacobian and a vector, by forward mode: runs <paramref name="f"/> and says how its result changes, to first order, as
    /// each tensor changes along its tangent. Tensors that are not named do not change. The tangent has the result's type.
    /// </summary>
    /// <exception cref="ShapeException">The tangents' types are not the tensors', or a tensor or the result is not floating-point.</exception>
    [Intrinsic("jvp")]
    public static (Tensor Value, Tensor Tangent) Jvp(Func<Tensor> f, IReadOnlyList<Tensor> wrt, IReadOnlyList<Tensor> tangents)
    {
        using var run = new Differentiation("Jvp", wrt);
        if (!wrt.Select(w => w.Type).SequenceEqual(tangents.Select(t => t.Type)))
        {
            throw new ShapeException(
                $"Jvp: the tensors are ({string.Join(", ", wrt.Select(w => w.Type))}), their tangents ({string.Join(", ", tangents.Select(t => t.Type))}); "
                + "give one tangent of the same type for each");
        }

        var value = run.Float(f());
        return (value, run.Tangent(value, tangents));
    }

    /// <summary>As <see cref="Jvp(Func{Tensor}, IReadOnlyList{Tensor}, IReadOnlyList{Tensor})"/>, for one tensor.</summary>
    [Intrinsic("jvp")]
    public static (Tensor Value, Tensor Tangent) Jvp(Func<Tensor> f, Tensor wrt, Tensor tangent) => Jvp(f, [wrt], [tangent]);

    /// <summary>Nothing is recorded on this thread until the returned scope is disposed.</summary>
    public static NoGradScope NoGrad() => new(Tape.Pause());
}

/// <summary>See <see cref="Ops.NoGrad"/>.</summary>
public readonly struct NoGradScope : IDisposable
{
    private readonly Tape.Scope _scope;

    internal NoGradScope(Tape.Scope scope) => _scope = scope;

    public void Dispose() => _scope.Dispose();
}
