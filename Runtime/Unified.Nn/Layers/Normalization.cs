using static Unified.Ops;

namespace Unified.Nn;

/// <summary>(x − mean) / √(variance + ε) · weight + bias over the last axis, with the biased variance (Ba et al., 2016).</summary>
public sealed partial class LayerNorm(int width, float epsilon = 1e-5f) : Layer
{
    /// <summary>Shape [width].</summary>
    [Shape("width")]
    public Parameter Weight { get; } = Initialize.Constant(1, width);

    /// <summary>Shape [width].</summary>
    [Shape("width")]
    public Parameter Bias { get; } = Initialize.Constant(0, width);

    public float Epsilon { get; } = epsilon;

    [StaticGraph]
    [return: Shape("..", "width")]
    public override Tensor Forward([Shape("..", "width")] Tensor x) => Ops.LayerNorm(x, Weight, Bias, epsilon: Epsilon);
}

/// <summary>x / √(mean(x²) + ε) · weight over the last axis (Zhang and Sennrich, 2019).</summary>
public sealed partial class RmsNorm(int width, float epsilon = 1e-6f) : Layer
{
    /// <summary>Shape [width].</summary>
    [Shape("width")]
    public Parameter Weight { get; } = Initialize.Constant(1, width);

    public float Epsilon { get; } = epsilon;

    [StaticGraph]
    [return: Shape("..", "width")]
    public override Tensor Forward([Shape("..", "width")] Tensor x) => Ops.RmsNorm(x, Weight, epsilon: Epsilon);
}

/// <summary>Normalised over groups of channels and all axes of space of [N, C, …], then scaled and shifted by channel (Wu and He, 2018).</summary>
public sealed partial class GroupNorm : Layer
{
    public GroupNorm(int groups, int channels, float epsilon = 1e-5f)
    {
        if (groups < 1 || channels < 1 || channels % groups != 0)
        {
            throw new ArgumentException($"{channels} channels do not divide into {groups} groups", nameof(groups));
        }

        Groups = groups;
        Epsilon = epsilon;
        Weight = Initialize.Constant(1, channels);
        Bias = Initialize.Constant(0, channels);
    }

    public int Groups { get; }

    public float Epsilon { get; }

    /// <summary>Shape [channels].</summary>
    public Parameter Weight { get; }

    /// <summary>Shape [channels].</summary>
    public Parameter Bias { get; }

    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.GroupNorm(x, Weight, Bias, Groups, Epsilon);
}

/// <summary>Normalised over the axes of space of each channel of [N, C, …], then scaled and shifted by channel (Ulyanov et al., 2016).</summary>
public sealed partial class InstanceNorm(int channels, float epsilon = 1e-5f) : Layer
{
    /// <summary>Shape [channels].</summary>
    public Parameter Weight { get; } = Initialize.Constant(1, channels);

    /// <summary>Shape [channels].</summary>
    public Parameter Bias { get; } = Initialize.Constant(0, channels);

    public float Epsilon { get; } = epsilon;

    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.InstanceNorm(x, Weight, Bias, epsilon: Epsilon);
}

/// <summary>
/// Divides each element of [N, C, …] by (k + alpha/size · Σ x²)^beta, summed over the size channels around it (Krizhevsky et al., 2012), as in PyTorch.
/// </summary>
public sealed partial class LocalResponseNorm(int size, double alpha = 1e-4, double beta = 0.75, double k = 1) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x)
    {
        var squares = Pad(Reshape(Square(x), x.Shape[0], x.Shape[1], -1), [0, size / 2, 0], [0, (size - 1) / 2, 0]);
        var sum = squares[.., ..x.Shape[1], ..];
        for (var i = 1; i < size; i++)
        {
            sum = sum + squares[.., i..(i + x.Shape[1]), ..];
        }

        return x / Reshape(Pow((sum * (alpha / size)) + k, beta), x.Shape);
    }
}
