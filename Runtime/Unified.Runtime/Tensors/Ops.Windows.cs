using Unified.Ir;

namespace Unified;

/// <summary>Convolution and pooling over [N,C,…] with one to three spatial axes, and normalisations.</summary>
public static partial class Ops
{
    /// <summary>Weight [out, in/groups, …]. Strides and dilations default to 1, padding (on both sides) to 0.</summary>
    [Op(OpCode.Convolution)]
    public static Tensor Convolution(Tensor x, Tensor weight, Tensor? bias = null, ReadOnlySpan<int> strides = default, ReadOnlySpan<int> padding = default, ReadOnlySpan<int> dilations = default, int groups = 1)
    {
        var attributes = Attributes.Empty.With("strides", strides.ToArray()).With("padding", padding.ToArray()).With("dilations", dilations.ToArray()).With("groups", (long)groups);
        return bias is null ? Eager.Apply(OpCode.Convolution, attributes, x, weight) : Eager.Apply(OpCode.Convolution, attributes, x, weight, bias);
    }

    /// <summary>
    /// What convolutions are made of: at each place of a window over [B…, N, S…, C], the sum of what it sees, [kernel…, C], times weight [B…, kernel…, C, O];
    /// gives [B…, N, places…, O]. Channels last, no padding; as many spatial axes S as there are strides and dilations; leading axes B are batches of their own.
    /// </summary>
    [Op(OpCode.WindowProduct)]
    public static Tensor WindowProduct(Tensor x, Tensor weight, ReadOnlySpan<int> strides, ReadOnlySpan<int> dilations) =>
        Eager.Apply(OpCode.WindowProduct, Attributes.Empty.With("strides", strides.ToArray()).With("dilations", dilations.ToArray()), x, weight);

    /// <summary>
    /// The gradient of <see cref="WindowProduct"/> by its weight, [B…, kernel…, C, O], from x and the gradient dy [B…, N, places…, O] by its result.
    /// </summary>
    [Op(OpCode.WindowGradient)]
    public static Tensor WindowGradient(Tensor x, Tensor dy, ReadOnlySpan<int> kernel, ReadOnlySpan<int> strides, ReadOnlySpan<int> dilations) =>
        Eager.Apply(
            OpCode.WindowGradient, Attributes.Empty.With("kernel", kernel.ToArray()).With("strides", strides.ToArray()).With("dilations", dilations.ToArray()), x, dy);

    /// <summary>The adjoint of a convolution; weight [in, out, …].</summary>
    [Op(OpCode.ConvolutionTranspose)]
    public static Tensor ConvolutionTranspose(Tensor x, Tensor weight, Tensor? bias = null, ReadOnlySpan<int> strides = default, ReadOnlySpan<int> padding = default)
    {
        var attributes = Attributes.Empty.With("strides", strides.ToArray()).With("padding", padding.ToArray());
        return bias is null ? Eager.Apply(OpCode.ConvolutionTranspose, attributes, x, weight) : Eager.Apply(OpCode.ConvolutionTranspose, attributes, x, weight, bias);
    }

    /// <summary>The largest element of each window; padding never wins.</summary>
    [Op(OpCode.MaxPool)]
    public static Tensor MaxPool(Tensor x, ReadOnlySpan<int> kernel, ReadOnlySpan<int> strides = default, ReadOnlySpan<int> padding = default) =>
        Eager.Apply(OpCode.MaxPool, Attributes.Empty.With("kernel", kernel.ToArray()).With("strides", strides.ToArray()).With("padding", padding.ToArray()), x);

    /// <summary>The mean of each window; padding does not count.</summary>
    [Op(OpCode.AveragePool)]
    public static Tensor AveragePool(Tensor x, ReadOnlySpan<int> kernel, ReadOnlySpan<int> strides = default, ReadOnlySpan<int> padding = default) =>
        Eager.Apply(OpCode.AveragePool, Attributes.Empty.With("kernel", kernel.ToArray()).With("strides", strides.ToArray()).With("padding", padding.ToArray()), x);

    /// <summary>The mean over all spatial axes, which are kept with size 1.</summary>
    [Op(OpCode.GlobalAveragePool)]
    public static Tensor GlobalAveragePool(Tensor x) => Eager.Apply(OpCode.GlobalAveragePool, x);

    /// <summary>The largest element over all spatial axes, which are kept with size 1.</summary>
    [Op(OpCode.GlobalMaxPool)]
    public static Tensor GlobalMaxPool(Tensor x) => Eager.Apply(OpCode.GlobalMaxPool, x);

    /// <summary>(x - mean)/√(variance + ε)·weight + bias by channel, with given statistics.</summary>
    [Op(OpCode.BatchNorm)]
    public static Tensor BatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor variance, double epsilon = 1e-5) =>
        Eager.Apply(OpCode.BatchNorm, Attributes.Empty.With("epsilon", epsilon), x, weight, bias, mean, variance);

    /// <summary>Normalised over the spatial axes, then scaled and shifted by channel.</summary>
    [Op(OpCode.InstanceNorm)]
    public static Tensor InstanceNorm(Tensor x, Tensor weight, Tensor bias, double epsilon = 1e-5) =>
        Eager.Apply(OpCode.InstanceNorm, Attributes.Empty.With("epsilon", epsilon), x, weight, bias);

    /// <summary>Normalised over groups of channels and the spatial axes, then scaled and shifted by channel.</summary>
    [Op(OpCode.GroupNorm)]
    public static Tensor GroupNorm(Tensor x, Tensor weight, Tensor bias, int groups, double epsilon = 1e-5) =>
        Eager.Apply(OpCode.GroupNorm, Attributes.Empty.With("groups", (long)groups).With("epsilon", epsilon), x, weight, bias);

    /// <summary>x / max(‖x‖, ε) along an axis.</summary>
    [Op(OpCode.L2Normalize)]
    public static Tensor L2Normalize(Tensor x, int axis = -1, double epsilon = 1e-12) =>
        Eager.Apply(OpCode.L2Normalize, Attributes.Empty.With("axis", (long)axis).With("epsilon", epsilon), x);

    /// <summary>The cosine between rows: Σ x·y / (‖x‖·‖y‖) over the last axis.</summary>
    [Op(OpCode.CosineSimilarity)]
    public static Tensor CosineSimilarity(Tensor x, Tensor y, double epsilon = 1e-12) =>
        Eager.Apply(OpCode.CosineSimilarity, Attributes.Empty.With("epsilon", epsilon), x, y);
}
