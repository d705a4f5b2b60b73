using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Fields set and exceptions thrown under conditions that are tensors.</summary>
public sealed partial class TensorEffects : Module
{
    private Tensor _last = Tensor.Zeros([3]);
    private Tensor _other = Tensor.Zeros([3]);
    private readonly Linear _small = new(3, 4, generator: new Generator(1)), _large = new(3, 4, generator: new Generator(2));

    public Tensor Counter { get; } = Tensor.Scalar(0f);

    public int Limit { get; set; } = 10;

    public Tensor Last => _last;

    public Tensor Other => _other;

    /// <summary>Writes to one field and reads another.</summary>
    [StaticGraph]
    public Tensor WritesOneReadsOther(Tensor x)
    {
        _last.Assign(_last + x);
        return _other * 2f;
    }

    /// <summary>Both fields hold one tensor, or two again.</summary>
    public void Join(bool one) => _other = one ? _last : Tensor.Ones([3]);

    /// <summary>One more name of the argument, or not, depending on a tensor; the argument is written to afterwards.</summary>
    [StaticGraph]
    public Tensor Alias(Tensor x, Tensor y)
    {
        if (Sum(x) > 0f)
        {
            y = x;
        }

        x[0] = 9f;
        return y * 2f;
    }

    [StaticGraph]
    public Tensor NameOfLoop(Tensor x, Tensor y)
    {
        while (Sum(y) > 10f)
        {
            y = x;
        }

        x[0] = 9f;
        return y * 2f;
    }

    [StaticGraph]
    public Tensor NameBeforeLoop(Tensor x, Tensor y)
    {
        y = x;
        while (Sum(y) > 2f)
        {
            y = y * 0.5f;
        }

        x[0] = 9f;
        return y * 2f;
    }

    [StaticGraph]
    public Tensor NameOfTurnBefore(Tensor x, Tensor y)
    {
        var sum = y * 0f;
        while (Sum(Abs(sum)) < 100f)
        {
            x[0] = sum[1];
            sum = sum + Abs(y) + 1f;
            y = x;
        }

        return sum;
    }

    /// <summary>Whichever of the two <c>h</c> is, it holds what was assigned.</summary>
    [StaticGraph]
    public Tensor KeptAfterLoop(Tensor x)
    {
        var h = Counter;
        while (Sum(h) < Sum(x))
        {
            h = h + 1f;
        }

        Counter.Assign(h);
        return h * 2f + x;
    }

    /// <summary>At least one turn is run, so <c>h</c> is not the state itself.</summary>
    [StaticGraph]
    public Tensor KeptAfterLongLoop(Tensor x)
    {
        var h = Counter;
        for (var i = 0; i < 200; i++)
        {
            h = h * 0.5f + x[0];
        }

        Counter.Assign(h * 0.5f);
        return h + x;
    }

    [StaticGraph]
    public Tensor SetsIf(Tensor x)
    {
        if (Sum(x) > 0f)
        {
            _last = x + 1f;
        }

        return x + _last;
    }

    [StaticGraph]
    public Tensor SetsEither(Tensor x)
    {
        if (Sum(x) > 0f)
        {
            _last = x + 1f;
            _other = _last * 2f;
        }
        else
        {
            _last = _last * 0.5f - x;
            if (Max(x) < -1f)
            {
                _other = _last;
            }
        }

        return _last + _other;
    }

    [StaticGraph]
    public Tensor SetsTwice(Tensor x)
    {
        _last = x * 3f;
        if (Sum(x) > 0f)
        {
            _last = _last + 1f;
        }

        return _last;
    }

    [StaticGraph]
    public void Set(Tensor x)
    {
        if (Max(x) > 1f)
        {
            _last = x;
        }
    }

    [StaticGraph]
    public Tensor SetsInCalls(Tensor x)
    {
        Set(x * 1f);
        if (Sum(x) < 100f)
        {
            Set(_last + x);
        }

        return _last * 2f;
    }

    [StaticGraph]
    public Tensor Throws(Tensor x)
    {
        Counter.Assign(Counter + 1f);
        if (Sum(x) > 10f)
        {
            throw new ArgumentException($"too large, by the limit of {Limit}");
        }

        Counter.Assign(Counter + 10f);
        _last = x;
        if (Sum(x) < -10f)
        {
            _other = x * 2f;
            throw new InvalidOperationException("too small");
        }

        Counter.Assign(Counter + 100f);
        return x + Counter;
    }

    [StaticGraph]
    public Tensor Check(Tensor x)
    {
        Counter.Assign(Counter + 1f);
        if (Max(x) > 5f)
        {
            throw new ArgumentException("checked");
        }

        Counter.Assign(Counter + 1f);
        return x * 2f;
    }

    [StaticGraph]
    public Tensor ThrowsInCalls(Tensor x)
    {
        var y = Check(x) + Check(x * 0.5f - 1f);
        Counter.Assign(Counter + 50f);
        if (Sum(y) > 3f)
        {
            y = Check(y * 0.3f);
        }

        _last = y;
        return y;
    }

    [StaticGraph]
    public Tensor ThrowsInLoop(Tensor x)
    {
        var y = x;
        while (Sum(y) < 60f)
        {
            Counter.Assign(Counter + 1f);
            y = Abs(y) * 2f + 1f;
            if (Max(y) > 40f)
            {
                throw new TimeoutException("in the loop");
            }
        }

        return y;
    }

    [StaticGraph]
    public (Tensor Sum, Tensor Doubled) ThrowsForTuple(Tensor x)
    {
        Tensor Checked(Tensor value)
        {
            if (Max(value) > 5f)
            {
                throw new ArgumentException("in a local function");
            }

            return value * 2f;
        }

        var doubled = Checked(x);
        Counter.Assign(Counter + 1f);
        return Sum(doubled) > -5f ? (Sum(doubled), doubled) : throw new ArgumentException("in an expression");
    }

    [StaticGraph]
    public Tensor ThrowsAfterEffects(Tensor x)
    {
        Counter.Assign(Counter + Sum(x));
        if (Limit > 5)
        {
            throw new ArgumentException("on the host");
        }

        return x;
    }

    [StaticGraph]
    public Tensor ThrowsWhatDepends(Tensor x)
    {
        var total = Sum(x);
        if (total > 10f)
        {
            throw new ArgumentException($"the sum is {total.Item<float>()}");
        }

        return x + 1f;
    }

    [StaticGraph]
    public Tensor Lists(Tensor x)
    {
        var parts = new List<Tensor> { x, x * 2f };
        var same = parts;
        if (Sum(x) > 0f)
        {
            parts[0] = x + 1f;
            parts.Add(x * 3f);
        }
        else
        {
            same.Add(parts[1]);
            if (Max(x) < -1f)
            {
                (same[1], same[2]) = (same[0] - 5f, same[0] - same[1]);
            }
        }

        for (var i = 0; i < 3; i++)
        {
            if (Max(parts[i]) > 4f)
            {
                parts[i] = parts[i] * 0.5f;
                continue;
            }

            parts.Reverse();
        }

        parts.Add(x);
        return parts[0] + parts[1] * 2f + same[2] * 3f + same.Count;
    }

    [StaticGraph]
    public Tensor ListsOfOtherLength(Tensor x)
    {
        var parts = new List<Tensor> { x };
        if (Sum(x) > 0f)
        {
            parts.Add(x * 3f);
        }

        return parts[^1] + parts.Count;
    }

    [StaticGraph]
    public Tensor OtherShapes(Tensor x)
    {
        var y = Sum(x) > 0f ? x[..2] : x;
        if (Max(x) > 3f)
        {
            y = Concat([y, x, y], 0);
        }

        Counter.Assign(Counter + Sum(y));
        var total = y * 2f;
        for (var i = 0; i < 3; i++)
        {
            total = total + y * i;
        }

        return Sum(total) + y.Shape[0];
    }

    [StaticGraph]
    public Tensor OtherModules(Tensor x)
    {
        var chosen = _small;
        if (Sum(x) > 0f)
        {
            chosen = _large;
        }

        return chosen.Forward(Reshape(x, [1, 3])) * 2f;
    }

    [StaticGraph]
    public Tensor OtherShapeOut(Tensor x)
    {
        if (Sum(x) > 0f)
        {
            x = x[..2];
        }

        return x + 1f;
    }

    [StaticGraph]
    public Tensor SetsInLoop(Tensor x)
    {
        while (Sum(x) < 10f)
        {
            x = Abs(x) + 1f;
            _last = x;
        }

        return x;
    }

    [StaticGraph]
    public Tensor Power(Tensor x, int n) => n == 0 ? x * 0f + 1f : n % 2 == 0 ? Power(x * x, n / 2) : x * Power(x, n - 1);

    [StaticGraph]
    public Tensor Descend(Tensor x, int depth)
    {
        if (depth == 0)
        {
            return x;
        }

        return Sum(x) > 0f ? Descend(x - 1f, depth - 1) : Descend(x * 2f, depth - 1) + depth;
    }
}
