using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Follow the regularized leader, by coordinate (McMahan et al., 2013): sparse weights for linear models. With n the sum of squares,
/// z ← z + g − (√(n + g²) − √n)/rate·p, and p = −(z − sign(z)·L1)/(√n/rate + L2) where |z| exceeds L1, else 0. The rate is the schedule's first.
/// </summary>
public sealed partial class Ftrl : Optimizer
{
    private readonly Tensor[] _linear;
    private readonly Tensor[] _sum;

    public Ftrl(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
        : base(parameters, schedule)
    {
        _linear = [.. Zeros(parameters)];
        _sum = [.. Zeros(parameters)];
    }

    /// <summary>How strongly weights are set to 0.</summary>
    public float L1 { get; init; } = 0f;

    /// <summary>How strongly weights are drawn to 0.</summary>
    public float L2 { get; init; } = 0f;

    [StaticGraph]
    protected override void Advance(IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients)
    {
        var rates = Rates(Schedule.At(NextStep()));
        var scale = Scale(gradients);
        for (var i = 0; i < parameters.Count; i++)
        {
            Update(parameters[i], _linear[i], _sum[i], gradients[i], scale, rates[RuleOf[i]]);
        }
    }

    [StaticGraph]
    private void Update(Tensor parameter, Tensor linear, Tensor sum, Tensor gradient, Tensor scale, Tensor rate)
    {
        var g = Clipped(gradient, scale);
        var s = sum + (g * g);
        var z = linear + g - ((Sqrt(s) - Sqrt(sum)) / rate * parameter);
        sum.Assign(s);
        linear.Assign(z);
        parameter.Assign(Select(Abs(z) > L1, ((Sign(z) * L1) - z) / (Maximum(Sqrt(s), 1e-30) / rate + L2), 0));
    }
}
