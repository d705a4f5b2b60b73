using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>The model of the README.</summary>
public sealed partial class Mlp(int inputs, int hidden, int outputs) : Module
{
    private readonly Linear _up = new(inputs, hidden);
    private readonly Linear _down = new(hidden, outputs);

    [StaticGraph]
    public Tensor Forward([Shape("B", null)] Tensor x) => _down.Forward(Gelu(_up.Forward(x)));

    [StaticGraph]
    public Tensor TrainStep([Shape("B", null)] Tensor x, [Shape("B")] Tensor labels, Optimizer optimizer)
    {
        var (loss, gradients) = ValueAndGrad(() => CrossEntropy(Forward(x), labels), Parameters);
        optimizer.Step(gradients);
        return loss;
    }
}

/// <summary>A pre-norm residual block.</summary>
public sealed partial class ResidualBlock(int width) : Module
{
    private readonly LayerNorm _norm = new(width);
    private readonly Linear _inner = new(width, width);

    [StaticGraph]
    public Tensor Forward(Tensor x) => x + Relu(_inner.Forward(_norm.Forward(x)));
}

/// <summary>As many equal blocks as asked for.</summary>
public sealed partial class Deep : Module
{
    private readonly List<ResidualBlock> _blocks = [];
    private readonly Linear _head;

    public Deep(int layers, int width)
    {
        for (var i = 0; i < layers; i++)
        {
            _blocks.Add(new ResidualBlock(width));
        }

        _head = new Linear(width, 5);
    }

    [StaticGraph]
    public Tensor Forward([Shape("B", null)] Tensor x)
    {
        foreach (var block in _blocks)
        {
            x = block.Forward(x);
        }

        return _head.Forward(x);
    }

    [StaticGraph]
    public Tensor TrainStep([Shape("B", null)] Tensor x, [Shape("B")] Tensor labels, Optimizer optimizer)
    {
        var (loss, gradients) = ValueAndGrad(() => CrossEntropy(Forward(x), labels), Parameters);
        optimizer.Step(gradients);
        return loss;
    }
}

/// <summary>Counts its calls in a tensor field, and in one that is set anew.</summary>
public sealed partial class Counter : Module
{
    private readonly Tensor _count = Tensor.Scalar(0f);
    private Tensor _last = Tensor.Zeros([2]);

    public float Count => _count.Item<float>();

    public float[] Last => _last.ToArray<float>();

    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        _count.Assign(_count + 1f);
        _last = x * _count;
        return _last + _count;
    }
}

/// <summary>Host decisions of every kind.</summary>
public sealed partial class HostCode(int width, bool doubled) : Module
{
    private readonly Dictionary<string, float> _factors = new() { ["a"] = 2, ["b"] = 3 };

    public float Gain { get; set; } = 1;

    [StaticGraph]
    public Tensor Forward([Shape("B", null)] Tensor x)
    {
        var y = x * _factors["a"];
        if (doubled)
        {
            y = y * 2f;
        }

        for (var i = 0; i < width; i++)
        {
            y = y + (i % 2 == 0 ? x : -x) * i;
        }

        var (head, tail) = Halves(y);
        return (head - tail) * Gain + x.Shape[0];
    }

    [StaticGraph]
    private static (Tensor Head, Tensor Tail) Halves(Tensor x)
    {
        var half = x.Shape[1] / 2;
        return (x[.., ..half], x[.., half..]);
    }
}

/// <summary>A model whose layers do not fit.</summary>
public sealed partial class Misfit : Module
{
    private readonly Linear _first = new(4, 6);
    private readonly Linear _second = new(7, 2);

    [StaticGraph]
#pragma warning disable UG023 // Wrong on purpose: what a run says when the compiler was told not to.
    public Tensor Forward([Shape("B", 4)] Tensor x) => _second.Forward(_first.Forward(x));
#pragma warning restore UG023
}
