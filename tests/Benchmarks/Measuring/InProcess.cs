using System.Diagnostics;

namespace Unified.Benchmarks.Measuring;

/// <summary>A contender in this process.</summary>
public sealed class InProcess(string name, Action work, IDisposable? owner = null) : IContender
{
    public string Name => name;

    public double Run(int times)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < times; i++)
        {
            work();
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    public void Dispose() => owner?.Dispose();
}
