namespace Unified.Benchmarks.Measuring;

/// <summary>What the machine can do with so many threads, measured now.</summary>
/// <param name="Gflops">f32 multiply-adds, two operations each; bf16 products count as half.</param>
/// <param name="ReadGigabytes">Reading memory beyond the caches, per second.</param>
/// <param name="WriteGigabytes">Writing it, past the caches.</param>
public sealed record Limits(double Gflops, double ReadGigabytes, double WriteGigabytes)
{
    public static Limits Measure(int threads) => new(
        MachineLimits.PeakGflops(threads), MachineLimits.ReadGigabytesPerSecond(threads), MachineLimits.WriteGigabytesPerSecond(threads));

    /// <summary>The limit that is reached last, in milliseconds: arithmetic, or memory.</summary>
    public double Milliseconds(Cost cost) => Math.Max(
        cost.Flops / cost.Speed / Gflops / 1e6,
        ((cost.ReadBytes / ReadGigabytes) + (cost.WrittenBytes / WriteGigabytes)) / 1e6);
}

/// <summary>What a work needs at least.</summary>
/// <param name="Flops">Operations of its matrix products, or of its ports in that unit.</param>
/// <param name="ReadBytes">What it must read from beyond the caches: zero where it fits in them.</param>
/// <param name="WrittenBytes">The same for what it must write.</param>
/// <param name="Speed">Operations of its type in the time of one in f32.</param>
public sealed record Cost(double Flops, double ReadBytes = 0, double WrittenBytes = 0, double Speed = 1);
