namespace Unified.Nn;

/// <summary>x where it is positive, else slope·x.</summary>
public sealed partial class LeakyRelu(double slope = 0.01) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.LeakyRelu(x, slope);
}

/// <summary>x where it is positive, else alpha·(exp(x) - 1) (Clevert et al., 2016).</summary>
public sealed partial class Elu(double alpha = 1) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Elu(x, alpha);
}

/// <summary>max(0, x) + min(0, alpha·(exp(x/alpha) - 1)) (Barron, 2017).</summary>
public sealed partial class Celu(double alpha = 1) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Celu(x, alpha);
}

/// <summary>x, held within bounds.</summary>
public sealed partial class HardTanh(double min = -1, double max = 1) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.HardTanh(x, min, max);
}

/// <summary>x where |x| exceeds the threshold, else 0.</summary>
public sealed partial class HardShrink(double threshold = 0.5) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.HardShrink(x, threshold);
}

/// <summary>x moved towards 0 by the threshold, and 0 between.</summary>
public sealed partial class SoftShrink(double threshold = 0.5) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.SoftShrink(x, threshold);
}

/// <summary>x where it exceeds alpha, else 0.</summary>
public sealed partial class ThresholdedRelu(double alpha = 1) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.ThresholdedRelu(x, alpha);
}

/// <summary>exp(x) / Σ exp(x) along an axis.</summary>
public sealed partial class Softmax(int axis = -1) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Softmax(x, axis);
}

/// <summary>log(softmax(x)) along an axis.</summary>
public sealed partial class LogSoftmax(int axis = -1) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.LogSoftmax(x, axis);
}

/// <summary>a·sigmoid(b) for the halves a and b of an axis (Dauphin et al., 2017).</summary>
public sealed partial class Glu(int axis = -1) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Glu(x, axis);
}

/// <summary>x where it is positive, else a trained slope times x (He et al., 2015): one slope, or one for each channel of [N,C,…].</summary>
public sealed partial class Prelu(int channels = 1, float slope = 0.25f) : Layer
{
    /// <summary>Shape [channels].</summary>
    public Parameter Weight { get; } = Initialize.Constant(slope, channels);

    [StaticGraph]
    public override Tensor Forward(Tensor x)
    {
        if (channels == 1 || x.Rank < 3)
        {
            return Ops.Prelu(x, Weight);
        }

        // The channels stand before the axes of space.
        return Ops.Prelu(x, x.Rank == 3 ? Ops.Reshape(Weight, channels, 1) : x.Rank == 4 ? Ops.Reshape(Weight, channels, 1, 1) : Ops.Reshape(Weight, channels, 1, 1, 1));
    }
}
