namespace Unified.Benchmarks.Measuring;

/// <summary>
/// The vector instructions that work along rows needs at least for all of its elements, by the shortest formulas that we know: arithmetic alone. Loads, stores, loops,
/// reductions across a vector, tests for NaN and waiting are left out, so that nothing reaches it.
/// </summary>
/// <param name="Products">Products and multiply-adds, which only the multipliers' ports take.</param>
/// <param name="Others">Sums, comparisons, table look-ups and logic.</param>
public sealed record PortCost(double Products, double Others)
{
    /// <summary>Elements of f32 in a vector.</summary>
    public const int Lanes = 16;

    /// <summary>As a power of 2: times log₂ e, and five steps of a polynomial; what the whole part leaves, and 2^n, in two each.</summary>
    public static PortCost Exponential { get; } = new(6, 4);

    public double Instructions => Products + Others;

    public static PortCost operator +(PortCost a, PortCost b) => new(a.Products + b.Products, a.Others + b.Others);

    public static PortCost operator *(PortCost a, double times) => new(a.Products * times, a.Others * times);
}
