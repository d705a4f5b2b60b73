using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Loops over a sequence whose turns add to lists, as a recurrent layer is written.</summary>
public sealed partial class TurnLists : Module
{
    public Parameter Weight { get; } = new(new Generator(3).Normal([3, 3]) * 0.5f);

    [StaticGraph]
    public Tensor States([Shape("T", "B", 3)] Tensor x)
    {
        var h = Full([x.Shape[1], 3], 0f);
        var states = new List<Tensor>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            h = Tanh(x[t] + MatMul(h, Weight));
            states.Add(h);
        }

        return Stack(states, 1);
    }

    [StaticGraph]
    public Tensor Backwards([Shape("T", "B", 3)] Tensor x)
    {
        var h = Full([x.Shape[1], 3], 0f);
        var (states, sums) = (new List<Tensor>(), new List<Tensor>());
        for (var t = x.Shape[0] - 1; t >= 0; t--)
        {
            h = Tanh(x[t] + MatMul(h, Weight));
            states.Add(h * 2f);
            sums.Add(Sum(h, 1));
        }

        states.Reverse();
        return Stack(states, -3) + ExpandDims(Stack(sums), 2) + states.Count;
    }

    [StaticGraph]
    public Tensor Joined([Shape("T", "B", 3)] Tensor x)
    {
        var parts = new List<Tensor>();
        var scale = Full([], 1f);
        for (var t = 1; t <= x.Shape[0]; t++)
        {
            scale = scale * 0.9f;
            parts.Add(x[t - 1] * scale);
        }

        return Concat(parts, 1) + Concat(parts, -1);
    }

    [StaticGraph]
    public Tensor ItemByItem([Shape("T", "B", 3)] Tensor x)
    {
        var rows = new List<Tensor>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            rows.Add(x[t] * 2f);
        }

        return rows[0] + rows[^1] * 3f + rows[rows.Count / 2];
    }

    [StaticGraph]
    public Tensor WrittenAfter([Shape("T", "B", 3)] Tensor x)
    {
        var h = Full([x.Shape[1], 3], 0f);
        var states = new List<Tensor>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            h = Tanh(x[t] + h);
            states.Add(h);
        }

        h[0] = 7f;
        return Stack(states) + h;
    }

    [StaticGraph]
    public Tensor WrittenInATurn([Shape("T", "B", 3)] Tensor x)
    {
        var states = new List<Tensor>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            var h = x[t] + 1f;
            states.Add(h);
            h[0] = 5f;
        }

        return Stack(states);
    }

    [StaticGraph]
    public Tensor ReadInATurn([Shape("T", "B", 3)] Tensor x)
    {
        var states = new List<Tensor>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            states.Add(x[t] + states.Count);
        }

        return Stack(states);
    }

    [StaticGraph]
    public Tensor TwiceATurn([Shape("T", "B", 3)] Tensor x)
    {
        var states = new List<Tensor> { x[0] };
        var others = new List<Tensor>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            states.Add(x[t] * 2f);
            others.Add(x[t]);
            others.Add(x[t] + 1f);
        }

        return Concat([Stack(states), Stack(others)], 0);
    }

    [StaticGraph]
    public Tensor Leaves([Shape("T", "B", 3)] Tensor x)
    {
        var states = new List<Tensor>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            if (t == 2)
            {
                continue;
            }

            states.Add(x[t] * t);
        }

        return Stack(states);
    }

    [StaticGraph]
    public Tensor SameTensor([Shape("T", "B", 3)] Tensor x)
    {
        var total = Full([x.Shape[1], 3], 0f);
        var states = new List<Tensor>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            total[..] = total + x[t];
            states.Add(total);
        }

        return Stack(states);
    }

    [StaticGraph]
    public Tensor Nested([Shape("T", "B", 3)] Tensor x)
    {
        var rows = new List<Tensor>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            var inner = new List<Tensor>();
            for (var b = 0; b < x.Shape[1]; b++)
            {
                inner.Add(x[t, b] * (b + 1));
            }

            rows.Add(Stack(inner));
        }

        return Stack(rows);
    }

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Slopes([Shape("T", "B", 3)] Tensor x) =>
        ValueAndGrad(() => Sum(Square(States(x))) + Sum(Backwards(x) * 0.1f), [x, Weight]);

    [StaticGraph]
    public Tensor Curved([Shape("T", "B", 3)] Tensor x) =>
        Grad(() => Sum(Square(Grad(() => Sum(Square(States(x))), [x])[0])), [x])[0];

    [StaticGraph]
    public Tensor Mapped([Shape("N", "T", "B", 3)] Tensor x) => Vmap(one => States(one), x);

    [StaticGraph]
    public Tensor Along([Shape("T", "B", 3)] Tensor x) => Jvp(() => States(x), [x], [x * 0.5f]).Tangent;
}
