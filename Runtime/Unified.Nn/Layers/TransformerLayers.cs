namespace Unified.Nn;

/// <summary>Two linear layers with an activation between: [..., width] to the same.</summary>
public sealed partial class FeedForward(int width, int hidden, float dropout = 0, Layer? activation = null, Generator? generator = null) : Layer
{
    private readonly Linear _up = new(width, hidden, generator: generator);
    private readonly Linear _down = new(hidden, width, generator: generator);
    private readonly Layer _activation = activation ?? new Gelu();
    private readonly Dropout _dropout = new(dropout, generator);

    [StaticGraph]
    [return: Shape("..", "width")]
    public override Tensor Forward([Shape("..", "width")] Tensor x) => _down.Forward(_dropout.Forward(_activation.Forward(_up.Forward(x))));
}

/// <summary>
/// Self-attention and a feed-forward network, each added to its input (Vaswani et al., 2017): [B, T, width] to the same. The norms stand before
/// each part (Xiong et al., 2020), or behind each sum as in the original.
/// </summary>
public sealed partial class TransformerEncoderLayer : Layer
{
    private readonly MultiHeadAttention _attention;
    private readonly FeedForward _feedForward;
    private readonly LayerNorm _attentionNorm;
    private readonly LayerNorm _feedForwardNorm;
    private readonly Dropout _dropout;
    private readonly bool _normFirst;

    /// <param name="width">Of the stream.</param>
    /// <param name="heads">Heads of the attention.</param>
    /// <param name="hidden">The width inside the feed-forward network; null: four times the width.</param>
    /// <param name="dropout">Probability in training, of attention weights, inside the network and of both parts' results.</param>
    /// <param name="normFirst">Whether norms stand before each part.</param>
    /// <param name="causal">Whether a position sees only itself and what stands before it.</param>
    /// <param name="groups">See <see cref="MultiHeadAttention"/>.</param>
    /// <param name="rotary">See <see cref="MultiHeadAttention"/>.</param>
    /// <param name="activation">Between the two linear layers; null: <see cref="Gelu"/>.</param>
    /// <param name="generator">Where parameters start from.</param>
    public TransformerEncoderLayer(
        int width, int heads, int? hidden = null, float dropout = 0, bool normFirst = true, bool causal = false, int? groups = null, bool rotary = false,
        Layer? activation = null, Generator? generator = null)
    {
        _attention = new MultiHeadAttention(width, heads, groups, causal: causal, rotary: rotary, dropout: dropout, generator: generator);
        _feedForward = new FeedForward(width, hidden ?? (4 * width), dropout, activation, generator);
        (_attentionNorm, _feedForwardNorm) = (new LayerNorm(width), new LayerNorm(width));
        _dropout = new Dropout(dropout, generator);
        _normFirst = normFirst;
    }

    [StaticGraph]
    [return: Shape("..", "width")]
    public override Tensor Forward([Shape("..", "width")] Tensor x) => Encode(x, null);

    /// <param name="x">[B, T, width].</param>
    /// <param name="mask">bool [T, T] or [B, T, T], true where a position may look; null: everywhere.</param>
    [StaticGraph]
    public Tensor Encode(Tensor x, Tensor? mask)
    {
        if (_normFirst)
        {
            var normed = _attentionNorm.Forward(x);
            x = x + _dropout.Forward(_attention.Attend(normed, normed, mask));
            return x + _dropout.Forward(_feedForward.Forward(_feedForwardNorm.Forward(x)));
        }

        x = _attentionNorm.Forward(x + _dropout.Forward(_attention.Attend(x, x, mask)));
        return _feedForwardNorm.Forward(x + _dropout.Forward(_feedForward.Forward(x)));
    }
}

/// <summary>
/// Causal self-attention, attention to an encoder's result, and a feed-forward network, each added to its input (Vaswani et al., 2017).
/// </summary>
public sealed partial class TransformerDecoderLayer : Module
{
    private readonly MultiHeadAttention _attention;
    private readonly MultiHeadAttention _crossAttention;
    private readonly FeedForward _feedForward;
    private readonly LayerNorm _attentionNorm;
    private readonly LayerNorm _crossNorm;
    private readonly LayerNorm _feedForwardNorm;
    private readonly Dropout _dropout;
    private readonly bool _normFirst;

    /// <param name="width">Of the stream.</param>
    /// <param name="heads">Heads of both attentions.</param>
    /// <param name="hidden">The width inside the feed-forward network; null: four times the width.</param>
    /// <param name="memoryWidth">Of the encoder's result; null: as the stream.</param>
    /// <param name="dropout">Probability in training, of attention weights, inside the network and of the parts' results.</param>
    /// <param name="normFirst">Whether norms stand before each part.</param>
    /// <param name="activation">Between the two linear layers; null: <see cref="Gelu"/>.</param>
    /// <param name="generator">Where parameters start from.</param>
    public TransformerDecoderLayer(
        int width, int heads, int? hidden = null, int? memoryWidth = null, float dropout = 0, bool normFirst = true, Layer? activation = null, Generator? generator = null)
    {
        _attention = new MultiHeadAttention(width, heads, causal: true, dropout: dropout, generator: generator);
        _crossAttention = new MultiHeadAttention(width, heads, memoryWidth: memoryWidth, dropout: dropout, generator: generator);
        _feedForward = new FeedForward(width, hidden ?? (4 * width), dropout, activation, generator);
        (_attentionNorm, _crossNorm, _feedForwardNorm) = (new LayerNorm(width), new LayerNorm(width), new LayerNorm(width));
        _dropout = new Dropout(dropout, generator);
        _normFirst = normFirst;
    }

    /// <param name="x">[B, T, width].</param>
    /// <param name="memory">[B, S, memoryWidth].</param>
    /// <param name="mask">bool [T, S] or [B, T, S], true where a position may look into the memory; null: everywhere.</param>
    [StaticGraph]
    [return: Shape("..", "width")]
    public Tensor Forward([Shape("..", "width")] Tensor x, Tensor memory, Tensor? mask = null)
    {
        if (_normFirst)
        {
            x = x + _dropout.Forward(_attention.Forward(_attentionNorm.Forward(x)));
            x = x + _dropout.Forward(_crossAttention.Attend(_crossNorm.Forward(x), memory, mask));
            return x + _dropout.Forward(_feedForward.Forward(_feedForwardNorm.Forward(x)));
        }

        x = _attentionNorm.Forward(x + _dropout.Forward(_attention.Forward(x)));
        x = _crossNorm.Forward(x + _dropout.Forward(_crossAttention.Attend(x, memory, mask)));
        return _feedForwardNorm.Forward(x + _dropout.Forward(_feedForward.Forward(x)));
    }
}
