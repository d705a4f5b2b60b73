using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Divides by the root of the mean square (Tieleman and Hinton, 2012): v ← α·v + (1 − α)·g², p ← p − rate·g/(√v + ε). With momentum, steps roll;
/// centred, the square of the mean gradient is taken off v (Graves, 2013).
/// </summary>
public sealed partial class RmsProp : Optimizer
{
    private readonly Tensor[] _square;
    private readonly Tensor[] _mean;
    private readonly Tensor[] _velocity;

    public RmsProp(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule, float momentum = 0, bool centred = false)
        : base(parameters, schedule)
    {
        (Momentum, IsCentred) = (momentum, centred);
        _square = [.. Zeros(parameters)];
        _mean = [.. Zeros(centred ? parameters : [])];
        _velocity = [.. Zeros(momentum > 0 ? parameters : [])];
    }

    public float Alpha { get; init; } = 0.99f;

    public float Epsilon { get; init; } = 1e-8f;

    public float Momentum { get; }

    public bool IsCentred { get; }

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var rates = Rates(Schedule.At(NextStep()));
        var decays = GradientDecays();
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            var g = Decayed(gradients[i], scale, parameters[i], decays[RuleOf[i]]);
            var v = Follow(_square[i], g * g);
            var direction = IsCentred ? Divide(g, v - Ops.Square(Follow(_mean[i], g))) : Divide(g, v);
            if (Momentum > 0)
            {
                direction = (_velocity[i] * Momentum) + direction;
                _velocity[i].Assign(direction);
            }

            parameters[i].Assign(parameters[i] - (rates[RuleOf[i]] * direction));
        }
    }

    [StaticGraph]
    private Tensor Decayed(Tensor gradient, Tensor scale, Tensor parameter, Tensor decay) => Clipped(gradient, scale) + (parameter * decay);

    /// <summary>Moves a mean towards a value.</summary>
    [StaticGraph]
    private Tensor Follow(Tensor mean, Tensor value)
    {
        var next = (mean * Alpha) + (value * (1 - Alpha));
        mean.Assign(next);
        return next;
    }

    [StaticGraph]
    private Tensor Divide(Tensor g, Tensor square) => g / (Sqrt(square) + Epsilon);
}
