namespace Unified.Nn;

// Activations as layers, for lists of layers; in a method, call the function of the same name in Ops.

/// <summary>max(0, x).</summary>
public sealed partial class Relu : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Relu(x);
}

/// <summary>min(max(0, x), 6).</summary>
public sealed partial class Relu6 : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Relu6(x);
}

/// <summary>max(0, x)² (So et al., 2021).</summary>
public sealed partial class SquaredRelu : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.SquaredRelu(x);
}

/// <summary>x·Φ(x), with the exact error function (Hendrycks and Gimpel, 2016).</summary>
public sealed partial class Gelu : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Gelu(x);
}

/// <summary>x·Φ(x), with Φ approximated by tanh.</summary>
public sealed partial class GeluTanh : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.GeluTanh(x);
}

/// <summary>x·sigmoid(1.702·x).</summary>
public sealed partial class QuickGelu : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.QuickGelu(x);
}

/// <summary>x·sigmoid(x), also called swish.</summary>
public sealed partial class Silu : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Silu(x);
}

/// <summary>x·tanh(softplus(x)) (Misra, 2019).</summary>
public sealed partial class Mish : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Mish(x);
}

/// <summary>Scaled exponential linear unit (Klambauer et al., 2017).</summary>
public sealed partial class Selu : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Selu(x);
}

/// <summary>1 / (1 + exp(-x)).</summary>
public sealed partial class Sigmoid : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Sigmoid(x);
}

/// <summary>log(sigmoid(x)).</summary>
public sealed partial class LogSigmoid : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.LogSigmoid(x);
}

/// <summary>clamp(x/6 + 1/2, 0, 1).</summary>
public sealed partial class HardSigmoid : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.HardSigmoid(x);
}

/// <summary>x·clamp(x/6 + 1/2, 0, 1) (Howard et al., 2019).</summary>
public sealed partial class HardSwish : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.HardSwish(x);
}

/// <summary>The hyperbolic tangent.</summary>
public sealed partial class Tanh : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Tanh(x);
}

/// <summary>x - tanh(x).</summary>
public sealed partial class TanhShrink : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.TanhShrink(x);
}

/// <summary>log(1 + exp(x)).</summary>
public sealed partial class Softplus : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Softplus(x);
}

/// <summary>x / (1 + |x|).</summary>
public sealed partial class Softsign : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Softsign(x);
}
