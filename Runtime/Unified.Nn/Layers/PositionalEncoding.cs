using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Adds to position t of [B, T, width] the values sin(t/10000^(2i/width)) at the even places 2i and the cosines of the same at the odd places
/// (Vaswani et al., 2017).
/// </summary>
public sealed partial class SinusoidalPositions : Layer
{
    [NotState]
    private readonly Tensor _table;

    /// <param name="width">An even number.</param>
    /// <param name="longest">The longest sequence.</param>
    public SinusoidalPositions(int width, int longest)
    {
        if (width <= 0 || width % 2 != 0)
        {
            throw new ArgumentException($"sines and cosines stand in pairs: a width of {width} has none", nameof(width));
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(longest);
        var values = new float[longest * width];
        for (var i = 0; i < values.Length; i++)
        {
            var (position, place) = (i / width, i % width);
            var angle = position / Math.Pow(10000, (place - (place % 2)) / (double)width);
            values[i] = (float)(place % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
        }

        _table = Tensor.From<float>(values, longest, width);
    }

    [StaticGraph]
    [return: Shape("..", "width")]
    public override Tensor Forward([Shape("..", "width")] Tensor x) => x + _table[..x.Shape[1]];
}

/// <summary>
/// Turns the pairs (i, i + width/2) of the last axis of [..., T, width] by the angle position·base^(-2i/width), so that products of queries and keys
/// depend on the distance of their positions alone (Su et al., 2021).
/// </summary>
public sealed partial class RotaryEmbedding : Layer
{
    private readonly int _half;
    [NotState]
    private readonly Tensor _frequencies;
    [NotState]
    private readonly Tensor _signs;

    /// <param name="width">An even number.</param>
    /// <param name="period">The base of the angles: larger ones suit longer sequences.</param>
    public RotaryEmbedding(int width, double period = 10000)
    {
        if (width <= 0 || width % 2 != 0)
        {
            throw new ArgumentException($"a width of {width} has no pairs to turn", nameof(width));
        }

        _half = width / 2;
        _frequencies = Tensor.From<float>([.. Enumerable.Range(0, width).Select(i => (float)Math.Pow(period, -2.0 * (i % _half) / width))], width);
        _signs = Tensor.From<float>([.. Enumerable.Range(0, width).Select(i => i < _half ? -1f : 1f)], width);
    }

    /// <summary>Positions count from 0.</summary>
    [StaticGraph]
    [return: Shape("..", "width")]
    public override Tensor Forward([Shape("..", "width")] Tensor x) => At(x, 0);

    /// <summary>Positions count from <paramref name="first"/>.</summary>
    [StaticGraph]
    public Tensor At(Tensor x, int first) => Turned(x, Iota([x.Shape[x.Rank - 2], 1], 0, Ir.DType.F32) + first);

    /// <summary>Positions count from <paramref name="first"/>, a whole number [].</summary>
    [StaticGraph]
    public Tensor At(Tensor x, Tensor first) => Turned(x, Iota([x.Shape[x.Rank - 2], 1], 0, Ir.DType.F32) + Cast(first, Ir.DType.F32));

    [StaticGraph]
    private Tensor Turned(Tensor x, Tensor positions)
    {
        var angles = positions * _frequencies;
        return (x * Cos(angles)) + (Roll(x, _half, x.Rank - 1) * (Sin(angles) * _signs));
    }
}
