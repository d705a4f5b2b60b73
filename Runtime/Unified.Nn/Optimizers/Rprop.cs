using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Steps of a size of each element's own, which grows while the gradient keeps its sign and shrinks when it changes; then that element rests for a step
/// (Riedmiller and Braun, 1993). For whole data sets: the noise of small batches changes signs. The first size is the schedule's first rate.
/// </summary>
public sealed partial class Rprop : Optimizer
{
    private readonly Tensor[] _before;
    private readonly Tensor[] _size;

    public Rprop(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _before = [.. Zeros(parameters)];
        _size = [.. Zeros(parameters)];
    }

    public float Shrink { get; init; } = 0.5f;

    public float Grow { get; init; } = 1.2f;

    public float Smallest { get; init; } = 1e-6f;

    public float Largest { get; init; } = 50;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var step = NextStep();
        var rates = Rates(Schedule.At(step));
        var isFirst = step < 1.5;
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _before[i], _size[i], gradients[i], scale, rates[RuleOf[i]], isFirst);
        }
    }

    [StaticGraph]
    private void Update(Tensor parameter, Tensor before, Tensor size, Tensor gradient, Tensor scale, Tensor rate, Tensor isFirst)
    {
        var g = Clipped(gradient, scale);
        var agrees = g * before;
        var factor = Select(agrees > 0f, Full(parameter.Shape, Grow), Select(agrees < 0f, Full(parameter.Shape, Shrink), 1));
        var next = Clamp(Select(isFirst, BroadcastTo(rate, parameter.Shape), size) * factor, Smallest, Largest);
        var used = Select(agrees < 0f, 0, g);
        before.Assign(used);
        size.Assign(next);
        parameter.Assign(parameter - (Sign(used) * next));
    }
}
