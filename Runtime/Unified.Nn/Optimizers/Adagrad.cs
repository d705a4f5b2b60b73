using static Unified.Ops;

namespace Unified.Nn;

/// <summary>Divides by the root of the sum of all squares: s ← s + g², p ← p − rate·g/(√s + ε) (Duchi et al., 2011).</summary>
public sealed partial class Adagrad : Optimizer
{
    private readonly Tensor[] _sum;

    public Adagrad(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _sum = [.. Zeros(parameters)];
    }

    public float Epsilon { get; init; } = 1e-10f;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var rates = Rates(Schedule.At(NextStep()));
        var decays = GradientDecays();
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _sum[i], gradients[i], scale, rates[RuleOf[i]], decays[RuleOf[i]]);
        }
    }

    [StaticGraph]
    private void Update(Tensor parameter, Tensor sum, Tensor gradient, Tensor scale, Tensor rate, Tensor decay)
    {
        var g = Clipped(gradient, scale) + (parameter * decay);
        var s = sum + (g * g);
        sum.Assign(s);
        parameter.Assign(parameter - (rate * g / (Sqrt(s) + Epsilon)));
    }
}
