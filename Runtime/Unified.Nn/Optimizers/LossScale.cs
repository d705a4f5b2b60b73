using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Scales a loss up before it is differentiated, so that small gradients survive in f16, and the gradients down again (Micikevicius et al., 2018). A step
/// with an infinity or NaN is left out: parameters and optimizer stay as they are, bit for bit. All of it is part of the graph.
/// </summary>
public abstract partial class LossScale : Module
{
    private protected LossScale(float start)
    {
        Scale = start is > 0 and < float.PositiveInfinity ? Tensor.Scalar(start)
            : throw new ArgumentOutOfRangeException(nameof(start), start, "a scale is positive and finite");
    }

    /// <summary>The factor of the next loss: f32 rank 0.</summary>
    public Tensor Scale { get; }

    /// <summary>Steps that were left out: i64 rank 0.</summary>
    public Tensor Skipped { get; } = Tensor.Scalar(0L);

    /// <summary>The loss to differentiate: f32.</summary>
    [StaticGraph]
    public Tensor Up(Tensor loss)
    {
        using (MixedPrecision.Off())
        {
            return Cast(loss, DType.F32) * Scale;
        }
    }

    /// <summary>Gives the optimizer the gradients of the loss itself, if all of them are finite.</summary>
    [StaticGraph]
    public void Step(Optimizer optimizer, IReadOnlyList<Tensor> gradients)
    {
        using (MixedPrecision.Off())
        {
            var isFinite = Equal(Constant(0), 0);
            foreach (var gradient in gradients)
            {
                isFinite = LogicalAnd(isFinite, All(IsFinite(gradient)));
            }

            if (isFinite)
            {
                var unscaled = new List<Tensor>();
                for (var i = 0; i < gradients.Count; i++)
                {
                    unscaled.Add(Cast(gradients[i], DType.F32) / Scale);
                }

                optimizer.Step(unscaled);
                Succeeded();
            }
            else
            {
                Skipped.Assign(Skipped + 1);
                Failed();
            }
        }
    }

    /// <summary>After a step that was done.</summary>
    [StaticGraph]
    protected abstract void Succeeded();

    /// <summary>After a step that was left out.</summary>
    [StaticGraph]
    protected abstract void Failed();
}

/// <summary>A scale that stays as it is.</summary>
public sealed partial class StaticLossScale : LossScale
{
    /// <exception cref="ArgumentOutOfRangeException">The scale is not positive.</exception>
    public StaticLossScale(float scale)
        : base(scale)
    {
    }

    [StaticGraph]
    protected override void Succeeded()
    {
    }

    [StaticGraph]
    protected override void Failed()
    {
    }
}

/// <summary>
/// A scale as large as it can be: it is multiplied by <see cref="Backoff"/> when a step is left out, and by <see cref="Growth"/> after
/// <see cref="Window"/> good steps in a row.
/// </summary>
public sealed partial class DynamicLossScale : LossScale
{
    // Far beyond any loss that is one, and still finite.
    private const double Largest = 1e30, Smallest = 1e-30;

    private readonly Tensor _good = Tensor.Scalar(0);

    /// <param name="start">The first scale.</param>
    /// <param name="window">Good steps in a row, after which it grows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public DynamicLossScale(float start = 65536, int window = 2000)
        : base(start)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
        Window = window;
    }

    public int Window { get; }

    /// <summary>At least 1.</summary>
    public float Growth { get; init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "a scale grows by a factor of at least 1"); } = 2;

    /// <summary>Between 0 and 1.</summary>
    public float Backoff { get; init => field = value is > 0 and < 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "a scale falls by a factor between 0 and 1"); } = 0.5f;

    [StaticGraph]
    protected override void Succeeded()
    {
        _good.Assign(_good + 1);
        if (_good >= Window)
        {
            Scale.Assign(Minimum(Scale * Growth, Largest));
            _good.Assign(_good * 0);
        }
    }

    [StaticGraph]
    protected override void Failed()
    {
        Scale.Assign(Maximum(Scale * Backoff, Smallest));
        _good.Assign(_good * 0);
    }
}
