using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Steps of one size along the sign of β₁·m + (1 − β₁)·g, then m ← β₂·m + (1 − β₂)·g; decay apart from the gradient (Chen et al., 2023).
/// </summary>
public sealed partial class Lion : Optimizer
{
    private readonly Tensor[] _mean;

    public Lion(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _mean = [.. Zeros(parameters)];
    }

    public float Beta1 { get; init; } = 0.9f;

    public float Beta2 { get; init; } = 0.99f;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var rate = Schedule.At(NextStep());
        var rates = Rates(rate);
        var decays = Decays(rate);
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _mean[i], gradients[i], scale, rates[RuleOf[i]], decays[RuleOf[i]]);
        }
    }

    [StaticGraph]
    private void Update(Tensor parameter, Tensor mean, Tensor gradient, Tensor scale, Tensor rate, Tensor decay)
    {
        var g = Clipped(gradient, scale);
        var direction = Sign((mean * Beta1) + (g * (1 - Beta1)));
        mean.Assign((mean * Beta2) + (g * (1 - Beta2)));
        parameter.Assign((parameter * (1f - decay)) - (rate * direction));
    }
}
