using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>A chain of layers, each a checkpoint or not.</summary>
public sealed partial class Checkpoints : Module
{
    public Parameter W { get; } = new(new Generator(2).Normal([16, 16]) * 0.25);

    public Parameter V { get; } = new(new Generator(3).Normal([16]));

    public Tensor State { get; } = new Generator(9).State;

    [StaticGraph]
    public Tensor Layer(Tensor x)
    {
        var y = x;
        for (var i = 0; i < 8; i++)
        {
            y = Tanh(MatMul(y, W) + V) * Exp(Sin(y));
        }

        return y;
    }

    [StaticGraph]
    public IReadOnlyList<Tensor> Plain([Unified.Shape("B", 16)] Tensor x) => Grad(() => Sum(Layer(Layer(Layer(Layer(x))))), [W, V]);

    [StaticGraph]
    public IReadOnlyList<Tensor> Recomputed([Unified.Shape("B", 16)] Tensor x) => Grad(
        () =>
        {
            var y = x;
            for (var i = 0; i < 4; i++)
            {
                var from = y;
                y = Checkpoint(() => Layer(from));
            }

            return Sum(y);
        },
        [W, V]);

    [StaticGraph]
    public IReadOnlyList<Tensor> Dropped([Unified.Shape("B", 16)] Tensor x, bool again) => Grad(
        () =>
        {
            if (again)
            {
                return Sum(Checkpoint(() => Drop(Tanh(x * V))) * V);
            }

            return Sum(Drop(Tanh(x * V)) * V);
        },
        [V]);

    [StaticGraph]
    public Tensor Mapped([Unified.Shape("B", 16)] Tensor x) => Vmap(e => Grad(() => Sum(Checkpoint(() => Tanh(e * V) * V)), V), x);

    [StaticGraph]
    public Tensor Second([Unified.Shape("B", 16)] Tensor x) => Grad(() => Sum(Square(Grad(() => Sum(Checkpoint(() => Tanh(x * V) * V)), V))), V);

    [StaticGraph]
    public Tensor SecondPlain([Unified.Shape("B", 16)] Tensor x) => Grad(() => Sum(Square(Grad(() => Sum(Tanh(x * V) * V), V))), V);

    [StaticGraph]
    public Tensor Drop(Tensor x)
    {
        var kept = RandomUniform(State, x.Shape) >= 0.5f;
        State.Assign(RandomAdvance(State, x.Shape));
        return Select(kept, x * 2.0, 0f);
    }
}
