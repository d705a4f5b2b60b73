using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Gradient descent that also keeps the mean of the parameters from a step on (Polyak and Juditsky, 1992): p ← p·(1 − λ·η) − η·g with
/// η = rate/(1 + λ·rate·(t − 1))^α. <see cref="UseAverage"/> puts the means in place.
/// </summary>
public sealed partial class Asgd : Optimizer
{
    private readonly Tensor[] _average;

    public Asgd(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule) => _average = [.. Zeros(parameters)];

    /// <summary>λ: how strongly parameters are drawn to 0.</summary>
    public double Lambda { get; init; } = 1e-4;

    /// <summary>α: how fast the rate falls.</summary>
    public double Alpha { get; init; } = 0.75;

    /// <summary>The first step whose parameters count.</summary>
    public int AverageFrom { get; init; } = 1;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var step = NextStep();
        var rate = Schedule.At(step);
        var eta = rate / Exp(Log((rate * Lambda * (step - 1.0)) + 1.0) * Alpha);
        var rates = Rates(eta);
        var shrink = Rates(eta * Lambda);
        var decays = GradientDecays();
        var share = Cast(1.0 / Maximum(step - AverageFrom + 1.0, 1), Ir.DType.F32);
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _average[i], gradients[i], scale, rates[RuleOf[i]], shrink[RuleOf[i]], decays[RuleOf[i]], share);
        }
    }

    /// <summary>Sets the parameters to their means; the means stay as they are.</summary>
    public void UseAverage()
    {
        for (var i = 0; i < Targets.Length; i++)
        {
            using var average = Cast(_average[i], Targets[i].DType);
            Targets[i].Assign(average);
        }
    }

    [StaticGraph]
    private void Update(Tensor parameter, Tensor average, Tensor gradient, Tensor scale, Tensor rate, Tensor shrink, Tensor decay, Tensor share)
    {
        var g = Clipped(gradient, scale) + (parameter * decay);
        var next = (parameter * (1f - shrink)) - (rate * g);
        parameter.Assign(next);
        average.Assign(average + ((next - average) * share));
    }
}
