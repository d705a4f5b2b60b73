using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Adam whose division by √v̂ begins when enough steps have shown how large it is, and is weighed by how sure that is (Liu et al., 2020).
/// </summary>
public sealed partial class RAdam : Optimizer
{
    private readonly Tensor[] _mean;
    private readonly Tensor[] _square;

    public RAdam(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _mean = [.. Zeros(parameters)];
        _square = [.. Zeros(parameters)];
    }

    public float Beta1 { get; init; } = 0.9f;

    public float Beta2 { get; init; } = 0.999f;

    public float Epsilon { get; init; } = 1e-8f;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var step = NextStep();
        var rate = Schedule.At(step) / (1.0 - Exp(step * Math.Log(Beta1)));

        // ρ∞ and ρₜ of the paper: the length of the moving average, then and now.
        var longest = (2.0 / (1 - Beta2)) - 1;
        var power = Exp(step * Math.Log(Beta2));
        var length = longest - (step * 2.0 * power / (1.0 - power));
        var isSure = length > 5.0;
        var sure = Maximum(length, 5.0);
        var weight = Sqrt((sure - 4.0) * (sure - 2.0) * longest / (sure * ((longest - 4) * (longest - 2))));
        var adaptive = Rates(Select(isSure, rate * weight * Sqrt(1.0 - power), 0));
        var plain = Rates(Select(isSure, 0, rate));
        var decays = GradientDecays();
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _mean[i], _square[i], gradients[i], scale, adaptive[RuleOf[i]], plain[RuleOf[i]], decays[RuleOf[i]]);
        }
    }

    [StaticGraph]
    private void Update(Tensor parameter, Tensor mean, Tensor square, Tensor gradient, Tensor scale, Tensor adaptive, Tensor plain, Tensor decay)
    {
        var g = Clipped(gradient, scale) + (parameter * decay);
        var m = (mean * Beta1) + (g * (1 - Beta1));
        var v = (square * Beta2) + (g * g * (1 - Beta2));
        mean.Assign(m);
        square.Assign(v);
        parameter.Assign(parameter - (m * ((adaptive / (Sqrt(v) + Epsilon)) + plain)));
    }
}
