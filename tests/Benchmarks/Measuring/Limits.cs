namespace Unified.Benchmarks.Measuring;

/// <summary>What the machine can do with so many threads, measured now.</summary>
/// <param name="Gflops">f32 multiply-adds, two operations each; bf16 products count as half.</param>
/// <param name="VectorGigas">Vector instructions of sixteen f32, products and sums in turns, 10⁹ a second: what the ports take together.</param>
/// <param name="StreamMilliseconds">How long a plain program takes to move what a work must read and write: <see cref="Streams"/>.</param>
public sealed record Limits(double Gflops, double VectorGigas, double StreamMilliseconds = 0)
{
    private const int FlopsPerVector = 2 * PortCost.Lanes;

    /// <param name="threads">On so many at once.</param>
    public static Limits Measure(int threads) => new(MachineLimits.PeakGflops(threads), PortSpeed.VectorGigas(threads));

    /// <summary>The better of two measurements: what the machine could do while something ran between them.</summary>
    public Limits Best(Limits other) => this with { Gflops = Math.Max(Gflops, other.Gflops), VectorGigas = Math.Max(VectorGigas, other.VectorGigas) };

    /// <summary>The limit that is reached last: <c>fma</c>, <c>streams</c> or <c>ports</c>.</summary>
    public Limit Of(Cost cost) => ((Limit[])
    [
        new("fma", cost.Flops / cost.Speed / Gflops / 1e6),
        new("streams", StreamMilliseconds),
        new("ports", cost.Ports is { } p ? Math.Max(p.Products * FlopsPerVector / Gflops, p.Instructions / VectorGigas) / 1e6 : 0),
    ]).MaxBy(l => l.Milliseconds)!;
}

/// <summary>The least time that a work can take, and what sets it.</summary>
public sealed record Limit(string Name, double Milliseconds);

/// <summary>What a work needs at least.</summary>
/// <param name="Flops">Operations of its matrix products.</param>
/// <param name="ReadBytes">What it must read: weights that are used once or a few times, rows.</param>
/// <param name="Writes">Whether it writes as much.</param>
/// <param name="Speed">Operations of its type in the time of one in f32.</param>
/// <param name="Ports">Vector instructions of work that is no product of matrices.</param>
public sealed record Cost(double Flops, double ReadBytes = 0, bool Writes = false, double Speed = 1, PortCost? Ports = null);
