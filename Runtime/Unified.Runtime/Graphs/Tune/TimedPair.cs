using Unified.Ir;

namespace Unified.Graphs;

/// <summary>Times of two tunings, measured in turns.</summary>
/// <param name="Former">Median, in milliseconds.</param>
/// <param name="Latter">Median, in milliseconds.</param>
/// <param name="Spread">The larger distance between the quartiles of one of them.</param>
internal readonly record struct TimedPair(double Former, double Latter, double Spread)
{
    // Less is not worth another setting, however quiet the machine.
    private const double LeastGain = 0.02;

    public bool IsGain => Former - Latter > Math.Max(Spread, LeastGain * Former);

    /// <summary>Both give the time of one run in milliseconds.</summary>
    public static TimedPair Measure(Func<double> former, Func<double> latter, int rounds)
    {
        var (a, b) = (new double[rounds], new double[rounds]);
        for (var i = 0; i < rounds; i++)
        {
            // Who comes first finds other caches.
            if (i % 2 == 0)
            {
                a[i] = former();
                b[i] = latter();
            }
            else
            {
                b[i] = latter();
                a[i] = former();
            }
        }

        Array.Sort(a);
        Array.Sort(b);
        return new(a[rounds / 2], b[rounds / 2], Math.Max(Quartiles(a), Quartiles(b)));
    }

    private static double Quartiles(double[] sorted) => sorted[sorted.Length * 3 / 4] - sorted[sorted.Length / 4];
}
