using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Functions of <see cref="W"/> (3 numbers), and their derivatives in every way that they can be asked for.</summary>
public sealed partial class Derivatives(double[] w) : Module
{
    public Derivatives()
        : this([0.9, -0.4, 0.6])
    {
    }

    public Parameter W { get; } = new(Tensor.From<double>(w, 3));

    [StaticGraph]
    public Tensor Smooth(Tensor x) => Tanh(W * x) * Exp(Sin(W)) + Softmax(W * 2.0);

    [StaticGraph]
    public Tensor Branches(Tensor x)
    {
        var y = W * x;
        if (Sum(y) > 0)
        {
            y = Sin(y) * W;
        }
        else
        {
            y = y * y - W;
        }

        return y;
    }

    [StaticGraph]
    public Tensor Loops(Tensor x)
    {
        var (y, n) = (W * x, 0);
        while (Sum(y * y) > 0.5 && n < 30)
        {
            y = Tanh(y) * (0.7 + W * 0.1);
            n++;
        }

        return y + W;
    }

    [StaticGraph]
    public Tensor LongLoop(Tensor x)
    {
        var y = W * x;
        for (var i = 0; i < 150; i++)
        {
            y = y + Sin(y * W) * 0.01 + W * (i * 0.0001);
        }

        return y;
    }

    [StaticGraph]
    public Tensor Twice(Tensor x) => Smooth(Branches(x)) + Smooth(x);

    public Tensor F(string name, Tensor x) => name switch
    {
        nameof(Smooth) => Smooth(x),
        nameof(Branches) => Branches(x),
        nameof(Loops) => Loops(x),
        nameof(LongLoop) => LongLoop(x),
        _ => Twice(x),
    };

    [StaticGraph]
    public (Tensor Value, Tensor Tangent) Jvp(Function f, Tensor x, Tensor along) => f switch
    {
        Function.Smooth => Ops.Jvp(() => Smooth(x), W, along),
        Function.Branches => Ops.Jvp(() => Branches(x), W, along),
        Function.Loops => Ops.Jvp(() => Loops(x), W, along),
        Function.LongLoop => Ops.Jvp(() => LongLoop(x), W, along),
        _ => Ops.Jvp(() => Twice(x), W, along),
    };

    [StaticGraph]
    public (Tensor Value, Tensor Cotangent) Vjp(Function f, Tensor x, Tensor along) => f switch
    {
        Function.Smooth => Ops.Vjp(() => Smooth(x), W, along),
        Function.Branches => Ops.Vjp(() => Branches(x), W, along),
        Function.Loops => Ops.Vjp(() => Loops(x), W, along),
        Function.LongLoop => Ops.Vjp(() => LongLoop(x), W, along),
        _ => Ops.Vjp(() => Twice(x), W, along),
    };

    /// <summary>The second derivative along a direction: how the gradient changes.</summary>
    [StaticGraph]
    public (Tensor Value, Tensor Tangent) ForwardOverReverse(Function f, Tensor x, Tensor along) => f switch
    {
        Function.Smooth => Ops.Jvp(() => Grad(() => Sum(Square(Smooth(x))), W), W, along),
        Function.Branches => Ops.Jvp(() => Grad(() => Sum(Square(Branches(x))), W), W, along),
        Function.Loops => Ops.Jvp(() => Grad(() => Sum(Square(Loops(x))), W), W, along),
        Function.LongLoop => Ops.Jvp(() => Grad(() => Sum(Square(LongLoop(x))), W), W, along),
        _ => Ops.Jvp(() => Grad(() => Sum(Square(Twice(x))), W), W, along),
    };

    /// <summary>The same number, as the gradient of a directional derivative.</summary>
    [StaticGraph]
    public Tensor ReverseOverForward(Function f, Tensor x, Tensor along) => f switch
    {
        Function.Smooth => Grad(() => Ops.Jvp(() => Sum(Square(Smooth(x))), W, along).Tangent, W),
        Function.Branches => Grad(() => Ops.Jvp(() => Sum(Square(Branches(x))), W, along).Tangent, W),
        Function.Loops => Grad(() => Ops.Jvp(() => Sum(Square(Loops(x))), W, along).Tangent, W),
        Function.LongLoop => Grad(() => Ops.Jvp(() => Sum(Square(LongLoop(x))), W, along).Tangent, W),
        _ => Grad(() => Ops.Jvp(() => Sum(Square(Twice(x))), W, along).Tangent, W),
    };

    /// <summary>Third order: a tangent of a tangent of a gradient.</summary>
    [StaticGraph]
    public Tensor Third(Function f, Tensor x, Tensor along) => f switch
    {
        Function.Smooth => Ops.Jvp(() => Ops.Jvp(() => Grad(() => Sum(Square(Smooth(x))), W), W, along).Tangent, W, along).Tangent,
        Function.Loops => Ops.Jvp(() => Ops.Jvp(() => Grad(() => Sum(Square(Loops(x))), W), W, along).Tangent, W, along).Tangent,
        _ => Ops.Jvp(() => Ops.Jvp(() => Grad(() => Sum(Square(Twice(x))), W), W, along).Tangent, W, along).Tangent,
    };

    /// <summary>What was computed before the function runs does not change with what it is differentiated by; what is computed in it does.</summary>
    [StaticGraph]
    public Tensor EarlierIsConstant(Tensor x)
    {
        var before = W * W;
        var gradient = Grad(() => Sum(before * W * x), W);
        return gradient + Ops.Jvp(() => before * W, W, x).Tangent + Ops.Vjp(() => before * W, W, before).Cotangent;
    }

    /// <summary>As before, within another derivative, to which it is no constant.</summary>
    [StaticGraph]
    public Tensor EarlierWithin(Tensor x) => Grad(
        () =>
        {
            var before = W * W;
            return Sum(Grad(() => Sum(before * W * x), W));
        },
        W);

    [StaticGraph]
    public Tensor TwoTangents(Tensor x) => Ops.Jvp(() => W * W * x, [W, x, W], [x, W, x * 2.0]).Tangent;
}

/// <summary>See <see cref="Derivatives"/>.</summary>
public enum Function
{
    Smooth,
    Branches,
    Loops,
    LongLoop,
    Twice,
}
