using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Functions with gradients of their own.</summary>
public sealed partial class CustomGradients : Module
{
    public Parameter W { get; } = new(Tensor.From<double>([0.9, -0.4, 0.6], 3));

    /// <summary>log(1 + eˣ) with a gradient that does not overflow.</summary>
    [StaticGraph]
    public Tensor Softplus(Tensor x) => CustomGradient(() => Log(1.0 + Exp(x)), [x], dy => [dy * (1.0 - 1.0 / (1.0 + Exp(x)))]);

    [StaticGraph]
    public Tensor Gradient(Tensor x) => Grad(() => Sum(Softplus(W * x) * x), W);

    [StaticGraph]
    public Tensor Second(Tensor x) => Grad(() => Sum(Square(Grad(() => Sum(Softplus(W * x)), W))), W);

    /// <summary>Rounds forwards, and lets gradients through as if it had not (Bengio et al., 2013); twice for the other operand.</summary>
    [StaticGraph]
    public IReadOnlyList<Tensor> StraightThrough(Tensor x) => Grad(() => Sum(CustomGradient(() => Round(W * x), [W, x], dy => [dy, dy * 2.0]) * W), [W, x]);

    [StaticGraph]
    public Tensor PerExample([Unified.Shape("B", 3)] Tensor x) => Vmap(e => Grad(() => Sum(Softplus(W * e)), W), x);

    [StaticGraph]
    public IReadOnlyList<Tensor> Mapped([Unified.Shape("B", 3)] Tensor x) => Grad(
        () => Sum(Vmap(e => CustomGradient(() => Sum(W * e), [W, e], dy => [dy * e * 3.0, dy * W]), x) * 2.0), [W, x]);

    [StaticGraph]
    public Tensor Hooked(Tensor x) => Grad(() => Sum(Square(OnGradient(W * x, dy => Clamp(dy, -1.0, 1.0))) * 3.0), W);

    [StaticGraph]
    public Tensor Forwards(Tensor x) => Jvp(() => Softplus(x), x, x).Tangent;

    [StaticGraph]
    public Tensor OtherType(Tensor x) => Grad(() => Sum(CustomGradient(() => x * 2.0, [x], dy => [Sum(dy)])), x);
}
