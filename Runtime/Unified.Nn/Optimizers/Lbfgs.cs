namespace Unified.Nn;

/// <summary>
/// Limited-memory BFGS (Nocedal, 1980), for functions without noise: steps along a direction that the last changes of the gradient suggest, as long as a line
/// search by the strong Wolfe conditions finds them (Nocedal and Wright, 2006, algorithms 3.5 and 3.6). The function and its gradients may be one graph;
/// the search runs on the host, in double precision. What it remembers is state: with it and the parameters, the next <see cref="Minimize"/> goes on bit for bit.
/// </summary>
public sealed partial class Lbfgs : Module
{
    private const double Decrease = 1e-4;
    private const double Curvature = 0.9;
    private const int MostTrials = 25;

    private readonly IReadOnlyList<Parameter> _parameters;

    // Rows are written in turn, the oldest first.
    private readonly Tensor _steps;
    private readonly Tensor _changes;
    private readonly Tensor _written;

    /// <param name="parameters">What is trained.</param>
    /// <param name="memory">How many changes are remembered.</param>
    public Lbfgs(IReadOnlyList<Parameter> parameters, int memory = 10)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(memory);
        if (parameters.FirstOrDefault(p => p.DType != Ir.DType.F32) is { } other)
        {
            throw new ArgumentException($"L-BFGS trains f32 parameters, not {other.Type}", nameof(parameters));
        }

        _parameters = parameters;
        var size = checked((int)parameters.Sum(p => (long)p.Size));
        Memory = memory;
        _steps = Tensor.Zeros([memory, size], Ir.DType.F64);
        _changes = Tensor.Zeros([memory, size], Ir.DType.F64);
        _written = Tensor.From<long>([0]);
    }

    /// <summary>How many changes are remembered.</summary>
    public int Memory { get; }

    /// <summary>Minimizes until the largest gradient is below the tolerance, no step helps any more, or so many iterations are done.</summary>
    /// <param name="evaluate">The value at the parameters as they are, and a gradient for each.</param>
    /// <param name="iterations">The most iterations.</param>
    /// <param name="tolerance">Of the gradient's largest element.</param>
    /// <returns>The value reached.</returns>
    public double Minimize(Func<(Tensor Loss, IReadOnlyList<Tensor> Gradients)> evaluate, int iterations = 100, double tolerance = 1e-6)
    {
        var at = Read();
        var (value, gradient) = Evaluate(evaluate, at);
        for (var i = 0; i < iterations && gradient.Max(Math.Abs) > tolerance; i++)
        {
            var direction = Direction(gradient);
            if (Dot(direction, gradient) >= 0)
            {
                _written.CopyFrom<long>([0]);
                direction = [.. gradient.Select(g => -g)];
            }

            var first = _written.Item<long>() > 0 ? 1 : Math.Min(1, 1 / gradient.Sum(Math.Abs));
            if (Search(evaluate, at, direction, value, gradient, first) is not var (point, next, slope))
            {
                break;
            }

            Remember(Minus(point, at), Minus(slope, gradient));
            (at, value, gradient) = (point, next, slope);
        }

        Write(at);
        return value;
    }

    /// <summary>The two loops of Nocedal: the inverse of the curvature seen so far, times −g.</summary>
    private double[] Direction(double[] gradient)
    {
        double[] q = [.. gradient];
        var factors = new Stack<double>();
        var memory = Remembered();
        foreach (var (step, change, scale) in Enumerable.Reverse(memory))
        {
            var a = scale * Dot(step, q);
            factors.Push(a);
            Add(q, change, -a);
        }

        if (memory.Length > 0)
        {
            var gamma = 1 / (memory[^1].Scale * Dot(memory[^1].Change, memory[^1].Change));
            q = [.. q.Select(v => v * gamma)];
        }

        foreach (var (step, change, scale) in memory)
        {
            Add(q, step, factors.Pop() - (scale * Dot(change, q)));
        }

        return [.. q.Select(v => -v)];
    }

    private void Remember(double[] step, double[] change)
    {
        var curvature = Dot(step, change);
        if (curvature <= 1e-12 * Dot(change, change))
        {
            return;
        }

        var written = _written.Item<long>();
        var row = (int)(written % Memory) * step.Length;
        step.CopyTo(_steps.AsSpan<double>()[row..]);
        change.CopyTo(_changes.AsSpan<double>()[row..]);
        _written.CopyFrom<long>([written + 1]);
    }

    private (double[] Step, double[] Change, double Scale)[] Remembered()
    {
        var (written, size) = (_written.Item<long>(), _steps.Shape[1]);
        var result = new (double[], double[], double)[Math.Min(written, Memory)];
        for (var i = 0; i < result.Length; i++)
        {
            var row = (int)((written - result.Length + i) % Memory) * size;
            double[] step = [.. _steps.AsSpan<double>().Slice(row, size)];
            double[] change = [.. _changes.AsSpan<double>().Slice(row, size)];
            result[i] = (step, change, 1 / Dot(step, change));
        }

        return result;
    }

    private (double[] At, double Value, double[] Gradient)? Search(
        Func<(Tensor Loss, IReadOnlyList<Tensor> Gradients)> evaluate, double[] at, double[] direction, double value, double[] gradient, double first)
    {
        var slope = Dot(gradient, direction);
        var (low, high, lowValue) = (0.0, double.PositiveInfinity, value);
        (double[] At, double Value, double[] Gradient)? best = null;
        var step = first;
        for (var trial = 0; trial < MostTrials; trial++)
        {
            double[] point = [.. at];
            Add(point, direction, step);
            var (next, nextGradient) = Evaluate(evaluate, point);
            var nextSlope = Dot(nextGradient, direction);
            if (!(next <= value + (Decrease * step * slope)) || (next >= lowValue && low > 0))
            {
                high = step;
            }
            else
            {
                best = (point, next, nextGradient);
                if (Math.Abs(nextSlope) <= -Curvature * slope)
                {
                    return best;
                }

                // Behind the minimum the slope rises.
                if (nextSlope > 0)
                {
                    high = step;
                }
                else
                {
                    (low, lowValue) = (step, next);
                }
            }

            step = double.IsPositiveInfinity(high) ? step * 2 : (low + high) / 2;
        }

        return best;
    }

    private (double Value, double[] Gradient) Evaluate(Func<(Tensor Loss, IReadOnlyList<Tensor> Gradients)> evaluate, double[] at)
    {
        Write(at);
        using var scope = new TensorScope();
        var (loss, gradients) = evaluate();
        return (loss.ToScalar(), [.. gradients.SelectMany(g => g.ToArray<float>()).Select(v => (double)v)]);
    }

    private double[] Read() => [.. _parameters.SelectMany(p => p.ToArray<float>()).Select(v => (double)v)];

    private void Write(double[] values)
    {
        var next = 0;
        foreach (var parameter in _parameters)
        {
            var count = (int)parameter.Size;
            parameter.CopyFrom<float>(Array.ConvertAll(values[next..(next + count)], v => (float)v));
            next += count;
        }
    }

    private static double Dot(double[] x, double[] y)
    {
        double sum = 0;
        for (var i = 0; i < x.Length; i++)
        {
            sum += x[i] * y[i];
        }

        return sum;
    }

    private static double[] Minus(double[] x, double[] y) => [.. x.Select((v, i) => v - y[i])];

    private static void Add(double[] x, double[] y, double factor)
    {
        for (var i = 0; i < x.Length; i++)
        {
            x[i] += factor * y[i];
        }
    }
}
