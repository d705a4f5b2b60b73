using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// y = x · Wᵀ + b for inference, with weights of 4 or 8 bits: each group of neighbours in a row of W is rounded to whole numbers times a scale of its own, in f32.
/// With 4 bits and groups of 64 a call reads 4.5 bits a weight. What is summed stays f32. See <see cref="QuantizedMatMul"/> for how the numbers lie.
/// </summary>
public sealed partial class GroupQuantizedLinear : Layer
{
    /// <summary>A copy of a layer's weights as they are now; its bias is shared.</summary>
    /// <param name="groupSize">Neighbours that share a scale: a divisor of the layer's inputs, and with 4 bits a multiple of 8.</param>
    /// <param name="bits">4 or 8.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another number of bits.</exception>
    /// <exception cref="ArgumentException">The inputs do not fall into groups of that size.</exception>
    public GroupQuantizedLinear(Linear layer, int groupSize = 64, int bits = 4)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (bits is not (4 or 8))
        {
            throw new ArgumentOutOfRangeException(nameof(bits), bits, "weights are held in 4 or 8 bits");
        }

        int outputs = layer.Weight.Shape[0], inputs = layer.Weight.Shape[1];
        if (groupSize < 1 || inputs % groupSize != 0 || (bits == 4 && groupSize % 8 != 0))
        {
            throw new ArgumentException($"{inputs} inputs do not fall into groups of {groupSize}{(bits == 4 ? ", a multiple of 8" : "")}", nameof(groupSize));
        }

        var rounded = QuantizedGroups.Of(layer.Weight.Cast(DType.F32).ToArray<float>(), groupSize, bits);
        Weight = bits == 4 ? Tensor.From<byte>(rounded.Pairs(), outputs, inputs / 2) : Tensor.From<sbyte>(rounded.Numbers, outputs, inputs);
        Scale = Tensor.From<float>(rounded.Scales, outputs, inputs / groupSize);
        Bias = layer.Bias;
        (GroupSize, Bits, Error) = (groupSize, bits, rounded.Error);
    }

    /// <summary>Shape [outputs, inputs] of i8, or [outputs, inputs / 2] of u8.</summary>
    public Tensor Weight { get; }

    /// <summary>Shape [outputs, inputs / GroupSize].</summary>
    public Tensor Scale { get; }

    /// <summary>Shape [outputs], or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Neighbours in a row that share a scale.</summary>
    public int GroupSize { get; }

    /// <summary>4 or 8.</summary>
    public int Bits { get; }

    /// <summary>What rounding took: √(Σ(w − ŵ)² / Σw²) over all weights.</summary>
    public float Error { get; }

    [StaticGraph]
    public override Tensor Forward(Tensor x)
    {
        var y = QuantizedMatMul(x, Weight, Scale);
        if (Bias is null)
        {
            return y;
        }

        return y + Bias;
    }
}
