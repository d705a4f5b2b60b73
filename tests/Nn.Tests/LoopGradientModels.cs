using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Losses with loops of the graph in them; each is differentiated by <see cref="A"/> and <see cref="B"/>.</summary>
public sealed partial class LoopGradients : Module
{
    public LoopGradients()
        : this([0.9, -0.4, 0.6], [0.3, 0.2, -0.5])
    {
    }

    public LoopGradients(double[] a, double[] b) => (A, B) = (new(Tensor.From<double>(a, 3)), new(Tensor.From<double>(b, 3)));

    public Parameter A { get; }

    public Parameter B { get; }

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) EndsOnTensor(Tensor x) => ValueAndGrad(
        () =>
        {
            var y = A * x;
            while (Sum(y * y) > 0.5)
            {
                y = Tanh(y) * (0.5 + B * 0.1);
            }

            return Sum(y * y * A);
        },
        [A, B]);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Counted(Tensor x) => ValueAndGrad(
        () =>
        {
            var y = A * x;
            for (var i = 0; i < 200; i++)
            {
                y = y + Sin(y * B) * 0.01 + A * (i * 0.0001);
            }

            return Sum(y * y);
        },
        [A, B]);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Several(Tensor x) => ValueAndGrad(
        () =>
        {
            var (u, v, n) = (A * x, B + x, 0);
            while (Max(Abs(u)) > 0.05 && n < 40)
            {
                (u, v) = (v * 0.4, u * 0.5 + A * 0.01);
                n++;
            }

            return Sum(u * 3.0 + v * v) * n;
        },
        [A, B]);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Branches(Tensor x) => ValueAndGrad(
        () =>
        {
            var y = A * x;
            while (Sum(y * y) > 0.2)
            {
                if (Sum(y) > 0.0)
                {
                    y = y * 0.7 - B * 0.05;
                    continue;
                }

                y = y * Sigmoid(B);
                if (Max(y) < -10.0)
                {
                    break;
                }
            }

            return Sum(Exp(y) * B);
        },
        [A, B]);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Nested(Tensor x) => ValueAndGrad(
        () =>
        {
            var y = A * x;
            for (var i = 0; i < 70; i++)
            {
                var z = y * 0.5;
                while (Sum(z * z) > 0.1)
                {
                    z = z * 0.6 + B * 0.01;
                }

                y = y * 0.98 + z * B * 0.1;
            }

            return Sum(y * y);
        },
        [A, B]);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) InBranch(Tensor x) => ValueAndGrad(
        () =>
        {
            var y = A * x;
            if (Sum(x) > 0.0)
            {
                while (Sum(y * y) > 0.5)
                {
                    y = Half(y);
                }
            }

            return Sum(y * B);
        },
        [A, B]);

    [StaticGraph]
    public Tensor Half(Tensor y)
    {
        while (Max(y) > 0.4)
        {
            y = y * (0.5 + B * 0.1);
        }

        return y * 0.5;
    }

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Resets(Tensor x) => ValueAndGrad(
        () =>
        {
            var (y, last) = (A * x, B * 2.0);
            while (Sum(y * y) > 0.5)
            {
                last = y;
                y = x * 0.01;
            }

            return Sum(y) + Sum(last * last);
        },
        [A, B]);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Rows([Shape("N", 3)] Tensor x) => ValueAndGrad(
        () =>
        {
            var h = A * 0.1;
            for (var i = 0; i < 100; i++)
            {
                h = Tanh(x[i] * A + h * B);
            }

            return Sum(h * h);
        },
        [A, B]);

    /// <summary>A loop that descends: each turn has a gradient of its own, with a loop in it.</summary>
    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Descends(Tensor x)
    {
        var w = A * 1.0;
        var loss = Sum(w * w);
        for (var i = 0; i < 80; i++)
        {
            var at = w;
            (loss, var g) = ValueAndGrad(
                () =>
                {
                    var y = at * x;
                    while (Sum(y * y) > 0.5)
                    {
                        y = y * 0.5 + B * 0.01;
                    }

                    return Sum(y * y);
                },
                [at]);
            w = w - g[0] * 0.05;
        }

        return (loss, [w, loss]);
    }

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Second(Tensor x) => ValueAndGrad(
        () =>
        {
            var (_, inner) = ValueAndGrad(
                () =>
                {
                    var y = A * x;
                    while (Sum(y * y) > 0.5)
                    {
                        y = y * y * 0.5;
                    }

                    return Sum(y * y);
                },
                [A]);
            return Sum(inner[0] * inner[0]);
        },
        [A]);
}
