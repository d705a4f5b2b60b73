namespace Unified.Nn;

/// <summary>Real numbers as whole numbers times a scale for each group of neighbours.</summary>
/// <param name="Numbers">From −8 to 7, or from −127 to 127.</param>
/// <param name="Scales">One for each group.</param>
/// <param name="Error">√(Σ(w − ŵ)² / Σw²).</param>
internal sealed record QuantizedGroups(sbyte[] Numbers, float[] Scales, float Error)
{
    // A scale that cuts off the extremes may lose less on all the others.
    private static readonly double[] s_shares = [1, 0.94, 0.88, 0.82, 0.76, 1.08];

    /// <param name="values">Groups one after the other.</param>
    public static QuantizedGroups Of(float[] values, int groupSize, int bits)
    {
        var (low, high) = bits == 4 ? (-8, 7) : (-127, 127);
        var numbers = new sbyte[values.Length];
        var scales = new float[values.Length / groupSize];
        var lost = new double[scales.Length];
        var all = new double[scales.Length];
        Parallel.For(0, scales.Length, g =>
        {
            var group = values.AsSpan(g * groupSize, groupSize);
            var extreme = 0f;
            foreach (var value in group)
            {
                all[g] += (double)value * value;
                extreme = Math.Abs(value) > Math.Abs(extreme) ? value : extreme;
            }

            // The end with one number more is for the extreme.
            var best = double.PositiveInfinity;
            var chosen = numbers.AsSpan(g * groupSize, groupSize);
            Span<sbyte> tried = groupSize <= 1024 ? stackalloc sbyte[groupSize] : new sbyte[groupSize];
            foreach (var share in s_shares)
            {
                var step = extreme * share / low;
                if (!double.IsNormal(step))
                {
                    break;
                }

                double product = 0, square = 0;
                for (var i = 0; i < group.Length; i++)
                {
                    tried[i] = (sbyte)Math.Clamp(Math.Round(group[i] / step), low, high);
                    (product, square) = (product + ((double)group[i] * tried[i]), square + (tried[i] * tried[i]));
                }

                // The scale of least squares for these numbers, and what it leaves.
                var scale = (float)(product / square);
                var error = all[g] - (2 * scale * product) + ((double)scale * scale * square);
                if (error < best)
                {
                    (best, scales[g], lost[g]) = (error, scale, Math.Max(0, error));
                    tried.CopyTo(chosen);
                }
            }
        });
        return new(numbers, scales, (float)Math.Sqrt(lost.Sum() / Math.Max(all.Sum(), float.Epsilon)));
    }

    /// <summary>Numbers of 4 bits, two a byte: the first in the lower half, 8 for 0.</summary>
    public byte[] Pairs()
    {
        var bytes = new byte[Numbers.Length / 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((Numbers[2 * i] + 8) | ((Numbers[(2 * i) + 1] + 8) << 4));
        }

        return bytes;
    }
}
