using static Unified.Ops;

namespace Unified.Nn;

/// <summary>Changes parameters from their gradients. Its step is part of the training graph.</summary>
public abstract partial class Optimizer : Module
{
    /// <param name="gradients">One per parameter, in the parameters' order.</param>
    [StaticGraph]
    public abstract void Step(IReadOnlyList<Tensor> gradients);
}

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019). Decay acts on parameters of rank 2 and above: biases and norm weights
/// are left alone. Gradients are scaled to a global norm of at most <see cref="ClipNorm"/> first.
/// </summary>
public sealed partial class AdamW : Optimizer
{
    [NotState]
    private readonly Parameter[] _parameters;
    private readonly Tensor[] _mean;
    private readonly Tensor[] _square;
    private readonly Tensor _step = Tensor.Scalar(0.0);

    public AdamW(IReadOnlyList<Parameter> parameters, LearningRateSchedule schedule)
    {
        _parameters = [.. parameters];
        _mean = [.. parameters.Select(p => Tensor.Zeros(p.Shape))];
        _square = [.. parameters.Select(p => Tensor.Zeros(p.Shape))];
        Schedule = schedule;
    }

    public LearningRateSchedule Schedule { get; }

    public float Beta1 { get; init; } = 0.9f;

    public float Beta2 { get; init; } = 0.95f;

    public float Epsilon { get; init; } = 1e-8f;

    public float WeightDecay { get; init; } = 0.1f;

    /// <summary>The largest global norm of the gradients; 0: no clipping.</summary>
    public float ClipNorm { get; init; } = 1;

    /// <summary>Steps done: f64 rank 0.</summary>
    public Tensor StepCount => _step;

    [StaticGraph]
    public override void Step(IReadOnlyList<Tensor> gradients)
    {
        var step = _step + 1.0;
        _step.Assign(step);
        var rate = Schedule.At(step);

        // Bias corrections in f64: 1 − βᵗ loses its digits in f32 at the first steps.
        var unbiasMean = Cast(rate / (1.0 - Exp(step * Math.Log(Beta1))), Ir.DType.F32);
        var unbiasSquare = Cast(1.0 / (1.0 - Exp(step * Math.Log(Beta2))), Ir.DType.F32);
        var decay = Cast(rate * WeightDecay, Ir.DType.F32);
        var none = Constant(0);
        var scale = Constant(1);
        if (ClipNorm > 0)
        {
            var total = none;
            foreach (var gradient in gradients)
            {
                total = total + SquaredNorm(gradient);
            }

            scale = Minimum(ClipNorm / (Sqrt(total) + 1e-6f), 1f);
        }

        for (var i = 0; i < _parameters.Length; i++)
        {
            if (_parameters[i].Rank > 1)
            {
                Update(_parameters[i], _mean[i], _square[i], gradients[i], scale, unbiasMean, unbiasSquare, decay);
            }
            else
            {
                Update(_parameters[i], _mean[i], _square[i], gradients[i], scale, unbiasMean, unbiasSquare, none);
            }
        }
    }

    [StaticGraph]
    private static Tensor SquaredNorm(Tensor x) => Sum(x * x);

    [StaticGraph]
    private void Update(
        Tensor parameter, Tensor mean, Tensor square, Tensor gradient, Tensor scale, Tensor unbiasMean, Tensor unbiasSquare, Tensor decay)
    {
        var g = gradient * scale;
        var m = (mean * Beta1) + (g * (1 - Beta1));
        var v = (square * Beta2) + (g * g * (1 - Beta2));
        mean.Assign(m);
        square.Assign(v);
        parameter.Assign((parameter * (1f - decay)) - (unbiasMean * m / (Sqrt(v * unbiasSquare) + Epsilon)));
    }
}
