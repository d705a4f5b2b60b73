namespace Unified.Nn;

/// <summary>
/// Gradient descent with momentum: v ← momentum·v + g, p ← p − rate·v; by Nesterov's rule p ← p − rate·(g + momentum·v) (Sutskever et al., 2013).
/// Decay is added to the gradient.
/// </summary>
public sealed partial class Sgd : Optimizer
{
    private readonly Tensor[] _velocity;

    public Sgd(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule, float momentum = 0, bool nesterov = false)
        : base(parameters, schedule)
    {
        if (momentum is < 0 or >= 1 or float.NaN)
        {
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "a momentum lies in [0, 1)");
        }

        if (nesterov && momentum == 0)
        {
            throw new ArgumentException("Nesterov's rule looks ahead along the momentum: give one", nameof(nesterov));
        }

        (Momentum, IsNesterov) = (momentum, nesterov);
        _velocity = [.. Zeros(momentum == 0 ? [] : parameters)];
    }

    public float Momentum { get; }

    public bool IsNesterov { get; }

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var rates = Rates(Schedule.At(NextStep()));
        var decays = GradientDecays();
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            if (Momentum == 0)
            {
                Descend(parameters[i], gradients[i], scale, rates[RuleOf[i]], decays[RuleOf[i]]);
            }
            else
            {
                Roll(parameters[i], _velocity[i], gradients[i], scale, rates[RuleOf[i]], decays[RuleOf[i]]);
            }
        }
    }

    [StaticGraph]
    private void Descend(Tensor parameter, Tensor gradient, Tensor scale, Tensor rate, Tensor decay) =>
        parameter.Assign(parameter - (rate * (Clipped(gradient, scale) + (parameter * decay))));

    [StaticGraph]
    private void Roll(Tensor parameter, Tensor velocity, Tensor gradient, Tensor scale, Tensor rate, Tensor decay)
    {
        var g = Clipped(gradient, scale) + (parameter * decay);
        var v = (velocity * Momentum) + g;
        velocity.Assign(v);
        parameter.Assign(parameter - (rate * (IsNesterov ? g + (v * Momentum) : v)));
    }
}
