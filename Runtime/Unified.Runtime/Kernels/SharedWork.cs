using Unified.Graphs;

namespace Unified;

/// <summary>
/// Shares the work of eager kernels among the threads that compiled graphs run on. A unit is computed by one thread, whole, so that results are the same bits
/// however many there are.
/// </summary>
internal static class SharedWork
{
    /// <summary>Fewer elements are done before another thread has woken.</summary>
    public const long LeastElements = 1 << 16;

    /// <summary>The elements of a unit. Only a last one is longer, never shorter: vector code may round a few elements in another way.</summary>
    public const int Block = 1 << 14;

    [ThreadStatic]
    private static WorkPool? t_pool;

    /// <summary>The threads that share; tests set their own.</summary>
    public static WorkPool Pool
    {
        get => t_pool ?? WorkPool.Shared;
        set => t_pool = value;
    }

    public static int Threads => Pool.Threads;

    /// <summary>Work on so many elements is worth sharing.</summary>
    public static bool Pays(long elements) => elements >= LeastElements;

    /// <summary>Runs a body over [0, <paramref name="units"/>), at least <paramref name="grain"/> at a time.</summary>
    public static void Run(long units, long grain, Action<long, long> body)
    {
        if (units > 0 && !Pool.TryRun(body, units, grain))
        {
            body(0, units);
        }
    }

    /// <summary>Runs a body over rows of so many elements each; it is given the first and the end.</summary>
    public static void Rows(long rows, long elements, Action<long, long> body) =>
        Run(rows, Pays(rows * elements) ? Math.Max(1, LeastElements / 4 / Math.Max(1, elements)) : rows, body);

    /// <summary>Runs a body over neighbours, in lengths that fit an int; it is given the first and the count.</summary>
    public static void Elements(long size, Action<long, int> body)
    {
        const int Longest = 1 << 28;
        var units = Math.Max(1, size / Block);
        Run(units, Pays(size) ? LeastElements / 4 / Block : units, (begin, end) =>
        {
            var stop = end == units ? size : end * Block;
            for (var start = begin * Block; start < stop;)
            {
                var n = (int)Math.Min(Longest, stop - start);
                body(start, n);
                start += n;
            }
        });
    }
}
