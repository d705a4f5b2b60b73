using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>Loops that the host could run, too long to be unrolled.</summary>
public sealed partial class LongLoops : Module
{
    private readonly Tensor[] _weights = [.. Enumerable.Range(0, 12).Select(i => Tensor.From<float>([0.1f * i, 1, -0.1f], 3))];

    public Tensor Total { get; } = Tensor.Zeros([3]);

    public Parameter Weight { get; } = new(Tensor.From<float>([0.5f, -0.25f, 0.75f], 3));

    /// <summary>A step of an integrator, long enough that ten turns are many instructions.</summary>
    [StaticGraph]
    public Tensor Integrate(Tensor x, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            var h = 0.001f;
            var a = Sin(x) * Weight - Tanh(x * 0.5f) + Cos(x * 2f) * 0.25f;
            var b = Sin(x + a * h) * Weight - Tanh((x + a * h) * 0.5f) + Cos((x + a * h) * 2f) * 0.25f;
            var c = Sin(x + b * h) * Weight - Tanh((x + b * h) * 0.5f) + Cos((x + b * h) * 2f) * 0.25f;
            x = x + (a + b * 2f + c) * (h / 4f);
        }

        return x;
    }

    [StaticGraph]
    public Tensor Small(Tensor x, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            x = x * 0.99f + 0.01f;
        }

        return x;
    }

    [StaticGraph]
    public Tensor Counts(Tensor x, int turns)
    {
        var (sum, scale, half) = (0, 1.0, 1f);
        for (var i = turns; i > 0; i -= 2)
        {
            sum += i % 7 - i / 5 * 2;
            scale *= 0.999;
            half = half * 0.98f + (float)i / turns;
            x = x + sum * 0.001f + (float)scale * half;
        }

        return x + sum;
    }

    [StaticGraph]
    public Tensor While(Tensor x, int turns)
    {
        var i = 0;
        var squares = 0L;
        while (i * 2 < turns)
        {
            squares += (long)i * i;
            x = Tanh(x) + i * 0.01f;
            i++;
        }

        return x + squares;
    }

    [StaticGraph]
    public Tensor DoWhile(Tensor x, int turns)
    {
        do
        {
            x = Tanh(x) + turns * 0.01f;
            turns--;
        }
        while (turns > 0);
        return x;
    }

    [StaticGraph]
    public Tensor ForEach(Tensor x, int turns)
    {
        foreach (var i in Enumerable.Range(3, turns))
        {
            x = Tanh(x) + i * 0.01f;
        }

        return x;
    }

    [StaticGraph]
    public Tensor Nested(Tensor x, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            for (var j = 0; j < i % 3 + 1; j++)
            {
                x = Tanh(x + j * 0.1f) * 1.01f;
            }

            if (i % 4 == 1)
            {
                continue;
            }

            x = x + 0.05f;
        }

        return x;
    }

    [StaticGraph]
    public Tensor Leaves(Tensor x, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            x = x + 0.25f;
            if (Max(x) > 40f)
            {
                break;
            }

            if (i == turns - 2)
            {
                return x * 2f;
            }
        }

        return x;
    }

    [StaticGraph]
    public Tensor Rows([Shape("N", 3)] Tensor x, int turns)
    {
        var y = x[0];
        for (var i = 1; i < turns; i++)
        {
            y = y * 0.9f + x[i] * x[^i] + Sum(x[(i - 1)..(i + 1)], 0) * 0.1f + x[i, 1] + x[..2, 2][1];
        }

        return y;
    }

    [StaticGraph]
    public Tensor State(Tensor x, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            Total.Assign(Total * 0.99f + x * i);
        }

        return Total + 1f;
    }

    [StaticGraph]
    public Tensor Lists(Tensor x, int turns)
    {
        var seen = new List<Tensor>();
        for (var i = 0; i < turns; i++)
        {
            x = Tanh(x) + _weights[i % 12];
            if (i % 50 == 0)
            {
                seen.Add(x);
            }
        }

        return x + seen[^1] + seen.Count;
    }

    [StaticGraph]
    public Tensor SizeAfter(Tensor x, int turns)
    {
        var n = 0;
        for (var i = 0; i < turns; i++)
        {
            x = Tanh(x) + 0.1f;
            n += i % 2;
        }

        return Reshape(x, [1, 3]) * Full([n / 2, 3], 1f);
    }

    [StaticGraph]
    public Tensor Decides(Tensor x, int turns)
    {
        var rate = 1.0;
        for (var i = 0; i < turns; i++)
        {
            rate *= 0.97;
            x = rate > 0.5 ? x + 1f : x * 0.99f;
            x = x + (int)(rate * 10);
        }

        return x;
    }

    [StaticGraph]
    public Tensor Throws(Tensor x, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            if (i > 90)
            {
                throw new ArgumentException($"too many: {i}");
            }

            x = x + 1f;
        }

        return x;
    }
}
