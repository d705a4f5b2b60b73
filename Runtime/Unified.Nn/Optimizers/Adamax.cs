using static Unified.Ops;

namespace Unified.Nn;

/// <summary>Adam with the largest gradient in place of the root of the mean square (Kingma and Ba, 2015): u ← max(β₂·u, |g| + ε), p ← p − rate/(1 − β₁ᵗ)·m/u.</summary>
public sealed partial class Adamax : Optimizer
{
    private readonly Tensor[] _mean;
    private readonly Tensor[] _largest;

    public Adamax(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _mean = [.. Zeros(parameters)];
        _largest = [.. Zeros(parameters)];
    }

    public float Beta1 { get; init; } = 0.9f;

    public float Beta2 { get; init; } = 0.999f;

    public float Epsilon { get; init; } = 1e-8f;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var step = NextStep();
        var rates = Rates(Schedule.At(step) / (1.0 - Exp(step * Math.Log(Beta1))));
        var decays = GradientDecays();
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _mean[i], _largest[i], gradients[i], scale, rates[RuleOf[i]], decays[RuleOf[i]]);
        }
    }

    [StaticGraph]
    private void Update(Tensor parameter, Tensor mean, Tensor largest, Tensor gradient, Tensor scale, Tensor rate, Tensor decay)
    {
        var g = Clipped(gradient, scale) + (parameter * decay);
        var m = (mean * Beta1) + (g * (1 - Beta1));
        var u = Maximum(largest * Beta2, Abs(g) + Epsilon);
        mean.Assign(m);
        largest.Assign(u);
        parameter.Assign(parameter - (rate * m / u));
    }
}
