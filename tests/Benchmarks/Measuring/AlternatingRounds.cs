namespace Unified.Benchmarks.Measuring;

/// <summary>What was measured of one contender, in milliseconds.</summary>
/// <param name="Median">Of the rounds.</param>
/// <param name="Spread">Half the distance between the quartiles, relative to the median.</param>
public sealed record Timing(double Median, double Spread);

/// <summary>
/// Times contenders in turns: each round gives every contender one burst, so that a machine that is slow for a while is slow for all of them.
/// </summary>
public static class AlternatingRounds
{
    private const double BurstMilliseconds = 30;
    private const int Rounds = 11, FewestRounds = 3;

    // The threads of a contender that has just run spin for a while: they would slow the next one down.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <param name="budget">Milliseconds for all rounds; long works get fewer rounds, at least three.</param>
    public static IReadOnlyList<Timing> Run(IReadOnlyList<IContender> contenders, double budget)
    {
        // The first run compiles or packs; the second one says how long a burst is.
        var times = contenders.Select(c =>
        {
            c.Run(2);
            var once = c.Run(1);
            return Math.Clamp((int)Math.Ceiling(BurstMilliseconds / Math.Max(once, 1e-4)), 1, 100_000);
        }).ToArray();
        var samples = contenders.Select(_ => new List<double>()).ToArray();
        var spent = 0.0;
        for (var round = 0; round < Rounds && (round < FewestRounds || spent < budget); round++)
        {
            for (var i = 0; i < contenders.Count; i++)
            {
                Thread.Sleep(s_pause);
                var milliseconds = contenders[i].Run(times[i]);
                samples[i].Add(milliseconds / times[i]);
                spent += milliseconds;
            }
        }

        return [.. samples.Select(Of)];
    }

    private static Timing Of(List<double> samples)
    {
        var sorted = samples.Order().ToArray();
        double At(double quantile)
        {
            var place = quantile * (sorted.Length - 1);
            var (low, part) = ((int)place, place - (int)place);
            return low + 1 < sorted.Length ? sorted[low] + (part * (sorted[low + 1] - sorted[low])) : sorted[low];
        }

        var median = At(0.5);
        return new Timing(median, (At(0.75) - At(0.25)) / 2 / median);
    }
}
