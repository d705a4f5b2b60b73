using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// y = x · Wᵀ + b for inference, multiplied in whole numbers: those of the weights, and rows of x rounded to 0 … 255 times a scale and less a zero point, as they come. Products are summed exactly, in i32; machines with VNNI multiply four at once. What rounding x takes adds to
/// <see cref="RowQuantizedLinear.Error"/>: a step is 1/255 of what a row of x spans.
/// </summary>
public sealed partial class DynamicQuantizedLinear : RowQuantizedLinear
{
    private const float Steps = 255;

    /// <summary>A copy of a layer's weights as they are now; its bias is shared.</summary>
    public DynamicQuantizedLinear(Linear layer)
        : base(layer)
    {
        using var wide = Ops.Cast(Weight, DType.I32);
        Sums = Sum(wide, 1);
    }

    /// <summary>Shape [outputs], i32: the sums of the rows of the weights' whole numbers.</summary>
    [Shape("outputs")]
    public Tensor Sums { get; }

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
