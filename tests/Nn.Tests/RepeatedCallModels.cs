using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Calls of one method again and again: on other tensors, on the same ones, on those it reaches by itself.</summary>
public sealed partial class RepeatedCalls : Module
{
    private Tensor _scale = Tensor.From<float>([2, 3], 2);

    public Tensor A { get; } = Tensor.From<float>([1, 2], 2);

    public Tensor B { get; } = Tensor.From<float>([-3, 5], 2);

    public Tensor C { get; } = Tensor.From<float>([0.5f, 0.25f], 2);

    public Tensor D { get; } = Tensor.From<float>([1, 2, 3, 4], 2, 2);

    [StaticGraph]
    public Tensor Update(Tensor parameter, Tensor by)
    {
        parameter.Assign(parameter * 0.5f + by * _scale);
        return parameter + by;
    }

    [StaticGraph]
    public Tensor Others(Tensor x) => Update(A, B) + Update(B, C) * 2f + Update(C, A) + Update(A, x);

    [StaticGraph]
    public Tensor Same(Tensor x) => Update(A, B) + Update(B, B) * 2f + Update(A, A) + Update(B, A) + Update(A, B) * x;

    [StaticGraph]
    public Tensor OfItself(Tensor x) => Update(A, B) + Update(_scale, B) + Update(A, _scale) + Update(B, A) * x;

    [StaticGraph]
    public Tensor OtherSizes(Tensor x) => Update(A, B) + Sum(Update(D, D), 0) + Update(A, C) + Sum(Update(D, x), 0);

    [StaticGraph]
    public Tensor Power(Tensor x, int n) => n == 0 ? x : x * n + A;

    [StaticGraph]
    public Tensor Numbers(Tensor x) => Power(x, 1) + Power(x, 0) * 2f + Power(B, 1) + Power(x, 2) + Power(A, 1);

    [StaticGraph]
    public Tensor Scaled(Tensor x) => x * _scale;

    [StaticGraph]
    public Tensor FieldsSet(Tensor x)
    {
        var y = Scaled(A);
        _scale = x + 1f;
        y = y + Scaled(A);
        _scale = x - 1f;
        return y + Scaled(A) + Scaled(B);
    }

    [StaticGraph]
    public Tensor Between(Tensor x)
    {
        var y = Scaled(A);
        A.Assign(A + x);
        y = y + Scaled(A);
        _scale.Assign(_scale * 2f);
        return y + Scaled(A);
    }

    [StaticGraph]
    public Tensor UnderConditions(Tensor x)
    {
        var y = Update(A, B);
        if (Sum(x) > 0f)
        {
            y = y + Update(B, C);
        }
        else
        {
            y = y - Update(C, A);
        }

        for (var i = 0; i < 200; i++)
        {
            y = y * 0.5f + Update(A, C);
        }

        return y + Update(B, C);
    }

    [StaticGraph]
    public Tensor Views(Tensor x)
    {
        var row = D[0];
        Update(row, B);
        Update(C, row);
        return Update(A, row) + row + x;
    }
}

/// <summary>Equal layers with an optimizer: what is compiled grows with their number as little as it can.</summary>
public sealed partial class DeepStack : Module
{
    private readonly DeepBlock[] _blocks;
    private readonly AdamW _optimizer;

    public DeepStack(int depth)
    {
        _blocks = [.. Enumerable.Range(0, depth).Select(i => new DeepBlock(new Generator(i)))];
        _optimizer = new AdamW(Parameters, new ConstantSchedule(1e-3));
    }

    [StaticGraph]
    public Tensor Step(Tensor x)
    {
        var (loss, gradients) = ValueAndGrad(() => Loss(x), Parameters);
        _optimizer.Step(gradients);
        return loss;
    }

    [StaticGraph]
    public Tensor Loss(Tensor x)
    {
        foreach (var block in _blocks)
        {
            x = block.Forward(x);
        }

        return Mean(Square(x));
    }
}

public sealed partial class DeepBlock(Generator generator) : Module
{
    private readonly LayerNorm _norm = new(8);
    private readonly Linear _up = new(8, 16, generator: generator), _down = new(16, 8, generator: generator);

    [StaticGraph]
    public Tensor Forward(Tensor x) => x + _down.Forward(Gelu(_up.Forward(_norm.Forward(x))));
}
