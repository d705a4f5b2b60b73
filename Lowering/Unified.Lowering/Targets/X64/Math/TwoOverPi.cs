using System.Numerics;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>
/// Turns a huge x into its place within a quarter turn: x = m · 2^e with an integer m, and m · (2^e · 2/π mod 4) is exact enough with
/// the factor given as a sum of doubles per e (Payne and Hanek's reduction with a table instead of long multiplication).
/// </summary>
internal static class TwoOverPi
{
    private const int DigitBits = 1200;

    /// <summary>2/π · 2^1200, rounded down.</summary>
    private static readonly Lazy<BigInteger> s_digits = new(Digits);

    /// <summary>Per exponent from <paramref name="first"/> on, <paramref name="parts"/> doubles of so many bits each whose sum is 2^e · 2/π mod 4.</summary>
    public static double[] Factors(int first, int last, int parts, int bits)
    {
        var table = new double[(last - first + 1) * parts];
        for (var e = first; e <= last; e++)
        {
            var scaled = e >= 0 ? s_digits.Value << e : s_digits.Value >> -e;
            var rest = scaled & ((BigInteger.One << (DigitBits + 2)) - 1);
            for (var part = 0; part < parts; part++)
            {
                var drop = DigitBits + 2 - (bits * (part + 1));
                var head = rest >> drop;
                table[((e - first) * parts) + part] = Math.ScaleB((double)head, drop - DigitBits);
                rest -= head << drop;
            }
        }

        return table;
    }

    public static LlvmValue Table(KernelBuilder k, double[] values) => k.Table(k.Context.F64, [.. values.Select(v => k.Context.F64.Real(v))]);

    /// <summary>Loads the factor's part for each lane's exponent.</summary>
    public static LlvmValue Part(KernelBuilder k, LlvmValue table, LlvmValue row, int parts, int part)
    {
        var i = row.Type;
        var at = k.B.GepUnchecked(k.Context.F64, table, k.B.Add(k.B.Mul(row, i.Int(parts)), i.Int(part)));
        return i.IsVector ? k.Gather(k.Context.F64, at, null) : k.B.Load(k.Context.F64, at);
    }

    /// <summary>Machin: π = 16 atan(1/5) − 4 atan(1/239).</summary>
    private static BigInteger Digits()
    {
        const int Guard = 64;
        var one = BigInteger.One << (DigitBits + Guard);
        var pi = (16 * ArcTangentOfInverse(5, one)) - (4 * ArcTangentOfInverse(239, one));
        return (one * one * 2 / pi) >> Guard;
    }

    private static BigInteger ArcTangentOfInverse(int x, BigInteger one)
    {
        var (sum, power) = (BigInteger.Zero, one / x);
        for (var n = 1; !power.IsZero; n += 2)
        {
            sum += (n & 2) == 0 ? power / n : -(power / n);
            power /= x * x;
        }

        return sum;
    }
}
