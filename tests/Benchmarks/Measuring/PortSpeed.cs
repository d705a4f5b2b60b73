using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Unified.Benchmarks.Measuring;

/// <summary>How many vector instructions a core takes where they are of several kinds: half of them multiply-adds, half sums, which is the best mixture.</summary>
internal static class PortSpeed
{
    private const int Repeats = 7, Rounds = 2_000_000, PerRound = 24;

    private static float s_sink;

    /// <summary>On all threads at once, 10⁹ a second; best of several tries.</summary>
    public static double VectorGigas(int threads)
    {
        var best = double.MaxValue;
        for (var i = 0; i < Repeats; i++)
        {
            best = Math.Min(best, AllThreads.Seconds(threads, _ => Mixture(Rounds)));
        }

        return threads * (double)Rounds * PerRound / best / 1e9;
    }

    // Twelve chains of each kind hide every latency.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Mixture(int rounds)
    {
        var x = Vector512.Create(0.999f);
        var y = Vector512.Create(1e-6f);
        Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        Vector512<float> m = y, n = y, o = y, p = y, q = y, r = y, s = y, t = y, u = y, v = y, w = y, z = y;
        for (var round = 0; round < rounds; round++)
        {
            a = Vector512.MultiplyAddEstimate(a, x, y);
            m += y;
            b = Vector512.MultiplyAddEstimate(b, x, y);
            n += y;
            c = Vector512.MultiplyAddEstimate(c, x, y);
            o += y;
            d = Vector512.MultiplyAddEstimate(d, x, y);
            p += y;
            e = Vector512.MultiplyAddEstimate(e, x, y);
            q += y;
            f = Vector512.MultiplyAddEstimate(f, x, y);
            r += y;
            g = Vector512.MultiplyAddEstimate(g, x, y);
            s += y;
            h = Vector512.MultiplyAddEstimate(h, x, y);
            t += y;
            i = Vector512.MultiplyAddEstimate(i, x, y);
            u += y;
            j = Vector512.MultiplyAddEstimate(j, x, y);
            v += y;
            k = Vector512.MultiplyAddEstimate(k, x, y);
            w += y;
            l = Vector512.MultiplyAddEstimate(l, x, y);
            z += y;
        }

        s_sink = Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w + z);
    }
}
