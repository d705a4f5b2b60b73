using static Unified.Ops;

namespace Unified.Nn.Distributions;

/// <summary>
/// Independent numbers of one distribution, of a tensor's shape, f64 where it is f64 and else f32, drawn from the Philox stream of a state (i64[2], <see cref="Generator.State"/>),
/// which moves on: the same numbers in both modes.
/// </summary>
public static partial class Noise
{
    /// <summary>Uniform in [0, 1).</summary>
    [StaticGraph]
    public static Tensor Uniform(Tensor state, Tensor like)
    {
        var drawn = RandomUniformLike(state, like);
        state.Assign(RandomAdvance(state, like.Shape));
        return drawn;
    }

    /// <summary>Of mean 0 and variance 1, by Box and Muller: √(−2·ln(1 − u))·cos(2π·v).</summary>
    [StaticGraph]
    public static Tensor Normal(Tensor state, Tensor like)
    {
        var radius = Uniform(state, like);
        var angle = Uniform(state, like);
        return Sqrt(Log(1.0 - radius) * -2.0) * Cos(angle * (2 * Math.PI));
    }

    /// <summary>Of rate 1: −ln(1 − u).</summary>
    [StaticGraph]
    public static Tensor Exponential(Tensor state, Tensor like) => -Log1p(-Uniform(state, like));

    /// <summary>−ln(e) of e exponential of rate 1.</summary>
    [StaticGraph]
    public static Tensor Gumbel(Tensor state, Tensor like) => -Log(Maximum(Exponential(state, like), 1e-30));
}
