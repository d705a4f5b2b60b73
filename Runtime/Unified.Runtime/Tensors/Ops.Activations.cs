using Unified.Ir;

namespace Unified;

/// <summary>Further activations of networks.</summary>
public static partial class Ops
{
    /// <summary>log(1 + exp(x)), without overflow.</summary>
    [Op(OpCode.Softplus)]
    public static Tensor Softplus(Tensor x) => Eager.Apply(OpCode.Softplus, x);

    /// <summary>log of the sigmoid.</summary>
    [Op(OpCode.LogSigmoid)]
    public static Tensor LogSigmoid(Tensor x) => Eager.Apply(OpCode.LogSigmoid, x);

    /// <summary>x/(1+|x|).</summary>
    [Op(OpCode.Softsign)]
    public static Tensor Softsign(Tensor x) => Eager.Apply(OpCode.Softsign, x);

    /// <summary>x·tanh(softplus(x)).</summary>
    [Op(OpCode.Mish)]
    public static Tensor Mish(Tensor x) => Eager.Apply(OpCode.Mish, x);

    /// <summary>x/6 + 1/2, cut to [0, 1].</summary>
    [Op(OpCode.HardSigmoid)]
    public static Tensor HardSigmoid(Tensor x) => Eager.Apply(OpCode.HardSigmoid, x);

    /// <summary>x·hardsigmoid(x).</summary>
    [Op(OpCode.HardSwish)]
    public static Tensor HardSwish(Tensor x) => Eager.Apply(OpCode.HardSwish, x);

    /// <summary>x cut to [min, max].</summary>
    [Op(OpCode.HardTanh)]
    public static Tensor HardTanh(Tensor x, double min = -1, double max = 1) =>
        Eager.Apply(OpCode.HardTanh, Attributes.Empty.With("min", min).With("max", max), x);

    /// <summary>x cut to [0, 6].</summary>
    [Op(OpCode.Relu6)]
    public static Tensor Relu6(Tensor x) => Eager.Apply(OpCode.Relu6, x);

    /// <summary>max(x, 0)².</summary>
    [Op(OpCode.SquaredRelu)]
    public static Tensor SquaredRelu(Tensor x) => Eager.Apply(OpCode.SquaredRelu, x);

    /// <summary>x, or alpha·x where x is negative.</summary>
    [Op(OpCode.LeakyRelu)]
    public static Tensor LeakyRelu(Tensor x, double alpha = 0.01) =>
        Eager.Apply(OpCode.LeakyRelu, Attributes.Empty.With("alpha", alpha), x);

    /// <summary>x, or alpha·(exp(x)-1) where x is negative.</summary>
    [Op(OpCode.Elu)]
    public static Tensor Elu(Tensor x, double alpha = 1) =>
        Eager.Apply(OpCode.Elu, Attributes.Empty.With("alpha", alpha), x);

    /// <summary>x, or alpha·(exp(x/alpha)-1) where x is negative.</summary>
    [Op(OpCode.Celu)]
    public static Tensor Celu(Tensor x, double alpha = 1) =>
        Eager.Apply(OpCode.Celu, Attributes.Empty.With("alpha", alpha), x);

    /// <summary>The self-normalising form of <see cref="Elu"/>.</summary>
    [Op(OpCode.Selu)]
    public static Tensor Selu(Tensor x) => Eager.Apply(OpCode.Selu, x);

    /// <summary>x - tanh(x).</summary>
    [Op(OpCode.TanhShrink)]
    public static Tensor TanhShrink(Tensor x) => Eager.Apply(OpCode.TanhShrink, x);

    /// <summary>x drawn towards 0 by the threshold.</summary>
    [Op(OpCode.SoftShrink)]
    public static Tensor SoftShrink(Tensor x, double threshold = 0.5) =>
        Eager.Apply(OpCode.SoftShrink, Attributes.Empty.With("threshold", threshold), x);

    /// <summary>x, or 0 where |x| is at most the threshold.</summary>
    [Op(OpCode.HardShrink)]
    public static Tensor HardShrink(Tensor x, double threshold = 0.5) =>
        Eager.Apply(OpCode.HardShrink, Attributes.Empty.With("threshold", threshold), x);

    /// <summary>x where it exceeds alpha, else 0.</summary>
    [Op(OpCode.ThresholdedRelu)]
    public static Tensor ThresholdedRelu(Tensor x, double alpha = 1) =>
        Eager.Apply(OpCode.ThresholdedRelu, Attributes.Empty.With("alpha", alpha), x);

    /// <summary>x·sigmoid(1.702·x).</summary>
    [Op(OpCode.QuickGelu)]
    public static Tensor QuickGelu(Tensor x) => Eager.Apply(OpCode.QuickGelu, x);

    /// <summary>x, or x·y where x is negative; y broadcasts to x.</summary>
    [Op(OpCode.Prelu)]
    public static Tensor Prelu(Tensor x, Tensor y) => Eager.Apply(OpCode.Prelu, x, y);

    /// <inheritdoc cref="Prelu(Tensor, Tensor)"/>
    [Op(OpCode.Prelu)]
    public static Tensor Prelu(Tensor x, double y) => Eager.Apply(OpCode.Prelu, x, y);

    /// <summary>The first half along an axis times the sigmoid of the second.</summary>
    [Op(OpCode.Glu)]
    public static Tensor Glu(Tensor x, int axis = -1) =>
        Eager.Apply(OpCode.Glu, Attributes.Empty.With("axis", (long)axis), x);
}
