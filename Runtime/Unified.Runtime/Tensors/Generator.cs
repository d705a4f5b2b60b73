using Unified.Ir;

namespace Unified;

/// <summary>
/// A stream of random numbers with explicit state. Philox4x32-10 is counter-based, so the same state gives the same numbers in both modes.
/// </summary>
public sealed class Generator
{
    public Generator(long seed, long offset = 0) => State = Tensor.From<long>([seed, offset]);

    /// <summary>i64[2]: seed and offset. Saved and restored with a checkpoint, the stream goes on where it was.</summary>
    public Tensor State { get; }

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
