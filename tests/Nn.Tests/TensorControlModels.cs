using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Branches and loops whose condition is a tensor, in every form the language has.</summary>
public sealed partial class TensorControl : Module
{
    private Tensor _last = Tensor.Zeros([3]);

    public Tensor Counter { get; } = Tensor.Scalar(0f);

    public Tensor Total { get; } = Tensor.Zeros([3]);

    public Parameter Weight { get; } = new(Tensor.From<float>([1, -2, 3], 3));

    public Tensor Last => _last;

    [StaticGraph]
    public Tensor If(Tensor x)
    {
        var y = x;
        if (Sum(x) > 0f)
        {
            y = x * 2f + Weight;
        }

        return y - 1f;
    }

    [StaticGraph]
    public Tensor IfElse(Tensor x)
    {
        Tensor y;
        if (Sum(x) > 0f)
        {
            var doubled = x * 2f;
            y = Exp(doubled);
        }
        else
        {
            y = Abs(x);
        }

        return y;
    }

    [StaticGraph]
    public Tensor ElseIf(Tensor x)
    {
        var total = Sum(x);
        if (total > 10f)
        {
            x = x * 2f;
        }
        else if (total > 0f)
        {
            x = x * 3f;
        }
        else
        {
            x = -x;
        }

        return x;
    }

    [StaticGraph]
    public Tensor Conditional(Tensor x) => Sum(x) > 0f ? Exp(x) : x;

    [StaticGraph]
    public Tensor Chosen(Tensor x, Tensor y)
    {
        var larger = Sum(x) > Sum(y) ? x : y;
        return larger * 2f;
    }

    [StaticGraph]
    public Tensor AndOr(Tensor x)
    {
        if (Sum(x) > 0f && Max(x) < 5f)
        {
            x = x + 10f;
        }

        if (Sum(x) < 0f || Max(x) > 100f)
        {
            x = x * 0f;
        }

        if (!(Min(x) > 0f))
        {
            x = x + 0.5f;
        }

        return x;
    }

    [StaticGraph]
    public Tensor EarlyReturn(Tensor x)
    {
        if (Sum(x) > 0f)
        {
            return x * 2f;
        }

        x = x - 1f;
        if (Max(x) < -5f)
        {
            return Abs(x);
        }

        return x * 3f;
    }

    [StaticGraph]
    public Tensor While(Tensor x)
    {
        while (Sum(x * x) > 1f)
        {
            x = x * 0.5f;
        }

        return x;
    }

    [StaticGraph]
    public Tensor WhileWithCount(Tensor x, int limit)
    {
        var turns = 0;
        while (Sum(x * x) > 1f && turns < limit)
        {
            x = x * 0.5f;
            turns++;
        }

        return x + turns;
    }

    [StaticGraph]
    public Tensor DoWhile(Tensor x)
    {
        do
        {
            x = x * 0.5f + Weight * 0.01f;
        }
        while (Max(x) > 1f);
        return x;
    }

    [StaticGraph]
    public Tensor For(Tensor x)
    {
        for (var i = 0; Sum(x) < 100f; i++)
        {
            x = x + i;
        }

        return x;
    }

    [StaticGraph]
    public Tensor Break(Tensor x)
    {
        for (var i = 0; i < 6; i++)
        {
            x = x * 2f;
            if (Max(x) > 10f)
            {
                break;
            }

            x = x + 1f;
        }

        return x;
    }

    [StaticGraph]
    public Tensor Continue(Tensor x)
    {
        foreach (var step in new[] { 1f, 2f, 3f })
        {
            x = x + step;
            if (Sum(x) < 5f)
            {
                continue;
            }

            x = x * step;
        }

        return x;
    }

    [StaticGraph]
    public Tensor BreakOutOfWhile(Tensor x)
    {
        var n = 0;
        while (Sum(x) < 1000f)
        {
            n++;
            if (Max(x) > 20f)
            {
                break;
            }

            if (Min(x) < 0f)
            {
                x = Abs(x) + 0.25f;
                continue;
            }

            x = x * 1.5f + 1f;
        }

        return x - n;
    }

    [StaticGraph]
    public Tensor ReturnOutOfLoop(Tensor x)
    {
        while (Sum(x) < 1000f)
        {
            x = Abs(x) * 2f + 1f;
            if (Max(x) > 50f)
            {
                return -x;
            }
        }

        return x;
    }

    [StaticGraph]
    public Tensor ReturnOutOfUnrolledLoop(Tensor x)
    {
        for (var i = 0; i < 4; i++)
        {
            x = x + 1f;
            if (Max(x) > 5f)
            {
                return x * i;
            }
        }

        return -x;
    }

    [StaticGraph]
    public Tensor Nested(Tensor x)
    {
        while (Sum(x) < 50f)
        {
            var y = x;
            while (Max(y) < 3f)
            {
                y = y + 1f;
            }

            if (Min(x) > 0f)
            {
                x = x + y;
            }
            else
            {
                x = x + 2f;
            }
        }

        return x;
    }

    [StaticGraph]
    public Tensor Tuple(Tensor x)
    {
        var pair = (Low: x, High: x + 1f);
        while (Sum(pair.High - pair.Low) < 100f)
        {
            pair = (pair.Low * 0.5f, Abs(pair.High) * 2f + 1f);
        }

        var (low, high) = pair;
        return low + high;
    }

    [StaticGraph]
    public Tensor Item(Tensor x)
    {
        var total = Sum(x).Item<float>();
        var scale = total > 3f ? 2f : 0.5f;
        var half = (double)total / 2;
        if (half > 1.0 && x.Shape[0] == 3)
        {
            x = x * scale;
        }

        return x + total;
    }

    [StaticGraph]
    public void State(Tensor x)
    {
        if (Sum(x) > 0f)
        {
            Counter.Assign(Counter + 1f);
            Total.Assign(Total + x);
        }
        else
        {
            Total.Assign(Total * 0.5f);
        }
    }

    [StaticGraph]
    public Tensor StateInLoop(Tensor x)
    {
        while (Sum(Total) < 10f)
        {
            Total.Assign(Total + Abs(x) + 1f);
            Counter.Assign(Counter + 1f);
        }

        return Total * 2f;
    }

    [StaticGraph]
    public Tensor Calls(Tensor x)
    {
        if (Sum(x) > 0f)
        {
            x = If(x);
            State(x);
        }

        while (Max(x) < 4f)
        {
            x = IfElse(x) + 1f;
        }

        return x;
    }

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Gradient(Tensor x) => ValueAndGrad(
        () =>
        {
            var y = x * Weight;
            if (Sum(x) > 0f)
            {
                y = Exp(y * 0.1f) * x;
            }
            else if (Max(x) < -1f)
            {
                y = y * y;
            }

            return Sum(y * Weight);
        },
        [Weight]);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) GradientOfWhile(Tensor x) => ValueAndGrad(
        () =>
        {
            var y = Weight * x;
            while (Sum(y * y) > 1f)
            {
                y = y * 0.5f;
            }

            return Sum(y);
        },
        [Weight]);

    [StaticGraph]
    public Tensor FieldInBranch(Tensor x)
    {
        if (Sum(x) > 0f)
        {
            _last = x + 1f;
        }

        return x * 2f;
    }

    [StaticGraph]
    public Tensor OtherShapes(Tensor x)
    {
        var y = x;
        if (Sum(x) > 0f)
        {
            y = x[..2];
        }

        return Sum(y);
    }

    [StaticGraph]
    public Tensor Throws(Tensor x)
    {
        if (Sum(x) > 1000f)
        {
            throw new ArgumentException("too large");
        }

        return x + 1f;
    }

    [StaticGraph]
    public Tensor NamedDims([Shape("B", "T")] Tensor x)
    {
        var turns = 0;
        while (Max(x) < 100f)
        {
            x = x * 2f + 1f;
            turns++;
        }

        return turns > 3 ? x : Cast(x > 0f, Unified.Ir.DType.F32) * x;
    }
}
