using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019): p ← p·(1 − rate·decay) − rate·m̂/(√v̂ + ε), with the means m of the gradient and v of
/// its square, corrected for their start at 0.
/// </summary>
public sealed partial class AdamW : Optimizer
{
    private readonly Tensor[] _mean;
    private readonly Tensor[] _square;

    public AdamW(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _mean = [.. Zeros(parameters)];
        _square = [.. Zeros(parameters)];
        (WeightDecay, ClipNorm) = (0.1f, 1);
    }

    public float Beta1 { get; init; } = 0.9f;

    public float Beta2 { get; init; } = 0.95f;

    public float Epsilon { get; init; } = 1e-8f;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var step = NextStep();
        var rate = Schedule.At(step);

        // Bias corrections in f64: 1 − βᵗ loses its digits in f32 at the first steps.
        var unbiasMean = Rates(rate / (1.0 - Exp(step * Math.Log(Beta1))));
        var unbiasSquare = Cast(1.0 / (1.0 - Exp(step * Math.Log(Beta2))), Ir.DType.F32);
        var decays = Decays(rate);
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _mean[i], _square[i], gradients[i], scale, unbiasMean[RuleOf[i]], unbiasSquare, decays[RuleOf[i]]);
        }
    }

    [StaticGraph]
    private void Update(
        Tensor parameter, Tensor mean, Tensor square, Tensor gradient, Tensor scale, Tensor unbiasMean, Tensor unbiasSquare, Tensor decay)
    {
        var g = Clipped(gradient, scale);
        var m = (mean * Beta1) + (g * (1 - Beta1));
        var v = (square * Beta2) + (g * g * (1 - Beta2));
        mean.Assign(m);
        square.Assign(v);
        parameter.Assign((parameter * (1f - decay)) - (unbiasMean * m / (Sqrt(v * unbiasSquare) + Epsilon)));
    }
}
