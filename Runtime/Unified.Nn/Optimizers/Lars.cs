using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Momentum with a step of each parameter's own length (You et al., 2017): g ← (g + decay·p)·trust·‖p‖/(‖g‖ + decay·‖p‖ + ε), v ← momentum·v + rate·g,
/// p ← p − v; the factor is 1 where a norm is 0.
/// </summary>
public sealed partial class Lars : Optimizer
{
    private readonly Tensor[] _velocity;

    public Lars(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _velocity = [.. Zeros(parameters)];
    }

    public float Momentum { get; init; } = 0.9f;

    /// <summary>How long a step may be against the parameter.</summary>
    public float Trust { get; init; } = 0.001f;

    public float Epsilon { get; init; } = 1e-8f;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var rates = Rates(Schedule.At(NextStep()));
        var decays = GradientDecays();
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _velocity[i], gradients[i], scale, rates[RuleOf[i]], decays[RuleOf[i]]);
        }
    }

    [StaticGraph]
    private void Update(Tensor parameter, Tensor velocity, Tensor gradient, Tensor scale, Tensor rate, Tensor decay)
    {
        var g = Clipped(gradient, scale);
        var (length, slope) = (Sqrt(Sum(parameter * parameter)), Sqrt(Sum(g * g)));
        var trust = Select(LogicalAnd(length > 0f, slope > 0f), length * Trust / (slope + (decay * length) + Epsilon), 1);
        var v = (velocity * Momentum) + ((g + (parameter * decay)) * (trust * rate));
        velocity.Assign(v);
        parameter.Assign(parameter - v);
    }
}
