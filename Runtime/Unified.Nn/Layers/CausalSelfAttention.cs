using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Multi-head self-attention in which a position sees itself and those before it (Vaswani et al., 2017): x of shape [batch, time, width]
/// gives the same shape. Only the output projection has a bias: one on the keys has no influence, since softmax is blind to a shift.
/// </summary>
public sealed partial class CausalSelfAttention : Layer
{
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;
    private readonly Linear _output;

    /// <param name="outputDeviation">Standard deviation of the output projection's start; null: as the others.</param>
    public CausalSelfAttention(int width, int heads, float? deviation = null, float? outputDeviation = null, Generator? generator = null)
    {
        if (heads <= 0 || width % heads != 0)
        {
            throw new ArgumentException($"a width of {width} cannot be split over {heads} heads", nameof(heads));
        }

        Heads = heads;
        Width = width;
        _query = new Linear(width, width, bias: false, deviation: deviation, generator: generator);
        _key = new Linear(width, width, bias: false, deviation: deviation, generator: generator);
        _value = new Linear(width, width, bias: false, deviation: deviation, generator: generator);
        _output = new Linear(width, width, deviation: outputDeviation ?? deviation, generator: generator);
    }

    public int Heads { get; }

    public int Width { get; }

    [StaticGraph]
    [return: Shape("..", "width")]
    public override Tensor Forward([Shape("..", "width")] Tensor x)
    {
        var y = Attention(Split(_query.Forward(x)), Split(_key.Forward(x)), Split(_value.Forward(x)), causal: true);
        return _output.Forward(Reshape(Transpose(y, 0, 2, 1, 3), x.Shape[0], x.Shape[1], Width));
    }

    /// <summary>[batch, time, width] to [batch, heads, time, width / heads].</summary>
    [StaticGraph]
    private Tensor Split(Tensor x) => Transpose(Reshape(x, x.Shape[0], x.Shape[1], Heads, Width / Heads), 0, 2, 1, 3);
}
