using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Adam with Nesterov's look ahead (Dozat, 2016): μₜ = β₁·(1 − ½·0.96^(t·ψ)), p ← p − rate·(μₜ₊₁·m/(1 − Πμ·μₜ₊₁) + (1 − μₜ)·g/(1 − Πμ))/(√v̂ + ε).
/// </summary>
public sealed partial class NAdam : Optimizer
{
    private readonly Tensor[] _mean;
    private readonly Tensor[] _square;
    private readonly Tensor _product = Tensor.Scalar(1.0);

    public NAdam(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _mean = [.. Zeros(parameters)];
        _square = [.. Zeros(parameters)];
    }

    public float Beta1 { get; init; } = 0.9f;

    public float Beta2 { get; init; } = 0.999f;

    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>ψ: how fast the momentum grows to β₁.</summary>
    public double MomentumDecay { get; init; } = 0.004;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var step = NextStep();
        var rate = Schedule.At(step);
        var (now, next) = (MomentumAt(step), MomentumAt(step + 1.0));
        var product = _product * now;
        _product.Assign(product);
        var ofMean = Rates(rate * next / (1.0 - (product * next)));
        var ofGradient = Rates(rate * (1.0 - now) / (1.0 - product));
        var unbiasSquare = Cast(1.0 / (1.0 - Exp(step * Math.Log(Beta2))), Ir.DType.F32);
        var decays = GradientDecays();
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _mean[i], _square[i], gradients[i], scale, ofMean[RuleOf[i]], ofGradient[RuleOf[i]], unbiasSquare, decays[RuleOf[i]]);
        }
    }

    [StaticGraph]
    private Tensor MomentumAt(Tensor step) => Beta1 * (1.0 - (Exp(step * (MomentumDecay * Math.Log(0.96))) * 0.5));

    [StaticGraph]
    private void Update(
        Tensor parameter, Tensor mean, Tensor square, Tensor gradient, Tensor scale, Tensor ofMean, Tensor ofGradient, Tensor unbiasSquare, Tensor decay)
    {
        var g = Clipped(gradient, scale) + (parameter * decay);
        var m = (mean * Beta1) + (g * (1 - Beta1));
        var v = (square * Beta2) + (g * g * (1 - Beta2));
        mean.Assign(m);
        square.Assign(v);
        parameter.Assign(parameter - (((ofMean * m) + (ofGradient * g)) / (Sqrt(v * unbiasSquare) + Epsilon)));
    }
}
