using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// In training, sets each element to zero with the given probability and scales the rest by 1/(1 − probability). Draws from a Philox
/// stream of its own, kept as state, so that eager and compiled runs drop the same elements and a checkpoint goes on with the same stream.
/// </summary>
public sealed partial class Dropout : Layer
{
    public Dropout(float probability, Generator? generator = null)
    {
        if (probability is < 0 or >= 1 or float.NaN)
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "a dropout probability lies in [0, 1)");
        }

        Probability = probability;
        State = (generator ?? Generator.Default).Split().State;
    }

    public float Probability { get; }

    /// <summary>i64[2]: seed and offset of the stream.</summary>
    public Tensor State { get; }

    [StaticGraph]
    [return: Shape("..")]
    public override Tensor Forward([Shape("..")] Tensor x)
    {
        if (!Training || Probability == 0)
        {
            return x;
        }

        var kept = RandomUniform(State, x.Shape) >= Probability;
        State.Assign(RandomAdvance(State, x.Shape));
        return Select(kept, x * (1 / (1 - Probability)), 0f);
    }
}

/// <summary>In training, sets each channel of [N, C, …] to zero as a whole with the given probability and scales the rest by 1/(1 − probability) (Tompson et al., 2015).</summary>
public sealed partial class ChannelDropout(float probability, Generator? generator = null) : Layer
{
    private readonly Dropout _channels = new(probability, generator);

    [StaticGraph]
    public override Tensor Forward(Tensor x)
    {
        var factors = _channels.Forward(Full([x.Shape[0], x.Shape[1]], 1));
        for (var axis = 2; axis < x.Rank; axis++)
        {
            factors = ExpandDims(factors, axis);
        }

        return x * factors;
    }
}
