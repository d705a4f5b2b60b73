using Unified.Ir;

namespace Unified;

/// <summary>
/// A stream of random numbers with explicit state. Philox4x32-10 is counter-based, so the same state gives the same numbers in both modes.
/// </summary>
public sealed class Generator
{
    public Generator(long seed, long offset = 0)
    {
        State = Tensor.From<long>([seed, offset]);
        TensorScope.Forget(State);
    }

    /// <summary>What layers start their parameters from unless told otherwise. Seed it for a run that can be repeated.</summary>
    public static Generator Default { get; } = new(0);

    /// <summary>i64[2]: seed and offset. Saved and restored with a checkpoint, the stream goes on where it was.</summary>
    public Tensor State { get; }

    /// <summary>Starts the stream of this seed from its beginning.</summary>
    public void Seed(long seed) => State.CopyFrom<long>([seed, 0]);

    /// <summary>A generator with a stream of its own, which follows from this one's state; the next split gives another.</summary>
    public Generator Split()
    {
        var state = State.ToArray<long>();
        State.CopyFrom<long>([state[0], state[1] + 1]);

        // The finaliser of SplitMix64 (Steele et al., 2014) keeps neighbouring states apart.
        var z = unchecked(((ulong)state[0] * 0x9E3779B97F4A7C15ul) + ((ulong)state[1] + 1) * 0xD1342543DE82EF95ul);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ul);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBul);
        return new Generator((long)(z ^ (z >> 31)));
    }

    /// <summary>Uniform in [0,1).</summary>
    public Tensor Uniform(ReadOnlySpan<int> shape, DType dtype = DType.F32)
    {
        var result = Ops.RandomUniform(State, shape, dtype);
        Advance(shape);
        return result;
    }

    /// <summary>Normal with mean 0 and variance 1, by Box and Muller: √(-2·ln(1-u))·cos(2π·v).</summary>
    public Tensor Normal(ReadOnlySpan<int> shape, DType dtype = DType.F32)
    {
        var draw = dtype == DType.F64 ? DType.F64 : DType.F32;
        using var u = Uniform(shape, draw);
        using var v = Uniform(shape, draw);
        using var radius = Chain(u, x => 1.0 - x, Ops.Log, x => x * -2.0, Ops.Sqrt);
        using var angle = Chain(v, x => x * (2 * Math.PI), Ops.Cos);
        if (dtype == draw)
        {
            return radius * angle;
        }

        using var normal = radius * angle;
        return Ops.Cast(normal, dtype);
    }

    private static Tensor Chain(Tensor x, params ReadOnlySpan<Func<Tensor, Tensor>> steps)
    {
        var value = x;
        foreach (var step in steps)
        {
            var next = step(value);
            if (value != x)
            {
                value.Dispose();
            }

            value = next;
        }

        return value;
    }

    private void Advance(ReadOnlySpan<int> shape)
    {
        using var next = Ops.RandomAdvance(State, shape);
        State.Assign(next);
    }
}
