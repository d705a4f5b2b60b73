using Unified.Ir;

namespace Unified;

/// <summary>
/// Monte Carlo arithmetic (Parker, 1997): while it is on, what an op rounds has another last bit, by chance, and composite ops run by their definition, op by op.
/// How far results of several such runs lie apart is how much of a result is rounding.
/// </summary>
internal sealed class RoundingNoise : IDisposable
{
    private static RoundingNoise? s_active;

    private readonly Random _random;

    private RoundingNoise(int seed) => _random = new Random(seed);

    public static RoundingNoise? Active => s_active;

    /// <summary>On for the whole process until it is disposed.</summary>
    public static RoundingNoise Begin(int seed) => s_active = new RoundingNoise(seed);

    /// <summary>The kernel of such an op would hide the roundings inside.</summary>
    public static bool HidesKernel(Op op) => s_active is not null && op.Definition is not null;

    public void Disturb(Op op, Tensor result, ReadOnlySpan<Tensor> operands)
    {
        if (op.Tolerance == Tolerance.Exact || result.Mapping is not null || !result.IsDense)
        {
            return;
        }

        foreach (var operand in operands)
        {
            if (ReferenceEquals(operand.Storage, result.Storage))
            {
                return;
            }
        }

        if (result.DType == DType.F32)
        {
            foreach (ref var value in result.Elements<float>())
            {
                value = value == 0 ? value : _random.Next(3) switch { 0 => MathF.BitIncrement(value), 1 => MathF.BitDecrement(value), _ => value };
            }
        }
        else if (result.DType == DType.F64)
        {
            foreach (ref var value in result.Elements<double>())
            {
                value = value == 0 ? value : _random.Next(3) switch { 0 => Math.BitIncrement(value), 1 => Math.BitDecrement(value), _ => value };
            }
        }
    }

    public void Dispose() => s_active = null;
}
