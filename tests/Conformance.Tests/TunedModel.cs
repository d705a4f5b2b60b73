using Unified.Ir;
using Unified.Nn;
using static Unified.Ops;

namespace Unified.Conformance.Tests;

/// <summary>A method for each family of kernels, for sizes that cross its tunables.</summary>
public sealed partial class TunedModel : Module
{
    private readonly Linear _four = new(256, 320, generator: new Generator(1)), _eight = new(256, 320, generator: new Generator(2)), _long = new(22_016, 33, generator: new Generator(5)), _broad = new(64, 2200, generator: new Generator(7));
    private readonly Conv2d _first = new(16, 32, 1, generator: new Generator(6)), _tiles = new(32, 192, 3, padding: 1, generator: new Generator(3)), _strided = new(16, 40, 3, stride: 2, generator: new Generator(4));
    private readonly GroupQuantizedLinear _words, _bytes, _deep, _wide;
    private readonly DynamicQuantizedLinear _dots;

    public TunedModel()
    {
        (_words, _bytes) = (new GroupQuantizedLinear(_four, 64), new GroupQuantizedLinear(_eight, 32, 8));
        (_deep, _wide) = (new GroupQuantizedLinear(_long, 64), new GroupQuantizedLinear(_broad, 64));
        _dots = new DynamicQuantizedLinear(_four);
    }

    [StaticGraph]
    public Tensor Product(Tensor a, Tensor b, Tensor bias) => Gelu(MatMul(a, b) + bias);

    [StaticGraph]
    public Tensor AnyRows([Shape("M", "K")] Tensor a, [Shape("K", "N")] Tensor b, [Shape("N")] Tensor bias) => Gelu(MatMul(a, b) + bias);

    [StaticGraph]
    public Tensor Divided(Tensor a, Tensor b)
    {
        var y = MatMul(a, b);
        return y / (Abs(y) + 1f);
    }

    [StaticGraph]
    public Tensor Rooted(Tensor a, Tensor b)
    {
        var y = MatMul(a, b);
        return y / (Sqrt((y * y) + 1f) + 1f);
    }

    [StaticGraph]
    public Tensor Halves(Tensor a, Tensor b) => Cast(MatMul(Cast(a, DType.BF16), Cast(b, DType.BF16)), DType.F32);

    [StaticGraph]
    public Tensor Bytes(Tensor x) => _dots.Forward(x);

    [StaticGraph]
    public Tensor ScaledFours(Tensor x) => _words.Forward(x);

    [StaticGraph]
    public Tensor ScaledDeep(Tensor x) => _deep.Forward(x);

    [StaticGraph]
    public Tensor ScaledWide(Tensor x) => _wide.Forward(x);

    [StaticGraph]
    public Tensor ScaledEights(Tensor x) => _bytes.Forward(x);

    [StaticGraph]
    public Tensor Convolved(Tensor images) => Relu(_tiles.Forward(_first.Forward(images))) + 1f;

    [StaticGraph]
    public Tensor Strided(Tensor images)
    {
        var y = Relu(_strided.Forward(images));
        return y / (y + 1f);
    }

    [StaticGraph]
    public Tensor Attended(Tensor q, Tensor k, Tensor v) => Attention(q, k, v, causal: true) + Attention(q, k, v);

    [StaticGraph]
    public Tensor AttendedBack(Tensor q, Tensor k, Tensor v)
    {
        var (loss, gradients) = ValueAndGrad(() => Mean(Square(Attention(q, k, v, causal: true))), [q, k, v]);
        return loss + gradients[0] + Sum(gradients[1]) + Sum(gradients[2], -2, keepDims: true);
    }

    [StaticGraph]
    public Tensor Rows(Tensor x) => Softmax(x) + LogSoftmax(x * 2f) + Mean(x, -1, keepDims: true);

    [StaticGraph]
    public Tensor Large(Tensor x) => Exp(x) * 2f + x;

    [StaticGraph]
    public Tensor Columns(Tensor x) => Sum(Square(x), 0) + Max(x, 0);

    [StaticGraph]
    public Tensor Scattered(Tensor indices, Tensor updates) => ScatterAdd(indices, updates, 0, 70);

    [StaticGraph]
    public Tensor Copied(Tensor a, Tensor b) => Concat([a, b], 1);

    [StaticGraph]
    public Tensor Chain(Tensor x)
    {
        for (var i = 0; i < 30; i++)
        {
            x = (x * 0.9f) + Sin(x + i);
        }

        return x;
    }
}
