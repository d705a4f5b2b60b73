using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// The learning rate as a function of the step. Part of the training graph: a new step is no new graph. What changes from outside, such as the
/// factor of <see cref="PlateauSchedule"/>, is state and is saved with the optimizer's.
/// </summary>
public abstract partial class LearningRateSchedule : Module
{
    /// <param name="step">f64 rank 0, counted from 1.</param>
    /// <returns>f64 rank 0.</returns>
    [StaticGraph]
    public abstract Tensor At(Tensor step);

    /// <summary>The rate of a step, counted from 1.</summary>
    public double Rate(long step)
    {
        using var mode = Execution.Use(ExecutionMode.Eager);
        using var scope = new TensorScope();
        return At(Tensor.Scalar((double)step)).Item<double>();
    }

    private protected static int Positive(int steps, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps, name);
        return steps;
    }
}

/// <summary>The same rate at every step.</summary>
public sealed partial class ConstantSchedule(double rate) : LearningRateSchedule
{
    private readonly double _rate = rate;

    [StaticGraph]
    public override Tensor At(Tensor step) => Constant(_rate, Ir.DType.F64);
}

/// <summary>Multiplied by the factor after every so many steps.</summary>
public sealed partial class StepSchedule(double rate, double factor, int every) : LearningRateSchedule
{
    private readonly int _every = Positive(every, nameof(every));

    [StaticGraph]
    public override Tensor At(Tensor step) => rate * Exp(Floor((step - 1.0) / _every) * Math.Log(factor));
}

/// <summary>Multiplied by the factor after each of the steps named.</summary>
public sealed partial class MultiStepSchedule(double rate, double factor, params IEnumerable<int> milestones) : LearningRateSchedule
{
    private readonly int[] _milestones = milestones.ToArray();

    [StaticGraph]
    public override Tensor At(Tensor step)
    {
        var passed = step * 0.0;
        for (var i = 0; i < _milestones.Length; i++)
        {
            passed = passed + Cast(step > _milestones[i], Ir.DType.F64);
        }

        return rate * Exp(passed * Math.Log(factor));
    }
}

/// <summary>Multiplied by the factor at each step.</summary>
public sealed partial class ExponentialSchedule(double rate, double factor) : LearningRateSchedule
{
    [StaticGraph]
    public override Tensor At(Tensor step) => rate * Exp((step - 1.0) * Math.Log(factor));
}

/// <summary>From start to end along (1 − done)^power, and there it stays: a line with power 1.</summary>
public sealed partial class PolynomialSchedule(double start, double end, int steps, double power = 1) : LearningRateSchedule
{
    private readonly int _steps = Positive(steps, nameof(steps));

    [StaticGraph]
    public override Tensor At(Tensor step) => end + ((start - end) * Pow(1.0 - Clamp((step - 1.0) / _steps, 0, 1), power));
}

/// <summary>From peak to floor along half a cosine (Loshchilov and Hutter, 2017), and there it stays.</summary>
public sealed partial class CosineSchedule(double peak, double floor, int steps) : LearningRateSchedule
{
    private readonly int _steps = Positive(steps, nameof(steps));

    [StaticGraph]
    public override Tensor At(Tensor step) => floor + ((peak - floor) * 0.5 * (1.0 + Cos(Clamp((step - 1.0) / _steps, 0, 1) * Math.PI)));
}

/// <summary>
/// Half a cosine from peak to floor again and again, each period <c>growth</c> times as long as the one before (Loshchilov and Hutter, 2017).
/// </summary>
public sealed partial class CosineRestartsSchedule : LearningRateSchedule
{
    private readonly double _peak;
    private readonly double _floor;
    private readonly int _period;
    private readonly double _growth;

    public CosineRestartsSchedule(double peak, double floor, int period, double growth = 1)
    {
        if (growth < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(growth), growth, "periods stay as long as they are or grow");
        }

        (_peak, _floor, _period, _growth) = (peak, floor, Positive(period, nameof(period)), growth);
    }

    [StaticGraph]
    public override Tensor At(Tensor step)
    {
        var done = step - 1.0;
        if (_growth == 1)
        {
            return Fall(Frac(done / _period));
        }

        // Period n begins after period·(growthⁿ − 1)/(growth − 1) steps; the little more keeps a beginning from counting as the end before it.
        var number = Floor((Log((done * ((_growth - 1) / _period)) + 1.0) / Math.Log(_growth)) + 1e-9);
        var length = Exp(number * Math.Log(_growth));
        return Fall(Clamp(((done / _period) - ((length - 1.0) / (_growth - 1))) / length, 0, 1));
    }

    [StaticGraph]
    private Tensor Fall(Tensor done) => _floor + ((_peak - _floor) * 0.5 * (1.0 + Cos(done * Math.PI)));
}

/// <summary>Rises linearly to the peak over the warm-up steps, then falls to the floor along half a cosine (Loshchilov and Hutter, 2017).</summary>
public sealed partial class WarmupCosineSchedule : LearningRateSchedule
{
    public WarmupCosineSchedule(double peak, double floor, int warmup, int steps)
    {
        if (warmup < 0 || steps <= warmup)
        {
            throw new ArgumentException($"a schedule of {steps} steps cannot warm up for {warmup}", nameof(warmup));
        }

        Peak = peak;
        Floor = floor;
        Warmup = warmup;
        Steps = steps;
    }

    public double Peak { get; }

    public double Floor { get; }

    public int Warmup { get; }

    public int Steps { get; }

    [StaticGraph]
    public override Tensor At(Tensor step)
    {
        var done = Clamp((step - Warmup) / (Steps - Warmup), 0, 1);
        var cosine = Floor + (Peak - Floor) * 0.5 * (1.0 + Cos(done * Math.PI));
        if (Warmup == 0)
        {
            return cosine;
        }

        return Select(step < Warmup, step * (Peak / Warmup), cosine);
    }
}

/// <summary>
/// Rises from peak/start to the peak over a share of the steps and falls to peak/start/end over the rest, along half cosines (Smith and Topin, 2019).
/// </summary>
public sealed partial class OneCycleSchedule : LearningRateSchedule
{
    private readonly double _peak;
    private readonly double _start;
    private readonly double _end;
    private readonly double _turn;
    private readonly double _last;

    public OneCycleSchedule(double peak, int steps, double rising = 0.3, double start = 25, double end = 1e4)
    {
        if (rising is <= 0 or >= 1)
        {
            throw new ArgumentOutOfRangeException(nameof(rising), rising, "the rate rises over a share of the steps between 0 and 1");
        }

        (_peak, _start, _end) = (peak, peak / start, peak / start / end);
        _last = Positive(steps, nameof(steps)) - 1;
        _turn = Math.Max(1e-9, (rising * steps) - 1);
    }

    [StaticGraph]
    public override Tensor At(Tensor step)
    {
        var done = step - 1.0;
        var rise = Between(Clamp(done / _turn, 0, 1), _start, _peak);
        var fall = Between(Clamp((done - _turn) / Math.Max(1e-9, _last - _turn), 0, 1), _peak, _end);
        return Select(done < _turn, rise, fall);
    }

    [StaticGraph]
    private static Tensor Between(Tensor share, double from, double to) => to + ((from - to) * 0.5 * (1.0 + Cos(share * Math.PI)));
}

/// <summary>Up and down between two rates along lines, half a period each (Smith, 2017).</summary>
public sealed partial class CyclicSchedule(double low, double high, int period) : LearningRateSchedule
{
    private readonly int _period = Positive(period, nameof(period));

    [StaticGraph]
    public override Tensor At(Tensor step) => low + ((high - low) * (1.0 - Abs((Frac((step - 1.0) / _period) * 2.0) - 1.0)));
}

/// <summary>rate·√(warm-up/step) after a linear rise over the warm-up steps (Vaswani et al., 2017).</summary>
public sealed partial class InverseRootSchedule(double rate, int warmup) : LearningRateSchedule
{
    private readonly int _warmup = Positive(warmup, nameof(warmup));

    [StaticGraph]
    public override Tensor At(Tensor step) => rate * Minimum(step / _warmup, Sqrt(_warmup / step));
}

/// <summary>Another schedule's rate, rising linearly to it over the first steps.</summary>
public sealed partial class WarmupSchedule(LearningRateSchedule schedule, int steps) : LearningRateSchedule
{
    private readonly LearningRateSchedule _schedule = schedule;
    private readonly int _steps = Positive(steps, nameof(steps));

    [StaticGraph]
    public override Tensor At(Tensor step) => _schedule.At(step) * Minimum(step / _steps, 1);
}

/// <summary>One schedule for so many steps, then the next, each from its step 1; the last one goes on.</summary>
public sealed partial class SequentialSchedule : LearningRateSchedule
{
    private readonly LearningRateSchedule[] _schedules;
    private readonly int[] _starts;

    public SequentialSchedule(params IReadOnlyList<(LearningRateSchedule Schedule, int Steps)> parts)
    {
        if (parts.Count == 0)
        {
            throw new ArgumentException("a sequence has at least one schedule", nameof(parts));
        }

        _schedules = parts.Select(p => p.Schedule).ToArray();
        _starts = parts.Select((_, i) => parts.Take(i).Sum(p => p.Steps)).ToArray();
    }

    [StaticGraph]
    public override Tensor At(Tensor step)
    {
        var rate = _schedules[0].At(step);
        for (var i = 1; i < _schedules.Length; i++)
        {
            rate = Select(step > _starts[i], _schedules[i].At(Maximum(step - _starts[i], 1)), rate);
        }

        return rate;
    }
}

/// <summary>The product of several schedules, such as a rate and factors of it.</summary>
public sealed partial class ProductSchedule(params IEnumerable<LearningRateSchedule> schedules) : LearningRateSchedule
{
    private readonly LearningRateSchedule[] _schedules = schedules.ToArray();

    [StaticGraph]
    public override Tensor At(Tensor step)
    {
        var rate = step * 0.0 + 1.0;
        foreach (var schedule in _schedules)
        {
            rate = rate * schedule.At(step);
        }

        return rate;
    }
}

/// <summary>
/// Another schedule's rate times a factor that is lowered when a measured value, such as a validation loss, has not become smaller for a while.
/// The factor is a tensor: lowering it is no new graph.
/// </summary>
public sealed partial class PlateauSchedule(LearningRateSchedule schedule, double factor = 0.1, int patience = 10, double threshold = 1e-4, double least = 0) : LearningRateSchedule
{
    private readonly LearningRateSchedule _schedule = schedule;

    // The factor, the best value and how many observations were no better: f64.
    private readonly Tensor _factor = Tensor.Scalar(1.0);
    private readonly Tensor _best = Tensor.Scalar(double.PositiveInfinity);
    private readonly Tensor _waited = Tensor.Scalar(0.0);

    public double Factor => _factor.Item<double>();

    /// <summary>Takes note of a value.</summary>
    /// <returns>Whether the factor was lowered.</returns>
    public bool Observe(double value)
    {
        if (value < _best.Item<double>() * (1 - (Math.Sign(_best.Item<double>()) * threshold)) || double.IsPositiveInfinity(_best.Item<double>()))
        {
            _best.CopyFrom<double>([value]);
            _waited.CopyFrom<double>([0]);
            return false;
        }

        var waited = _waited.Item<double>() + 1;
        var isLowered = waited > patience && Factor > least;
        _waited.CopyFrom<double>([isLowered ? 0 : waited]);
        if (isLowered)
        {
            _factor.CopyFrom<double>([Math.Max(least, Factor * factor)]);
        }

        return isLowered;
    }

    [StaticGraph]
    public override Tensor At(Tensor step) => _schedule.At(step) * _factor;
}
