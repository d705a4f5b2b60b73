using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Adam with a step of each parameter's own length (You et al., 2020): with r = m̂/(√v̂ + ε) + decay·p, p ← p − rate·‖p‖/‖r‖·r; the quotient is 1 where a norm is 0.
/// </summary>
public sealed partial class Lamb : Optimizer
{
    private readonly Tensor[] _mean;
    private readonly Tensor[] _square;

    public Lamb(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _mean = [.. Zeros(parameters)];
        _square = [.. Zeros(parameters)];
    }

    public float Beta1 { get; init; } = 0.9f;

    public float Beta2 { get; init; } = 0.999f;

    public float Epsilon { get; init; } = 1e-6f;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var step = NextStep();
        var rates = Rates(Schedule.At(step));
        var unbiasMean = Cast(1.0 / (1.0 - Exp(step * Math.Log(Beta1))), Ir.DType.F32);
        var unbiasSquare = Cast(1.0 / (1.0 - Exp(step * Math.Log(Beta2))), Ir.DType.F32);
        var decays = GradientDecays();
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _mean[i], _square[i], gradients[i], scale, rates[RuleOf[i]], decays[RuleOf[i]], unbiasMean, unbiasSquare);
        }
    }

    [StaticGraph]
    private void Update(Tensor parameter, Tensor mean, Tensor square, Tensor gradient, Tensor scale, Tensor rate, Tensor decay, Tensor unbiasMean, Tensor unbiasSquare)
    {
        var g = Clipped(gradient, scale);
        var m = (mean * Beta1) + (g * (1 - Beta1));
        var v = (square * Beta2) + (g * g * (1 - Beta2));
        mean.Assign(m);
        square.Assign(v);
        var r = (m * unbiasMean / (Sqrt(v * unbiasSquare) + Epsilon)) + (parameter * decay);
        var (length, step) = (Sqrt(Sum(parameter * parameter)), Sqrt(Sum(r * r)));
        var trust = Select(LogicalAnd(length > 0f, step > 0f), length / Maximum(step, 1e-30), 1);
        parameter.Assign(parameter - (rate * trust * r));
    }
}
