using Unified.Nn;
using static Unified.Ops;

namespace Unified.Benchmarks.Models;

/// <summary>Single operations as static graphs.</summary>
public sealed partial class Kernels : Module
{
    [StaticGraph]
    public Tensor Product([Shape("M", "K")] Tensor a, [Shape("K", "N")] Tensor b) => MatMul(a, b);

    [StaticGraph]
    public Tensor AffineGelu([Shape("R", "C")] Tensor x, [Shape("C")] Tensor scale, [Shape("C")] Tensor shift) => Gelu((x * scale) + shift);

    [StaticGraph]
    public Tensor RowSoftmax([Shape("R", "C")] Tensor x) => Softmax(x);

    [StaticGraph]
    public Tensor RowLayerNorm([Shape("R", "C")] Tensor x, [Shape("C")] Tensor weight, [Shape("C")] Tensor bias) => LayerNorm(x, weight, bias);

    [StaticGraph]
    public Tensor MeanCrossEntropy([Shape("R", "C")] Tensor logits, [Shape("R")] Tensor targets) => CrossEntropy(logits, targets);

    [StaticGraph]
    public Tensor CrossEntropyGradient([Shape("R", "C")] Tensor logits, [Shape("R")] Tensor targets) =>
        ValueAndGrad(() => CrossEntropy(logits, targets), [logits]).Gradients[0];

    [StaticGraph]
    public Tensor CausalAttention([Shape("B", "H", "T", "D")] Tensor q, [Shape("B", "H", "T", "D")] Tensor k, [Shape("B", "H", "T", "D")] Tensor v) =>
        Attention(q, k, v, causal: true);

    [StaticGraph]
    public (Tensor Q, Tensor K, Tensor V) CausalAttentionGradient(
        [Shape("B", "H", "T", "D")] Tensor q, [Shape("B", "H", "T", "D")] Tensor k, [Shape("B", "H", "T", "D")] Tensor v, [Shape("B", "H", "T", "D")] Tensor weights)
    {
        var (_, g) = ValueAndGrad(() => Sum(Attention(q, k, v, causal: true) * weights), [q, k, v]);
        return (g[0], g[1], g[2]);
    }

    [StaticGraph]
    public Tensor Increment([Shape("N")] Tensor x) => x + 1f;
}

/// <summary>x · Wᵀ in bf16, summed in f32, with weights that belong to the model.</summary>
public sealed partial class HalfProjection(int inputs, int outputs) : Module
{
    public Parameter Weight { get; } = new(Cast(new Generator(3).Uniform([outputs, inputs]) - 0.5f, Ir.DType.BF16));

    [StaticGraph]
    public Tensor Forward([Shape("M", "inputs")] Tensor x) => MatMul(x, Weight, transposeB: true);
}

/// <summary>x · Wᵀ in f32, with weights of 8 bits and a scale for each row of W.</summary>
public sealed partial class ByteProjection : Module
{
    private readonly Tensor _weight, _scale;

    public ByteProjection(int inputs, int outputs)
    {
        _weight = Cast((new Generator(3).Uniform([outputs, inputs]) * 254f) - 127f, Ir.DType.I8);
        _scale = new Generator(4).Uniform([outputs]) / 127f;
    }

    [StaticGraph]
    public Tensor Forward([Shape("M", "inputs")] Tensor x) => MatMul(x, Cast(_weight, Ir.DType.F32), transposeB: true) * _scale;
}

/// <summary>x · Wᵀ in f32, with weights of 16 bits.</summary>
public sealed partial class NarrowProjection(int inputs, int outputs) : Module
{
    public Parameter Weight { get; } = new(Cast(new Generator(3).Uniform([outputs, inputs]) - 0.5f, Ir.DType.BF16));

    [StaticGraph]
    public Tensor Forward([Shape("M", "inputs")] Tensor x) => MatMul(x, Cast(Weight, Ir.DType.F32), transposeB: true);
}

/// <summary>x · Wᵀ in whole numbers of 8 bits, to which rows of x are rounded as they come.</summary>
public sealed partial class WholeProjection(int inputs, int outputs) : Module
{
    private readonly DynamicQuantizedLinear _linear = new(new Linear(inputs, outputs, bias: false, generator: new Generator(3)));

    [StaticGraph]
    public Tensor Forward([Shape("M", "inputs")] Tensor x) => _linear.Forward(x);
}

/// <summary>x · Wᵀ in f32, with weights of 4 bits and a scale for each 64 of them.</summary>
public sealed partial class GroupedProjection : Module
{
    public GroupedProjection(int inputs, int outputs)
    {
        var bytes = new byte[(long)outputs * inputs / 2];
        new Random(3).NextBytes(bytes);
        Weight = Tensor.From<byte>(bytes, outputs, inputs / 2);
        Scale = new Generator(3).Uniform([outputs, inputs / GroupSize]);
    }

    public const int GroupSize = 64;

    public Tensor Weight { get; }

    public Tensor Scale { get; }

    [StaticGraph]
    public Tensor Forward([Shape("M", "inputs")] Tensor x) => QuantizedMatMul(x, Weight, Scale);
}

/// <summary>x · Wᵀ, with weights that belong to the model.</summary>
public sealed partial class Projection(int inputs, int outputs) : Module
{
    private readonly Linear _linear = new(inputs, outputs, bias: false, generator: new Generator(3));

    [StaticGraph]
    public Tensor Forward([Shape("M", "inputs")] Tensor x) => _linear.Forward(x);
}
