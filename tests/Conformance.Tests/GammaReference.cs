namespace Unified.Conformance.Tests;

/// <summary>The logarithm of the gamma function by Lanczos's sum (g = 7, as tabulated by Godfrey), and its slope by the series far from 0: not the methods of the rows.</summary>
internal static class GammaReference
{
    private static readonly double[] Lanczos =
    [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
        -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ];

    public static double Logarithm(double x)
    {
        if (double.IsInfinity(x) || (x <= 0 && x == Math.Round(x)))
        {
            return double.PositiveInfinity;
        }

        if (x < 0.5)
        {
            return Math.Log(Math.PI / Math.Abs(Math.Sin(Math.PI * (x - Math.Round(x))))) - Logarithm(1 - x);
        }

        if (x > 1e15)
        {
            return x * (Math.Log(x) - 1);
        }

        var (z, t) = (x - 1, x + 6.5);
        var sum = Lanczos[0] + Enumerable.Range(1, 8).Sum(i => Lanczos[i] / (z + i));
        return (0.5 * Math.Log(2 * Math.PI)) + ((z + 0.5) * Math.Log(t)) - t + Math.Log(sum);
    }

    public static double Slope(double x)
    {
        if (x < 0.5)
        {
            var turn = x - Math.Round(x);
            return turn == 0 ? double.NaN : Slope(1 - x) - (Math.PI / Math.Tan(Math.PI * turn));
        }

        var below = 0.0;
        for (; x < 40; x++)
        {
            below += 1 / x;
        }

        return Math.Log(x) - (1 / (2 * x)) - (1 / (12 * x * x)) + (1 / (120 * Math.Pow(x, 4))) - (1 / (252 * Math.Pow(x, 6))) - below;
    }
}
