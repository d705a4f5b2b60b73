using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// (x − mean)/√(variance + ε)·weight + bias by channel (Ioffe and Szegedy, 2015), for [N, C] and [N, C, …]. In training, mean and biased variance
/// are those of the batch, and the running ones move by <c>momentum</c> towards its mean and unbiased variance; in evaluation, the running ones are used.
/// </summary>
public abstract partial class BatchNormLayer : Layer
{
    private protected BatchNormLayer(int channels, float epsilon, float momentum, bool affine)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        if (momentum is < 0 or > 1 or float.NaN)
        {
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "the momentum of running statistics lies in [0, 1]");
        }

        Channels = channels;
        Epsilon = epsilon;
        Momentum = momentum;
        Weight = affine ? Initialize.Constant(1, channels) : null;
        Bias = affine ? Initialize.Constant(0, channels) : null;
        RunningMean = Tensor.Zeros([channels]);
        RunningVariance = Tensor.Ones([channels]);
    }

    public int Channels { get; }

    public float Epsilon { get; }

    /// <summary>The share of the batch in the new running statistics.</summary>
    public float Momentum { get; }

    /// <summary>Shape [channels], or null.</summary>
    public Parameter? Weight { get; }

    /// <summary>Shape [channels], or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Shape [channels]: 0 at first.</summary>
    public Tensor RunningMean { get; }

    /// <summary>Shape [channels]: 1 at first.</summary>
    public Tensor RunningVariance { get; }

    [StaticGraph]
    private protected Tensor Normalize(Tensor x)
    {
        if (!Training)
        {
            return Apply(x, RunningMean, RunningVariance);
        }

        // [C, everything else]
        var rows = Ops.Flatten(SwapAxes(x, 0, 1), 1);
        var mean = Mean(rows, 1);
        var variance = Variance(rows, 1);
        var count = Cast(DimSize(rows.Shape[1]), DType.F32);
        Track(StopGradient(mean), StopGradient(variance * (count / Maximum(count - 1, 1))));
        return Apply(x, mean, variance);
    }

    [StaticGraph]
    private void Track(Tensor mean, Tensor variance)
    {
        RunningMean.Assign((RunningMean * (1 - Momentum)) + (mean * Momentum));
        RunningVariance.Assign((RunningVariance * (1 - Momentum)) + (variance * Momentum));
    }

    [StaticGraph]
    private Tensor Apply(Tensor x, Tensor mean, Tensor variance) => Weight is null || Bias is null
        ? BatchNorm(x, Full([Channels], 1), Full([Channels], 0), mean, variance, epsilon: Epsilon)
        : BatchNorm(x, Weight, Bias, mean, variance, epsilon: Epsilon);
}

/// <summary>Batch normalisation of [N, channels] or [N, channels, length]; see <see cref="BatchNormLayer"/>.</summary>
public sealed partial class BatchNorm1d(int channels, float epsilon = 1e-5f, float momentum = 0.1f, bool affine = true)
    : BatchNormLayer(channels, epsilon, momentum, affine)
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Normalize(x);
}

/// <summary>Batch normalisation of [N, channels, height, width]; see <see cref="BatchNormLayer"/>.</summary>
public sealed partial class BatchNorm2d(int channels, float epsilon = 1e-5f, float momentum = 0.1f, bool affine = true)
    : BatchNormLayer(channels, epsilon, momentum, affine)
{
    [StaticGraph]
    [return: Shape("..", "channels", null, null)]
    public override Tensor Forward([Shape("..", "channels", null, null)] Tensor x) => Normalize(x);
}

/// <summary>Batch normalisation of [N, channels, depth, height, width]; see <see cref="BatchNormLayer"/>.</summary>
public sealed partial class BatchNorm3d(int channels, float epsilon = 1e-5f, float momentum = 0.1f, bool affine = true)
    : BatchNormLayer(channels, epsilon, momentum, affine)
{
    [StaticGraph]
    [return: Shape("..", "channels", null, null, null)]
    public override Tensor Forward([Shape("..", "channels", null, null, null)] Tensor x) => Normalize(x);
}
