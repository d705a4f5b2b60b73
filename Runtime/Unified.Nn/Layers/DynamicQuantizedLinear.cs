using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// y = x · Wᵀ + b for inference, multiplied in whole numbers: each row of W is rounded to −127 … 127 times a scale of its own, once; each row of x to 0 … 255 times a scale
/// and less a zero point, as they come. Products are summed exactly, in i32; machines with VNNI multiply four at once. What rounding x takes adds to
/// <see cref="Error"/>: a step is 1/255 of what a row of x spans.
/// </summary>
public sealed partial class DynamicQuantizedLinear : Layer
{
    private const float Steps = 255;

    /// <summary>A copy of a layer's weights as they are now; its bias is shared.</summary>
    public DynamicQuantizedLinear(Linear layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var rounded = new QuantizedLinear(layer);
        (Weight, Scale, Bias, Error) = (rounded.Weight, rounded.Scale, rounded.Bias, rounded.Error);
        using var wide = Ops.Cast(Weight, DType.I32);
        Sums = Sum(wide, 1);
    }

    /// <summary>Shape [outputs, inputs], i8.</summary>
    [Shape("outputs", "inputs")]
    public Tensor Weight { get; }

    /// <summary>Shape [outputs]: row i of W is Weight[i] times Scale[i].</summary>
    [Shape("outputs")]
    public Tensor Scale { get; }

    /// <summary>Shape [outputs], i32: the sums of the rows of <see cref="Weight"/>.</summary>
    [Shape("outputs")]
    public Tensor Sums { get; }

    /// <summary>Shape [outputs], or null.</summary>
    [Shape("outputs")]
    public Parameter? Bias { get; }

    /// <summary>What rounding the weights took: √(Σ(w − ŵ)² / Σw²) over all weights.</summary>
    public float Error { get; }

    [StaticGraph]
    [return: Shape("..", "outputs")]
    public override Tensor Forward([Shape("..", "inputs")] Tensor x)
    {
        // The range holds 0, so that 0 is a whole number; a row of zeros has none.
        var low = Minimum(Min(x, -1, keepDims: true), 0f);
        var span = Maximum(Max(x, -1, keepDims: true), 0f) - low;
        var step = Select(span > 0f, span / Steps, span + 1f);
        var zero = Round(-low / step);
        var whole = Ops.Cast(Clamp(Round(x / step) + zero, 0, Steps), DType.U8);

        // What comes before the product is done where the product's tiles are, after it.
        var offset = Ops.Cast(zero, DType.I32) * Sums;
        var product = MatMul(Ops.Cast(whole, DType.I32), Ops.Cast(Weight, DType.I32), transposeB: true) - offset;
        var y = Ops.Cast(product, DType.F32) * step * Scale;
        if (Bias is null)
        {
            return y;
        }

        return y + Bias;
    }
}
