using Unified.Nn;
using static Unified.Ops;

namespace Unified.Conformance.Tests;

/// <summary>Branches, loops and draws, with gradients through them.</summary>
public sealed partial class ControlModel : Module
{
    private readonly Dropout _dropout = new(0.5f, new Generator(11));
    private readonly Linear _layer = new(3, 3, generator: new Generator(4));

    public Tensor Call(string method, Tensor x) => method switch
    {
        nameof(Branch) => Branch(x),
        nameof(Turns) => Turns(x),
        nameof(Fit) => Fit(x),
        nameof(Noisy) => Noisy(x),
        _ => Guarded(x),
    };

    [StaticGraph]
    public Tensor Branch([Shape("B", 3)] Tensor x)
    {
        if (Sum(x) > 6f)
        {
            return x * Sum(x, 0) - 1f;
        }

        if (Sum(x) < 0f)
        {
            x = Abs(_layer.Forward(x));
        }

        return x + 0.5f;
    }

    [StaticGraph]
    public Tensor Turns([Shape("B", 3)] Tensor x)
    {
        var turns = 0;
        while (Sum(Square(x)) > 0.01f && turns < 40)
        {
            for (var i = 0; i < turns % 3; i++)
            {
                x = x * 0.9f;
            }

            x = Max(x) > 1f ? x - 0.3f : x * 0.7f;
            turns++;
        }

        return x + turns;
    }

    /// <summary>The gradient of a loop whose turns depend on the values, one in the other.</summary>
    [StaticGraph]
    public Tensor Fit([Shape("B", 3)] Tensor x)
    {
        var (loss, gradients) = ValueAndGrad(() => Settled(x), Parameters);
        return loss + Sum(gradients[0], 0) + gradients[1];
    }

    /// <summary>The gradient of a loop under a condition.</summary>
    [StaticGraph]
    public Tensor Guarded([Shape("B", 3)] Tensor x)
    {
        var (loss, gradients) = ValueAndGrad(() => Sum(x) > 1f ? Settled(x) : Mean(_layer.Forward(x)), Parameters);
        return loss + Sum(gradients[0], 0) + gradients[1];
    }

    [StaticGraph]
    public Tensor Noisy([Shape("B", 3)] Tensor x) => _dropout.Forward(x + 1f) + _dropout.Forward(x);

    [StaticGraph]
    public Tensor Logged([Shape("B", 3)] Tensor x)
    {
        Show(x);
        return x + 1f;
    }

    [Eager]
    private static void Show([Shape("B", 3)] Tensor x) => Assert.Equal(3, x.Shape[1]);

    [StaticGraph]
    private Tensor Settled([Shape("B", 3)] Tensor x)
    {
        while (Max(Abs(x)) > 0.2f)
        {
            var scale = 1f;
            while (Max(Abs(x)) * scale > 2f)
            {
                scale *= 0.5f;
            }

            x = Tanh(_layer.Forward(x * scale)) * 0.25f;
        }

        return Mean(Square(x));
    }
}
