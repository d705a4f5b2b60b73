using Unified.Ir;
using Unified.Nn;
using static Unified.Ops;

namespace Unified.Conformance.Tests;

/// <summary>A small transformer over bytes, with a training step that is one graph.</summary>
public sealed partial class SmallTransformer : Module
{
    private const int Width = 16, Vocabulary = 11;

    private readonly Embedding _tokens = new(Vocabulary, Width, generator: new Generator(1));
    private readonly Embedding _positions = new(9, Width, generator: new Generator(2));
    private readonly SmallBlock[] _blocks = [new SmallBlock(Width, 3), new SmallBlock(Width, 5)];
    private readonly RmsNorm _norm = new(Width);
    private readonly Linear _head = new(Width, Vocabulary, bias: false, generator: new Generator(9));
    private readonly AdamW _optimizer;

    public SmallTransformer() => _optimizer = new AdamW(Parameters, new ConstantSchedule(1e-2));

    [StaticGraph]
    public Tensor Forward([Shape("B", "T")] Tensor bytes)
    {
        var x = _tokens.Forward(bytes) + _positions.Forward(Iota([bytes.Shape[1]], 0, DType.I32));
        foreach (var block in _blocks)
        {
            x = block.Forward(x);
        }

        return _head.Forward(_norm.Forward(x));
    }

    [StaticGraph]
    public Tensor Loss([Shape("B", "T")] Tensor bytes, [Shape("B", "T")] Tensor next) => Mean(CrossEntropy(Forward(bytes), next));

    [StaticGraph]
    public Tensor Step([Shape("B", "T")] Tensor bytes, [Shape("B", "T")] Tensor next)
    {
        var (loss, gradients) = ValueAndGrad(() => Loss(bytes, next), Parameters);
        _optimizer.Step(gradients);
        return loss;
    }
}

public sealed partial class SmallBlock(int width, int seed) : Module
{
    private readonly LayerNorm _before = new(width), _between = new(width);
    private readonly CausalSelfAttention _attention = new(width, 2, generator: new Generator(seed));
    private readonly Linear _up = new(width, 3 * width, generator: new Generator(seed + 1)), _down = new(3 * width, width, generator: new Generator(seed + 2));

    [StaticGraph]
    public Tensor Forward([Shape("B", "T", "width")] Tensor x)
    {
        x = x + _attention.Forward(_before.Forward(x));
        return x + _down.Forward(Gelu(_up.Forward(_between.Forward(x))));
    }
}

/// <summary>Convolutions of 1 × 1 and 3 × 3 with whole vectors of channels, and a residual, with a training step that is one graph.</summary>
public sealed partial class SmallResidual : Module
{
    private readonly Conv2d _first = new(3, 16, 1, generator: new Generator(1)), _middle = new(16, 32, 3, padding: 1, generator: new Generator(2));
    private readonly Conv2d _last = new(32, 32, 3, generator: new Generator(3));
    private readonly Sgd _optimizer;

    public SmallResidual() => _optimizer = new Sgd(Parameters, new ConstantSchedule(0.1f));

    [StaticGraph]
    public Tensor Forward([Shape("N", 3, "H", "W")] Tensor images)
    {
        var x = Relu(_middle.Forward(_first.Forward(images)));
        return Relu(_last.Forward(x)) + x[.., .., 1..^1, 1..^1];
    }

    [StaticGraph]
    public Tensor Step([Shape("N", 3, "H", "W")] Tensor images)
    {
        var (loss, gradients) = ValueAndGrad(() => Mean(Square(Forward(images))), Parameters);
        _optimizer.Step(gradients);
        return loss;
    }
}
