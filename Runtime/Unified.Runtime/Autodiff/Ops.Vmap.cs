using Unified.Ir;

namespace Unified;

/// <summary>Functions of one example, on many at once.</summary>
public static partial class Ops
{
    /// <summary>
    /// Runs <paramref name="f"/>, which is written for one example, once for all examples along <paramref name="axis"/> of
    /// <paramref name="x"/>. Each op is done for all of them together; what <paramref name="f"/> reads from around it is the same for all, random
    /// numbers included. Calls nest, and derivatives may stand inside (gradients per example) and outside.
    /// </summary>
    /// <param name="f">From one example to its result.</param>
    /// <param name="x">The examples.</param>
    /// <param name="axis">Their axis in <paramref name="x"/>; negative from the end.</param>
    /// <param name="outAxis">Their axis in the result; negative from the end.</param>
    /// <exception cref="ShapeException">An axis is out of range, or the op's rule for one example is broken.</exception>
    /// <exception cref="InvalidOperationException">A value that differs between examples decides an <c>if</c>, is read, or is assigned.</exception>
    [Intrinsic("vmap")]
    public static Tensor Vmap(Func<Tensor, Tensor> f, Tensor x, int axis = 0, int outAxis = 0)
    {
        using var scope = new MapScope();
        return scope.Collect(f(scope.Example(x, axis)), outAxis);
    }

    /// <summary>As <see cref="Vmap(Func{Tensor, Tensor}, Tensor, int, int)"/>, with several results of each example.</summary>
    [Intrinsic("vmap")]
    public static IReadOnlyList<Tensor> Vmap(Func<Tensor, IReadOnlyList<Tensor>> f, Tensor x, int axis = 0, int outAxis = 0)
    {
        using var scope = new MapScope();
        return [.. f(scope.Example(x, axis)).Select(r => scope.Collect(r, outAxis))];
    }

    /// <summary>As <see cref="Vmap(Func{Tensor, Tensor}, Tensor, int, int)"/>, over the examples of two tensors side by side.</summary>
    /// <exception cref="ShapeException">The tensors have different numbers of examples.</exception>
    [Intrinsic("vmap")]
    public static Tensor Vmap(Func<Tensor, Tensor, Tensor> f, Tensor x, Tensor y, int axis = 0, int yAxis = 0, int outAxis = 0)
    {
        using var scope = new MapScope();
        return scope.Collect(f(scope.Example(x, axis), scope.Example(y, yAxis)), outAxis);
    }

    /// <summary>As <see cref="Vmap(Func{Tensor, Tensor, Tensor}, Tensor, Tensor, int, int, int)"/>, with several results of each example.</summary>
    [Intrinsic("vmap")]
    public static IReadOnlyList<Tensor> Vmap(Func<Tensor, Tensor, IReadOnlyList<Tensor>> f, Tensor x, Tensor y, int axis = 0, int yAxis = 0, int outAxis = 0)
    {
        using var scope = new MapScope();
        return [.. f(scope.Example(x, axis), scope.Example(y, yAxis)).Select(r => scope.Collect(r, outAxis))];
    }
}
