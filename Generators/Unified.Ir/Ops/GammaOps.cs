using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>
/// The logarithm of the gamma function and its slope, by Stirling's series from 8 on, to which smaller operands are moved, and Euler's reflection below ½
/// (Abramowitz and Stegun, 6.1.17, 6.1.41, 6.3.7, 6.3.18).
/// </summary>
internal static class GammaOps
{
    private const int Shift = 8;

    // B₂ₖ / (2k (2k - 1)).
    private static readonly double[] s_stirling = [1 / 12.0, -1 / 360.0, 1 / 1260.0, -1 / 1680.0, 1 / 1188.0, -691 / 360360.0, 1 / 156.0];

    public static ImmutableArray<Op> Rows { get; } =
    [
        Unary(OpCode.Lgamma, null, Lgamma, (b, c) => c.Dy * b.Apply(OpCode.Digamma, c[0])) with { Domain = (0.3, 5), Precision = OpPrecision.Full },
        Unary(OpCode.Digamma, null, Digamma) with { Domain = (0.3, 5), Precision = OpPrecision.Full },
    ];

    private static OpValue Lgamma(OpBuilder b, OpValue x)
    {
        var isLow = Less(b, x, 0.5);
        var (z, isMoved) = Moved(b, b.Select(isLow, 1.0 - x, x));
        var product = Enumerable.Range(1, Shift).Select(i => z - i).Aggregate((p, q) => p * q);
        var inverse = 1.0 / z;
        var series = Series(b, inverse * inverse, s_stirling) * inverse;
        var value = ((z - 0.5) * (b.Apply(OpCode.Log, z) - 1)) + (series + (0.5 * Math.Log(2 * Math.PI) - 0.5))
            - b.Apply(OpCode.Log, b.Select(isMoved, product, b.ScalarLike(x, 1)));

        // log|π / sin πx| is infinite at the poles.
        var mirrored = b.Apply(OpCode.Log, Math.PI / Abs(b, b.Apply(OpCode.Sin, Turn(b, x) * Math.PI))) - value;
        return b.Select(Equal(b, x, double.NegativeInfinity), b.ScalarLike(x, double.PositiveInfinity), b.Select(isLow, mirrored, value));
    }

    private static OpValue Digamma(OpBuilder b, OpValue x)
    {
        var isLow = Less(b, x, 0.5);
        var (z, isMoved) = Moved(b, b.Select(isLow, 1.0 - x, x));
        var moved = Enumerable.Range(1, Shift).Select(i => 1.0 / b.Select(isMoved, z - i, b.ScalarLike(x, 1))).Aggregate((p, q) => p + q);
        var inverse = 1.0 / z;
        var square = inverse * inverse;
        var series = Series(b, square, [.. s_stirling.Select((s, k) => s * ((2 * k) + 1))]) * square;
        var value = b.Apply(OpCode.Log, z) - (inverse * 0.5) - series - b.Select(isMoved, moved, b.ScalarLike(x, 0));
        var angle = Turn(b, x) * Math.PI;
        var (sin, cos) = (b.Apply(OpCode.Sin, angle), b.Apply(OpCode.Cos, angle));
        var isPole = Equal(b, sin, 0);
        var mirrored = b.Select(isPole, b.ScalarLike(x, double.NaN), value - (cos * Math.PI / b.Select(isPole, b.ScalarLike(x, 1), sin)));
        return b.Select(isLow, mirrored, value);
    }

    private static (OpValue Z, OpValue IsMoved) Moved(OpBuilder b, OpValue x)
    {
        var isSmall = Less(b, x, Shift);
        return (b.Select(isSmall, x + Shift, x), isSmall);
    }

    // The distance to the nearest whole number: sin πx loses no digits of a large x.
    private static OpValue Turn(OpBuilder b, OpValue x) => x - b.Apply(OpCode.StopGradient, b.Apply(OpCode.Round, x));

    private static OpValue Series(OpBuilder b, OpValue x, double[] terms) =>
        Enumerable.Reverse(terms).Skip(1).Aggregate(b.ScalarLike(x, terms[^1]), (sum, term) => (sum * x) + term);
}
