using static Unified.Ops;

namespace Unified.Nn;

/// <summary>The learning rate as a function of the step. Part of the training graph: a new step is no new graph.</summary>
public abstract partial class LearningRateSchedule
{
    /// <param name="step">f64 rank 0, counted from 1.</param>
    /// <returns>f64 rank 0.</returns>
    [StaticGraph]
    public abstract Tensor At(Tensor step);
}

/// <summary>The same rate at every step.</summary>
public sealed partial class ConstantSchedule(double rate) : LearningRateSchedule
{
    public double Rate { get; } = rate;

    [StaticGraph]
    public override Tensor At(Tensor step) => Constant(Rate, Ir.DType.F64);
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
