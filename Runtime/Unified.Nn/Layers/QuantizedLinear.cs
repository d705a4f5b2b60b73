using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// y = x · Wᵀ + b for inference, with weights of 8 bits: each row of W is rounded to whole numbers from −127 to 127 times a scale of its own, in f32. A
/// call reads a quarter of the memory that <see cref="Linear"/> reads; a few rows of x take about that share of the time. What is summed stays f32.
/// </summary>
public sealed partial class QuantizedLinear : Layer
{
    private const int Largest = 127;

    /// <summary>A copy of a layer's weights as they are now; its bias is shared.</summary>
    public QuantizedLinear(Linear layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        using var magnitude = MaxAbs(layer.Weight, 1);

        // A row of zeros has no magnitude to divide by.
        Scale = Select(magnitude > 0f, magnitude / Largest, Ones(magnitude));
        using var steps = Round(layer.Weight / ExpandDims(Scale, 1));
        Weight = Ops.Cast(steps, DType.I8);
        Bias = layer.Bias;
        using var lost = layer.Weight - (steps * ExpandDims(Scale, 1));
        Error = MathF.Sqrt(Sum(Square(lost)).Item<float>() / MathF.Max(Sum(Square(layer.Weight)).Item<float>(), float.Epsilon));
    }

    /// <summary>Shape [outputs, inputs], i8.</summary>
    [Shape("outputs", "inputs")]
    public Tensor Weight { get; }

    /// <summary>Shape [outputs]: row i of W is Weight[i] times Scale[i].</summary>
    [Shape("outputs")]
    public Tensor Scale { get; }

    /// <summary>Shape [outputs], or null.</summary>
    [Shape("outputs")]
    public Parameter? Bias { get; }

    /// <summary>What rounding took: √(Σ(w − ŵ)² / Σw²) over all weights.</summary>
    public float Error { get; }

    [StaticGraph]
    [return: Shape("..", "outputs")]
    public override Tensor Forward([Shape("..", "inputs")] Tensor x)
    {
        var y = MatMul(x, Ops.Cast(Weight, DType.F32), transposeB: true) * Scale;
        if (Bias is null)
        {
            return y;
        }

        return y + Bias;
    }

    private static Tensor Ones(Tensor like) => Tensor.Ones(like.Shape);
}
