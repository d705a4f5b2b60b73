using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Functions written for one example, and what they are for many; and matrices of derivatives, which are made of them.</summary>
public sealed partial class Maps : Module
{
    public Parameter W { get; } = new(Tensor.From<double>([0.9, -0.4, 0.6, 0.1, 1.2, -0.7], 3, 2));

    public Parameter V { get; } = new(Tensor.From<double>([0.3, -0.2, 0.5], 3));

    [StaticGraph]
    public Tensor One(Tensor x) => Tanh(MatMul(Reshape(x, [1, 2]), W, transposeB: true)[0] + V) * V;

    [StaticGraph]
    public Tensor Loss(Tensor x) => Sum(Square(One(x)));

    [StaticGraph]
    public Tensor Mapped([Unified.Shape("B", 2)] Tensor x) => Vmap(One, x);

    [StaticGraph]
    public Tensor ColumnsToColumns([Unified.Shape(2, "B")] Tensor x) => Vmap(e => One(e) + V, x, axis: -1, outAxis: 1);

    /// <summary>The result of each example is the same.</summary>
    [StaticGraph]
    public Tensor Constant([Unified.Shape("B", 2)] Tensor x) => Vmap(e => V * 2.0, x);

    [StaticGraph]
    public Tensor Pairs([Unified.Shape("B", 2)] Tensor x, [Unified.Shape("C", 2)] Tensor y) => Vmap(a => Vmap(b => Sum(One(a) * One(b)), y), x);

    [StaticGraph]
    public Tensor SideBySide([Unified.Shape("B", 2)] Tensor x, [Unified.Shape(2, "B")] Tensor y) => Vmap((a, b) => Loss(a * b) + Sum(a), x, y, yAxis: 1);

    /// <summary>The gradient of each example's loss.</summary>
    [StaticGraph]
    public IReadOnlyList<Tensor> PerExample([Unified.Shape("B", 2)] Tensor x) => Vmap(e => Grad(() => Loss(e), [W, V]), x);

    [StaticGraph]
    public Tensor GradientOutside([Unified.Shape("B", 2)] Tensor x) => Grad(() => Sum(Vmap(Loss, x) * Vmap(e => Sum(e), x)), V);

    [StaticGraph]
    public Tensor GradientOnBothSides([Unified.Shape("B", 2)] Tensor x) => Grad(() => Sum(Square(Vmap(e => Grad(() => Loss(e), e), x))), W);

    [StaticGraph]
    public Tensor Tangents([Unified.Shape("B", 2)] Tensor x) => Vmap(e => Jvp(() => One(e), [e, V], [e * 2.0, V]).Tangent, x);

    [StaticGraph]
    public Tensor SharedBranch([Unified.Shape("B", 2)] Tensor x) => Vmap(
        e =>
        {
            var y = e * 2.0;
            if (Sum(V) > 0)
            {
                y = y + V[..2];
            }

            return y;
        },
        x);

    [StaticGraph]
    public Tensor SharedLoop([Unified.Shape("B", 2)] Tensor x) => Vmap(
        e =>
        {
            var (y, n, u) = (V[..2] * 1.0, 0, V * 1.0);
            while (Sum(u * u) > 0.01 && n < 20)
            {
                y = Sin(y) * e + 0.1;
                u = u * 0.6;
                n++;
            }

            return y;
        },
        x);

    [StaticGraph]
    public Tensor LoopGradient([Unified.Shape("B", 2)] Tensor x) => Vmap(
        e => Grad(
            () =>
            {
                var (y, n) = (e * V[..2], 0);
                while (Sum(V) * n < 2.5)
                {
                    y = Tanh(y) * (e + 1.0);
                    n++;
                }

                return Sum(y);
            },
            V),
        x);

    /// <summary>A condition of its own for each example.</summary>
    [StaticGraph]
    public Tensor OwnBranch([Unified.Shape("B", 2)] Tensor x) => Vmap(
        e =>
        {
            if (Sum(e) > 0)
            {
                return e * 2.0;
            }

            return e;
        },
        x);

    [StaticGraph]
    public Tensor OwnNumber([Unified.Shape("B", 2)] Tensor x) => Vmap(e => e * Sum(e).Item<double>(), x);

    [StaticGraph]
    public Tensor Chosen([Unified.Shape("B", 2)] Tensor x) => Vmap(e => Select(Sum(e) > 0, e * 2.0, e), x);

    [StaticGraph]
    public Tensor Escapes([Unified.Shape("B", 2)] Tensor x)
    {
        var last = V * 1.0;
        var mapped = Vmap(
            e =>
            {
                last = One(e);
                return e;
            },
            x);
        return Sum(last) + Sum(mapped);
    }

    [StaticGraph]
    public Tensor Elements([Unified.Shape("B", 2)] Tensor x) => Vmap(
        e =>
        {
            var y = V * 2.0;
            y[1] = e[0];
            var z = e * 1.0;
            z[0] = y[2];
            return Concat([y, z], 0);
        },
        x);

    [StaticGraph]
    public Tensor Sizes(Tensor x, Tensor y) => Vmap((a, b) => a + b, x, y);

    [StaticGraph]
    public Tensor Forward(Tensor x) => JacobianForward(() => One(x), x);

    [StaticGraph]
    public Tensor Reverse(Tensor x) => JacobianReverse(() => One(x), x);

    [StaticGraph]
    public Tensor ForwardByW(Tensor x) => JacobianForward(() => One(x), W);

    [StaticGraph]
    public Tensor ReverseByW(Tensor x) => JacobianReverse(() => One(x), W);

    [StaticGraph]
    public Tensor SecondByW(Tensor x) => Hessian(() => Loss(x), W);

    [StaticGraph]
    public Tensor SecondPerExample([Unified.Shape("B", 2)] Tensor x) => Vmap(e => Hessian(() => Loss(e), e), x);

    [StaticGraph]
    public Tensor JacobianOfJacobian(Tensor x) => JacobianReverse(() => JacobianForward(() => One(x), x), x);

    /// <summary>A small perceptron: 4 inputs, 5 hidden, its parameters in one vector of 31.</summary>
    [StaticGraph]
    public Tensor MlpHessian(Tensor x, Tensor y, Tensor p) => Hessian(() => MlpLoss(x, y, p), p);

    [StaticGraph]
    public Tensor MlpLoss(Tensor x, Tensor y, Tensor p)
    {
        var hidden = Gelu(MatMul(x, Reshape(p[..20], [4, 5])) + p[20..25]);
        return Mean(Square(MatMul(hidden, Reshape(p[25..30], [5, 1]))[.., 0] + p[30] - y));
    }
}
