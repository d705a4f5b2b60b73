using Unified.Ir;

namespace Unified.Lowering.Tests.X64;

/// <summary>Elementwise ops on doubles.</summary>
internal static class ReferenceOps
{
    private static readonly Dictionary<OpCode, Func<double[], double>> s_rows = new()
    {
        [OpCode.Neg] = x => -x[0],
        [OpCode.Abs] = x => Math.Abs(x[0]),
        [OpCode.Sign] = x => double.IsNaN(x[0]) ? x[0] : Math.Sign(x[0]),
        [OpCode.Exp] = x => Math.Exp(x[0]),
        [OpCode.Exp2] = x => Math.Pow(2, x[0]),
        [OpCode.Log] = x => Math.Log(x[0]),
        [OpCode.Sqrt] = x => Math.Sqrt(x[0]),
        [OpCode.Rsqrt] = x => 1 / Math.Sqrt(x[0]),
        [OpCode.Sin] = x => Math.Sin(x[0]),
        [OpCode.Cos] = x => Math.Cos(x[0]),
        [OpCode.Tanh] = x => Math.Tanh(x[0]),
        [OpCode.Erf] = x => Erf(x[0]),
        [OpCode.Gelu] = x => 0.5 * x[0] * (1 + Erf(x[0] * Math.Sqrt(0.5))),
        [OpCode.Floor] = x => Math.Floor(x[0]),
        [OpCode.Ceil] = x => Math.Ceiling(x[0]),
        [OpCode.Round] = x => Math.Round(x[0], MidpointRounding.ToEven),
        [OpCode.StopGradient] = x => x[0],
        [OpCode.Add] = x => x[0] + x[1],
        [OpCode.Sub] = x => x[0] - x[1],
        [OpCode.Mul] = x => x[0] * x[1],
        [OpCode.Div] = x => x[0] / x[1],
        [OpCode.Pow] = x => Math.Pow(x[0], x[1]),
        [OpCode.Maximum] = x => Math.Max(x[0], x[1]),
        [OpCode.Minimum] = x => Math.Min(x[0], x[1]),
        [OpCode.Remainder] = x => x[0] % x[1],
        [OpCode.Equal] = x => x[0] == x[1] ? 1 : 0,
        [OpCode.NotEqual] = x => x[0] != x[1] ? 1 : 0,
        [OpCode.Less] = x => x[0] < x[1] ? 1 : 0,
        [OpCode.LessEqual] = x => x[0] <= x[1] ? 1 : 0,
        [OpCode.Greater] = x => x[0] > x[1] ? 1 : 0,
        [OpCode.GreaterEqual] = x => x[0] >= x[1] ? 1 : 0,
        [OpCode.Select] = x => x[0] != 0 ? x[1] : x[2],
    };

    private static readonly Dictionary<OpCode, Func<long, long, long>> s_integers = new()
    {
        [OpCode.Div] = (x, y) => y == 0 ? 0 : x / y,
        [OpCode.Remainder] = (x, y) => y == 0 ? 0 : x % y,
        [OpCode.LogicalNot] = (x, _) => ~x,
        [OpCode.LogicalAnd] = (x, y) => x & y,
        [OpCode.LogicalOr] = (x, y) => x | y,
        [OpCode.LogicalXor] = (x, y) => x ^ y,
    };

    public static double Apply(OpCode op, DType operand, DType result, double[] x)
    {
        if (op == OpCode.Cast)
        {
            return Cast(x[0], operand, result);
        }

        if (operand == DType.Bool && op == OpCode.LogicalNot)
        {
            return 1 - x[0];
        }

        return !operand.IsFloat() && s_integers.TryGetValue(op, out var integer)
            ? integer((long)x[0], x.Length > 1 ? (long)x[1] : 0)
            : s_rows[op](x);
    }

    /// <summary>The Maclaurin series up to 1 (DLMF 7.6.1), where little cancels; the continued fraction of erfc beyond (DLMF 7.9.1).</summary>
    public static double Erf(double x)
    {
        if (double.IsNaN(x))
        {
            return x;
        }

        var a = Math.Min(Math.Abs(x), 7);
        var square = a * a;
        if (a <= 1)
        {
            double term = 1, sum = 0;
            List<double> terms = [];
            for (var n = 0; n < 25; n++)
            {
                terms.Add(term / ((2 * n) + 1));
                term *= -square / (n + 1);
            }

            for (var n = terms.Count - 1; n >= 0; n--)
            {
                sum += terms[n];
            }

            return x * (2 / Math.Sqrt(Math.PI)) * sum;
        }

        // The square's own rounding error would be an error of the exponential.
        var density = Math.Exp(-square) * (1 - Math.FusedMultiplyAdd(a, a, -square)) / Math.Sqrt(Math.PI);
        var fraction = a;
        for (var n = 200; n >= 1; n--)
        {
            fraction = a + (n / 2.0 / fraction);
        }

        return Math.CopySign(1 - (density / fraction), x);
    }

    private static double Cast(double x, DType from, DType to)
    {
        if (!from.IsFloat() || to.IsFloat() || to == DType.Bool)
        {
            return x;
        }

        return to switch
        {
            DType.U8 => byte.CreateSaturating(x),
            DType.I8 => sbyte.CreateSaturating(x),
            DType.I16 => short.CreateSaturating(x),
            DType.I32 => int.CreateSaturating(x),
            _ => long.CreateSaturating(x),
        };
    }
}
