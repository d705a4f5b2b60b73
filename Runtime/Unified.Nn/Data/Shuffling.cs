namespace Unified.Nn.Data;

/// <summary>Orders by chance that are the same on every machine and version: SplitMix64 (Steele et al., 2014).</summary>
internal static class Shuffling
{
    /// <summary>The numbers below <paramref name="count"/> in the order of a seed (Fisher and Yates).</summary>
    public static int[] Order(int count, long seed)
    {
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            order[i] = i;
        }

        Shuffle(order, seed);
        return order;
    }

    public static void Shuffle<T>(Span<T> items, long seed)
    {
        var state = (ulong)seed;
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = (int)Math.BigMul(Next(ref state), (ulong)(i + 1), out _);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>A seed that follows from others.</summary>
    public static long Mix(long seed, long number)
    {
        var state = (ulong)seed ^ ((ulong)number * 0xD1342543DE82EF95ul);
        return (long)Next(ref state);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public static double Uniform(ref ulong state) => (Next(ref state) >> 11) * (1.0 / (1ul << 53));

    private static ulong Next(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15ul;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ul;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBul;
        return z ^ (z >> 31);
    }
}
