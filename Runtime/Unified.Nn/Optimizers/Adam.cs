using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Adam (Kingma and Ba, 2015): p ← p − rate·m̂/(√v̂ + ε). Decay is added to the gradient; <see cref="AdamW"/> keeps it apart.
/// </summary>
public sealed partial class Adam : Optimizer
{
    private readonly Tensor[] _mean;
    private readonly Tensor[] _square;
    private readonly Tensor[] _largest;

    /// <param name="parameters">What to train.</param>
    /// <param name="schedule">The learning rate.</param>
    /// <param name="largest">Divide by the largest v̂ so far (AMSGrad; Reddi et al., 2018).</param>
    public Adam(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule, bool largest = false)
        : base(parameters, schedule)
    {
        _mean = [.. Zeros(parameters)];
        _square = [.. Zeros(parameters)];
        _largest = [.. Zeros(largest ? parameters : [])];
        KeepsLargest = largest;
    }

    public float Beta1 { get; init; } = 0.9f;

    public float Beta2 { get; init; } = 0.999f;

    public float Epsilon { get; init; } = 1e-8f;

    public bool KeepsLargest { get; }

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var step = NextStep();
        var unbiasMean = Rates(Schedule.At(step) / (1.0 - Exp(step * Math.Log(Beta1))));
        var unbiasSquare = Cast(1.0 / (1.0 - Exp(step * Math.Log(Beta2))), Ir.DType.F32);
        var decays = GradientDecays();
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            if (KeepsLargest)
            {
                _largest[i].Assign(Maximum(_largest[i], Square(_square[i], gradients[i], scale, parameters[i], decays[RuleOf[i]])));
                Move(parameters[i], _mean[i], gradients[i], scale, decays[RuleOf[i]], unbiasMean[RuleOf[i]], _largest[i] * unbiasSquare);
            }
            else
            {
                var v = Square(_square[i], gradients[i], scale, parameters[i], decays[RuleOf[i]]);
                Move(parameters[i], _mean[i], gradients[i], scale, decays[RuleOf[i]], unbiasMean[RuleOf[i]], v * unbiasSquare);
            }
        }
    }

    /// <summary>The new mean of the square.</summary>
    [StaticGraph]
    private Tensor Square(Tensor square, Tensor gradient, Tensor scale, Tensor parameter, Tensor decay)
    {
        var g = Clipped(gradient, scale) + (parameter * decay);
        var v = (square * Beta2) + (g * g * (1 - Beta2));
        square.Assign(v);
        return v;
    }

    [StaticGraph]
    private void Move(Tensor parameter, Tensor mean, Tensor gradient, Tensor scale, Tensor decay, Tensor rate, Tensor square)
    {
        var g = Clipped(gradient, scale) + (parameter * decay);
        var m = (mean * Beta1) + (g * (1 - Beta1));
        mean.Assign(m);
        parameter.Assign(parameter - (rate * m / (Sqrt(square) + Epsilon)));
    }
}
