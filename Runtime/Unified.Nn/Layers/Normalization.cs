namespace Unified.Nn;

/// <summary>(x − mean) / √(variance + ε) · weight + bias over the last axis, with the biased variance (Ba et al., 2016).</summary>
public sealed partial class LayerNorm(int width, float epsilon = 1e-5f) : Module
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
    public Tensor Forward([Shape("..", "width")] Tensor x) => Ops.LayerNorm(x, Weight, Bias, epsilon: Epsilon);
}

/// <summary>x / √(mean(x²) + ε) · weight over the last axis (Zhang and Sennrich, 2019).</summary>
public sealed partial class RmsNorm(int width, float epsilon = 1e-6f) : Module
{
    /// <summary>Shape [width].</summary>
    [Shape("width")]
    public Parameter Weight { get; } = Initialize.Constant(1, width);

    public float Epsilon { get; } = epsilon;

    [StaticGraph]
    [return: Shape("..", "width")]
    public Tensor Forward([Shape("..", "width")] Tensor x) => Ops.RmsNorm(x, Weight, epsilon: Epsilon);
}
