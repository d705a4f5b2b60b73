namespace Unified.Benchmarks.Measuring;

/// <summary>What the machine can do with so many threads, measured now.</summary>
/// <param name="Gflops">f32 multiply-adds, two operations each; bf16 products count as half.</param>
/// <param name="ReadGigabytes">Reading memory beyond the caches, per second.</param>
/// <param name="WriteGigabytes">Writing it, past the caches.</param>
/// <param name="VectorGigas">Vector instructions of sixteen f32, products and sums in turns, 10⁹ a second: what the ports take together.</param>
/// <param name="CacheMilliseconds">How long the caches take for what a work reads and writes in them: <see cref="CacheSpeed"/>.</param>
public sealed record Limits(double Gflops, double ReadGigabytes, double WriteGigabytes, double VectorGigas, double CacheMilliseconds = 0)
{
    private const int FlopsPerVector = 2 * PortCost.Lanes;

    /// <param name="threads">On so many at once.</param>
    /// <param name="cost">Of the work that is to be measured; null: of none.</param>
    public static Limits Measure(int threads, Cost? cost = null) => new(
        MachineLimits.PeakGflops(threads), MachineLimits.ReadGigabytesPerSecond(threads), MachineLimits.WriteGigabytesPerSecond(threads), PortSpeed.VectorGigas(threads),
        cost is { CachedBytes: > 0 } ? CacheSpeed.Milliseconds(threads, cost.CachedBytes, cost.WritesCached) : 0);

    /// <summary>The better of two measurements: what the machine could do while something ran between them.</summary>
    public Limits Best(Limits other) => new(
        Math.Max(Gflops, other.Gflops), Math.Max(ReadGigabytes, other.ReadGigabytes), Math.Max(WriteGigabytes, other.WriteGigabytes), Math.Max(VectorGigas, other.VectorGigas),
        Math.Min(CacheMilliseconds, other.CacheMilliseconds));

    /// <summary>The limit that is reached last: <c>fma</c>, <c>memory</c>, <c>caches</c> or <c>ports</c>.</summary>
    public Limit Of(Cost cost) => ((Limit[])
    [
        new("fma", cost.Flops / cost.Speed / Gflops / 1e6),
        new("memory", ((cost.ReadBytes / ReadGigabytes) + (cost.WrittenBytes / WriteGigabytes)) / 1e6),
        new("caches", CacheMilliseconds),
        new("ports", cost.Ports is { } p ? Math.Max(p.Products * FlopsPerVector / Gflops, p.Instructions / VectorGigas) / 1e6 : 0),
    ]).MaxBy(l => l.Milliseconds)!;
}

/// <summary>The least time that a work can take, and what sets it.</summary>
public sealed record Limit(string Name, double Milliseconds);

/// <summary>What a work needs at least.</summary>
/// <param name="Flops">Operations of its matrix products.</param>
/// <param name="ReadBytes">What it must read from beyond the caches: zero where it fits in them.</param>
/// <param name="WrittenBytes">The same for what it must write.</param>
/// <param name="Speed">Operations of its type in the time of one in f32.</param>
/// <param name="Ports">Vector instructions of work that is no product of matrices.</param>
/// <param name="CachedBytes">What work along rows reads that fits in the caches.</param>
/// <param name="WritesCached">Whether it writes as much there.</param>
public sealed record Cost(double Flops, double ReadBytes = 0, double WrittenBytes = 0, double Speed = 1, PortCost? Ports = null, double CachedBytes = 0, bool WritesCached = false);
