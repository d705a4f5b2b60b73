using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn;

/// <summary>Weights of a linear layer in 8 bits: each row of W is rounded to whole numbers from −127 to 127 times a scale of its own, in f32.</summary>
public abstract partial class RowQuantizedLinear : Layer
{
    private const int Largest = 127;

    private protected RowQuantizedLinear(Linear layer)
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

    private static Tensor Ones(Tensor like) => Tensor.Ones(like.Shape);
}
