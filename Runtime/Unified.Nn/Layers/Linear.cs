using static Unified.Ops;

namespace Unified.Nn;

/// <summary>y = x · Wᵀ + b, for x of shape [..., inputs] and y of shape [..., outputs].</summary>
public sealed partial class Linear : Layer
{
    /// <param name="deviation">Standard deviation of a normal start; null: uniform in ±1/√inputs.</param>
    public Linear(int inputs, int outputs, bool bias = true, float? deviation = null, Generator? generator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        generator ??= Generator.Default;
        Weight = deviation is { } d ? Initialize.Normal(generator, d, outputs, inputs) : Initialize.FanIn(generator, inputs, outputs, inputs);
        Bias = !bias ? null
            : deviation is null ? Initialize.FanIn(generator, inputs, outputs)
            : Initialize.Constant(0, outputs);
    }

    /// <summary>Shape [outputs, inputs].</summary>
    [Shape("outputs", "inputs")]
    public Parameter Weight { get; }

    /// <summary>Shape [outputs], or null.</summary>
    [Shape("outputs")]
    public Parameter? Bias { get; }

    [StaticGraph]
    [return: Shape("..", "outputs")]
    public override Tensor Forward([Shape("..", "inputs")] Tensor x)
    {
        if (Bias is null)
        {
            return MatMul(x, Weight, transposeB: true);
        }

        return MatMul(x, Weight, transposeB: true) + Bias;
    }
}
