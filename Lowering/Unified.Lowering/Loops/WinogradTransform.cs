using System.Collections.Immutable;

namespace Unified.Lowering.Loops;

/// <summary>
/// The minimal algorithm F(side × side, 3 × 3) for tiles of a convolution (Winograd, 1980; Lavin and Gray, 2016): with image tile d and weight g the result is
/// Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A, of (side + 2)² products instead of 9 side². It interpolates at 0, pairs of ±p and infinity. The points of side 4, ±5/8 and ±3/2, keep
/// rounding errors near those of the direct sum (Barabasz et al., 2020, on the choice of points); their coefficients have no rounding error.
/// </summary>
public sealed class WinogradTransform
{
    /// <summary>The side of the weights.</summary>
    public const int Kernel = 3;

    private static readonly ImmutableDictionary<int, ImmutableArray<double>> s_points = ImmutableDictionary<int, ImmutableArray<double>>.Empty.Add(2, [1]).Add(4, [0.625, 1.5]);

    private WinogradTransform(int side)
    {
        Side = side;
        Points = s_points[side];
        double[] points = [0, .. Points.SelectMany(p => (double[])[p, -p])];
        Image = [.. points.Select(p => Padded(Without(points, p))), Padded(Without(points, null))];
        Weight = [.. points.Select(p => Powers(p, Kernel, points.Where(q => q != p).Aggregate(1.0, (n, q) => n * (p - q)))), [0, 0, 1]];
        Result = [.. Enumerable.Range(0, side).Select(i => (ImmutableArray<double>)[.. points.Select(p => Math.Pow(p, i)), i == side - 1 ? 1 : 0])];
    }

    /// <summary>The sides of a result's tile that there are.</summary>
    public static IEnumerable<int> Sides => s_points.Keys.Order();

    /// <summary>The side of a tile of the result.</summary>
    public int Side { get; }

    /// <summary>The side of a tile of the image, and of a transformed tile.</summary>
    public int Span => Side + Kernel - 1;

    /// <summary>The positive of each pair of points. Rows 1 + 2i and 2 + 2i of <see cref="Image"/> and columns of <see cref="Result"/> belong to ± point i.</summary>
    public ImmutableArray<double> Points { get; }

    /// <summary>Bᵀ, span × span: by row, the coefficients of the polynomial that is zero at all points but the row's.</summary>
    public ImmutableArray<ImmutableArray<double>> Image { get; }

    /// <summary>G, span × 3.</summary>
    public ImmutableArray<ImmutableArray<double>> Weight { get; }

    /// <summary>Aᵀ, side × span.</summary>
    public ImmutableArray<ImmutableArray<double>> Result { get; }

    private static readonly ImmutableDictionary<int, WinogradTransform> s_transforms = s_points.Keys.ToImmutableDictionary(s => s, s => new WinogradTransform(s));

    /// <param name="side">One of <see cref="Sides"/>.</param>
    public static WinogradTransform Of(int side) => s_transforms[side];

    // The coefficients, lowest first, of the product of x - q over all points q but one.
    private static double[] Without(double[] points, double? one) => points.Where(q => q != one).Aggregate(
        (double[])[1.0], (p, q) => [.. Enumerable.Range(0, p.Length + 1).Select(i => (i > 0 ? p[i - 1] : 0) - (i < p.Length ? q * p[i] : 0))]);

    private ImmutableArray<double> Padded(double[] coefficients) => [.. coefficients, .. Enumerable.Repeat(0.0, Span - coefficients.Length)];

    private static ImmutableArray<double> Powers(double point, int count, double divisor) => [.. Enumerable.Range(0, count).Select(i => Math.Pow(point, i) / divisor)];
}
