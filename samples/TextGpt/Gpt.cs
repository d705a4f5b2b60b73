using Unified;
using Unified.Nn;
using static Unified.Ops;

namespace TextGpt;

/// <summary>The size of a model.</summary>
public sealed record GptSize(int Layers, int Width, int Heads, int Context, float Dropout)
{
    /// <summary>The alphabet: bytes.</summary>
    public const int Vocabulary = 256;
}

/// <summary>Two layers with GELU between, four times as wide inside.</summary>
public sealed partial class Mlp(int width, float deviation, float outputDeviation) : Module
{
    private readonly Linear _up = new(width, 4 * width, deviation: deviation);
    private readonly Linear _down = new(4 * width, width, deviation: outputDeviation);

    [StaticGraph]
    public Tensor Forward(Tensor x) => _down.Forward(GeluTanh(_up.Forward(x)));
}

/// <summary>One layer of the transformer: attention, then the MLP, each on normalised input and added to the stream.</summary>
public sealed partial class Block : Module
{
    private readonly LayerNorm _attentionNorm;
    private readonly CausalSelfAttention _attention;
    private readonly LayerNorm _mlpNorm;
    private readonly Mlp _mlp;
    private readonly Dropout _dropout;

    public Block(GptSize size)
    {
        // Residual projections start smaller, so that the stream's variance does not grow with depth (Radford et al., 2019).
        const float Deviation = 0.02f;
        var outputDeviation = Deviation / MathF.Sqrt(2 * size.Layers);
        _attentionNorm = new LayerNorm(size.Width);
        _attention = new CausalSelfAttention(size.Width, size.Heads, Deviation, outputDeviation);
        _mlpNorm = new LayerNorm(size.Width);
        _mlp = new Mlp(size.Width, Deviation, outputDeviation);
        _dropout = new Dropout(size.Dropout);
    }

    [StaticGraph]
    public Tensor Forward(Tensor x)
    {
        x = x + _dropout.Forward(_attention.Forward(_attentionNorm.Forward(x)));
        return x + _dropout.Forward(_mlp.Forward(_mlpNorm.Forward(x)));
    }
}

/// <summary>A decoder-only transformer over bytes.</summary>
public sealed partial class Gpt : Module
{
    private readonly Embedding _bytes;
    private readonly Embedding _positions;
    private readonly List<Block> _blocks = [];
    private readonly LayerNorm _norm;
    private readonly Linear _head;

    public Gpt(GptSize size)
    {
        Size = size;
        _bytes = new Embedding(GptSize.Vocabulary, size.Width, 0.02f);
        _positions = new Embedding(size.Context, size.Width, 0.02f);
        for (var i = 0; i < size.Layers; i++)
        {
            _blocks.Add(new Block(size));
        }

        _norm = new LayerNorm(size.Width);
        _head = new Linear(size.Width, GptSize.Vocabulary, bias: false, deviation: 0.02f);
    }

    public GptSize Size { get; }

    /// <summary>Logits of the next byte at each position: [B, T] (i32) gives [B, T, 256].</summary>
    [StaticGraph]
    public Tensor Forward([Shape("B", "T")] Tensor bytes)
    {
        var x = _bytes.Forward(bytes) + _positions.Weight[..bytes.Shape[1]];
        foreach (var block in _blocks)
        {
            x = block.Forward(x);
        }

        return _head.Forward(_norm.Forward(x));
    }

    /// <summary>
    /// Floating-point operations of the matrix products of a forward pass over one token; a training step does three times as many.
    /// Attention is counted over the whole square, as it is computed.
    /// </summary>
    public long FlopsPerToken(int time)
    {
        long width = Size.Width;
        return (Size.Layers * ((2 * 12 * width * width) + (4 * time * width))) + (2 * width * GptSize.Vocabulary);
    }
}
