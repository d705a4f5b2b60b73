using System.Collections.Immutable;
using System.Globalization;
using Unified.Native.Os;

namespace Unified.Graphs;

/// <summary>How many threads run kernels, and where: <c>UNIFIED_THREADS</c> and <c>UNIFIED_AFFINITY</c>.</summary>
/// <param name="Threads">The caller included.</param>
/// <param name="Processors">One for each thread, or none: the system decides. The first is the caller's, who stays where it is.</param>
internal sealed record WorkPoolSettings(int Threads, ImmutableArray<int> Processors)
{
    private const int MostThreads = 1024;

    public static WorkPoolSettings FromEnvironment() => Parse(
        Environment.GetEnvironmentVariable("UNIFIED_THREADS"), Environment.GetEnvironmentVariable("UNIFIED_AFFINITY"),
        ThreadAffinity.IsSupported ? ThreadAffinity.Allowed : null);

    /// <param name="threads">A number; null or empty: one for each of the processors, those that <paramref name="affinity"/> names or all.</param>
    /// <param name="affinity">Processors and ranges of them, <c>0-3,8</c>; null or empty: the system decides.</param>
    /// <param name="allowed">The processors that the process may use; null: the system cannot keep threads on processors.</param>
    /// <exception cref="InvalidOperationException">A setting is malformed or cannot be followed; the message names it.</exception>
    public static WorkPoolSettings Parse(string? threads, string? affinity, ImmutableArray<int>? allowed)
    {
        var processors = Processor(affinity, allowed);
        var count = !string.IsNullOrEmpty(threads)
            ? int.TryParse(threads, CultureInfo.InvariantCulture, out var n) && n is > 0 and <= MostThreads ? n
                : throw new InvalidOperationException($"UNIFIED_THREADS is '{threads}'; it must be a number from 1 to {MostThreads}")
            : processors.IsEmpty ? Environment.ProcessorCount : processors.Length;
        return processors.IsEmpty || processors.Length >= count
            ? new(count, processors.IsEmpty ? processors : processors[..count])
            : throw new InvalidOperationException($"UNIFIED_AFFINITY is '{affinity}': {processors.Length} processors for {count} threads; name as many, or set UNIFIED_THREADS={processors.Length}");
    }

    private static ImmutableArray<int> Processor(string? affinity, ImmutableArray<int>? allowed)
    {
        if (string.IsNullOrEmpty(affinity))
        {
            return [];
        }

        if (allowed is null)
        {
            throw new InvalidOperationException($"UNIFIED_AFFINITY is '{affinity}', but this system cannot keep threads on processors; leave it out");
        }

        var processors = ImmutableArray.CreateBuilder<int>();
        foreach (var part in affinity.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first) || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) || last < first)
            {
                throw new InvalidOperationException($"UNIFIED_AFFINITY is '{affinity}'; it must be processors and ranges of them, as in 0-3,8");
            }

            for (var p = first; p <= last; p++)
            {
                if (!allowed.Value.Contains(p))
                {
                    throw new InvalidOperationException($"UNIFIED_AFFINITY is '{affinity}', but this process may not use processor {p}, only {string.Join(',', allowed.Value)}");
                }

                if (processors.Contains(p))
                {
                    throw new InvalidOperationException($"UNIFIED_AFFINITY is '{affinity}': processor {p} stands there twice");
                }

                processors.Add(p);
            }
        }

        return processors.ToImmutable();
    }
}
