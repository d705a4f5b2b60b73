using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>What each kind of op makes of f32 tensors, and of a low one that meets an f32 one.</summary>
public sealed partial class PrecisionProbe : Module
{
    [StaticGraph]
    public (Tensor Product, Tensor Sum, Tensor Activation, Tensor Soft, Tensor Total, Tensor Power, Tensor Wide, Tensor Count) Run(
        [Shape("B", 4)] Tensor x, [Shape(4, 4)] Tensor y, [Shape("B", 4)] Tensor wide)
    {
        var product = MatMul(x, y);
        return (product, product + x, Gelu(product), Softmax(product), Sum(product), Pow(product * product + 1f, 0.3), MatMul(wide, wide, transposeB: true), ArgMax(product, -1));
    }

    /// <summary>A block that keeps its digits, within whatever is around it, and one with a policy of its own.</summary>
    [StaticGraph]
    public (Tensor Off, Tensor Own, Tensor Outer) Blocks([Shape("B", 4)] Tensor x, [Shape(4, 4)] Tensor y, DType low)
    {
        Tensor off;
        using (MixedPrecision.Off())
        {
            off = Square(x);
            off = Product(off, y);
        }

        return (off, Own(x, y, low), Product(x, y));
    }

    /// <summary>Low to the end of the block; <c>early</c> leaves it before.</summary>
    [StaticGraph]
    public Tensor Declared([Shape("B", 4)] Tensor x, [Shape(4, 4)] Tensor y, bool early)
    {
        var before = MatMul(x, y);
        using var scope = MixedPrecision.Use(DType.BF16, PrecisionLevel.O2);
        var after = before + MatMul(x, y);
        if (early)
        {
            return after;
        }

        for (var i = 0; i < 3; i++)
        {
            after = after + MatMul(x, y);
        }

        return Softmax(after);
    }

    /// <summary>Under a condition that is a tensor.</summary>
    [StaticGraph]
    public Tensor Conditional([Shape("B", 4)] Tensor x, [Shape(4, 4)] Tensor y)
    {
        using (MixedPrecision.Use(DType.BF16))
        {
            if (Sum(x) > 0f)
            {
                return Cast(MatMul(x, y), DType.F32);
            }
        }

        return MatMul(x, y);
    }

    [StaticGraph]
    public static Tensor Refused([Shape("B", 4)] Tensor x, DType low)
    {
        using (MixedPrecision.Use(low))
        {
            return MatMul(x, x, transposeB: true);
        }
    }

    [StaticGraph]
    private static Tensor Product(Tensor x, Tensor y) => MatMul(x, y);

    [StaticGraph]
    private static Tensor Own(Tensor x, Tensor y, DType low)
    {
        using (MixedPrecision.Use(low, PrecisionLevel.O3))
        {
            return Softmax(Product(x, y));
        }
    }
}

/// <summary>A small decoder, as people write them.</summary>
public sealed partial class SmallDecoder : Module
{
    private readonly Embedding _tokens = new(11, 16, 0.5f);
    private readonly LayerNorm _norm1 = new(16), _norm2 = new(16), _norm3 = new(16);
    private readonly CausalSelfAttention _attention = new(16, 2, 0.3f, 0.3f);
    private readonly Linear _up = new(16, 32, deviation: 0.3f), _down = new(32, 16, deviation: 0.3f), _head = new(16, 11, bias: false, deviation: 0.3f);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Gradients([Shape("B", "T")] Tensor tokens, [Shape("B", "T")] Tensor targets) =>
        ValueAndGrad(() => CrossEntropy(Forward(tokens), targets), Parameters);

    [StaticGraph]
    public Tensor Step([Shape("B", "T")] Tensor tokens, [Shape("B", "T")] Tensor targets, Optimizer optimizer)
    {
        var (loss, gradients) = ValueAndGrad(() => CrossEntropy(Forward(tokens), targets), Parameters);
        optimizer.Step(gradients);
        return loss;
    }

    [StaticGraph]
    public Tensor Forward([Shape("B", "T")] Tensor tokens)
    {
        var x = _tokens.Forward(tokens);
        x = x + _attention.Forward(_norm1.Forward(x));
        x = x + _down.Forward(GeluTanh(_up.Forward(_norm2.Forward(x))));
        return _head.Forward(_norm3.Forward(x));
    }
}

/// <summary>Convolutions with batch normalisation between.</summary>
public sealed partial class SmallConvnet : Module
{
    private readonly Conv2d _first = new(1, 8, 3, padding: 1), _second = new(8, 8, 3, padding: 1);
    private readonly BatchNorm2d _norm1 = new(8), _norm2 = new(8);
    private readonly Linear _head = new(8, 4);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Gradients([Shape("B", 1, 8, 8)] Tensor images, [Shape("B")] Tensor labels) =>
        ValueAndGrad(() => CrossEntropy(Forward(images), labels), Parameters);

    [StaticGraph]
    public Tensor Forward([Shape("B", 1, 8, 8)] Tensor images)
    {
        var x = MaxPool(Relu(_norm1.Forward(_first.Forward(images))), [2, 2]);
        x = Relu(_norm2.Forward(_second.Forward(x)) + x);
        return _head.Forward(Mean(x, [2, 3]));
    }
}

/// <summary>Layers with GELU between.</summary>
public sealed partial class SmallMlp : Module
{
    private readonly Linear _first = new(12, 32), _second = new(32, 3);

    [StaticGraph]
    public (Tensor Loss, IReadOnlyList<Tensor> Gradients) Gradients([Shape("B", 12)] Tensor x, [Shape("B", 3)] Tensor targets) =>
        ValueAndGrad(() => MseLoss(_second.Forward(Gelu(_first.Forward(x))), targets), Parameters);
}

/// <summary>Derivatives and maps of a product and what follows it.</summary>
public sealed partial class PrecisionDerivatives : Module
{
    private readonly Parameter _weight = Initialize.Normal(new Generator(9), 0.5f, 4, 4);

    [StaticGraph]
    public (Tensor Forwards, Tensor Backwards, Tensor Second, Tensor Again, Tensor Own, Tensor Mapped, Tensor Hooked) Run([Shape("B", 4)] Tensor x, [Shape("B", 4)] Tensor along)
    {
        var forwards = Jvp(() => Function(x), x, along).Tangent;
        var backwards = Vjp(() => Cast(Function(x), DType.F32), x, along).Cotangent;
        var row = x[0];
        var second = Hessian(() => Sum(Square(MatMul(ExpandDims(row, 0), _weight))), row);
        var again = Grad(() => Sum(Checkpoint(() => Function(x))), _weight);
        var own = Grad(() => Sum(CustomGradient(() => Function(x), [x], dy => [Cast(MatMul(dy, _weight, transposeB: true), DType.F32)])), x);
        var mapped = Vmap(r => Softmax(MatMul(ExpandDims(r, 0), _weight)), x);
        var hooked = Grad(() => Sum(OnGradient(Function(x), dy => dy * 2f)), x);
        return (forwards, backwards, second, again, own, mapped, hooked);
    }

    [StaticGraph]
    private Tensor Function(Tensor x) => Tanh(MatMul(x, _weight)) * x;
}
