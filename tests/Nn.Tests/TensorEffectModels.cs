using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Fields set and exceptions thrown under conditions that are tensors.</summary>
public sealed partial class TensorEffects : Module
{
    private Tensor _last = Tensor.Zeros([3]);
    private Tensor _other = Tensor.Zeros([3]);

    public Tensor Counter { get; } = Tensor.Scalar(0f);

    public int Limit { get; set; } = 10;

    public Tensor Last => _last;

    public Tensor Other => _other;

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
