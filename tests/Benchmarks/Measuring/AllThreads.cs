using System.Diagnostics;

namespace Unified.Benchmarks.Measuring;

/// <summary>Work that threads begin at once.</summary>
internal static class AllThreads
{
    /// <summary>How long the slowest took, in seconds.</summary>
    /// <param name="threads">How many.</param>
    /// <param name="work">What the thread of that number does.</param>
    public static double Seconds(int threads, Action<int> work)
    {
        using var start = new Barrier(threads);
        var seconds = new double[threads];
        var all = Enumerable.Range(0, threads).Select(t => new Thread(() =>
        {
            start.SignalAndWait();
            var from = Stopwatch.GetTimestamp();
            work(t);
            seconds[t] = Stopwatch.GetElapsedTime(from).TotalSeconds;
        })).ToList();
        all.ForEach(t => t.Start());
        all.ForEach(t => t.Join());
        return seconds.Max();
    }
}
