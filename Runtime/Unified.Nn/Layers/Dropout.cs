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
