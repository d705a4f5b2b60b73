using static Unified.Ops;

namespace Unified.Nn;

/// <summary>Steps as long as the earlier ones were, for the size of the gradient: p ← p − rate·√(d + ε)/√(v + ε)·g, with the means v of g² and d of the squared steps (Zeiler, 2012).</summary>
public sealed partial class Adadelta : Optimizer
{
    private readonly Tensor[] _square;
    private readonly Tensor[] _delta;

    public Adadelta(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _square = [.. Zeros(parameters)];
        _delta = [.. Zeros(parameters)];
    }

    /// <summary>How much of the means stays.</summary>
    public float Decay { get; init; } = 0.9f;

    public float Epsilon { get; init; } = 1e-6f;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var rates = Rates(Schedule.At(NextStep()));
        var decays = GradientDecays();
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _square[i], _delta[i], gradients[i], scale, rates[RuleOf[i]], decays[RuleOf[i]]);
        }
    }

    [StaticGraph]
    private void Update(Tensor parameter, Tensor square, Tensor delta, Tensor gradient, Tensor scale, Tensor rate, Tensor decay)
    {
        var g = Clipped(gradient, scale) + (parameter * decay);
        var v = (square * Decay) + (g * g * (1 - Decay));
        var move = Sqrt(delta + Epsilon) / Sqrt(v + Epsilon) * g;
        square.Assign(v);
        delta.Assign((delta * Decay) + (move * move * (1 - Decay)));
        parameter.Assign(parameter - (rate * move));
    }
}
