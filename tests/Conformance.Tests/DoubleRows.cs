using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Conformance.Tests;

/// <summary>One formula per op: operands at one place and attributes to the result there.</summary>
internal static class DoubleRows
{
    public static ImmutableDictionary<OpCode, Func<double[], Attributes, double>> All { get; } =
        ImmutableDictionary.CreateRange<OpCode, Func<double[], Attributes, double>>(
        [
            new(OpCode.Expm1, (x, _) => Math.Abs(x[0]) < 1e-5 ? x[0] + (x[0] * x[0] / 2) : Math.Exp(x[0]) - 1),
            new(OpCode.Log1p, (x, _) => Math.Abs(x[0]) < 1e-5 ? x[0] - (x[0] * x[0] / 2) : Math.Log(1 + x[0])),
            new(OpCode.Lgamma, (x, _) => GammaReference.Logarithm(x[0])),
            new(OpCode.Digamma, (x, _) => GammaReference.Slope(x[0])),
            new(OpCode.Exp2, (x, _) => Math.Pow(2, x[0])),
            new(OpCode.Log2, (x, _) => Math.Log2(x[0])),
            new(OpCode.Log10, (x, _) => Math.Log10(x[0])),
            new(OpCode.Cbrt, (x, _) => Math.Cbrt(x[0])),
            new(OpCode.Asin, (x, _) => Math.Asin(x[0])),
            new(OpCode.Acos, (x, _) => Math.Acos(x[0])),
            new(OpCode.Atan, (x, _) => Math.Atan(x[0])),
            new(OpCode.Asinh, (x, _) => Math.Asinh(x[0])),
            new(OpCode.Acosh, (x, _) => Math.Acosh(x[0])),
            new(OpCode.Atanh, (x, _) => Math.Atanh(x[0])),
            new(OpCode.Sinh, (x, _) => Math.Sinh(x[0])),
            new(OpCode.Cosh, (x, _) => Math.Cosh(x[0])),
            new(OpCode.Tan, (x, _) => Math.Tan(x[0])),
            new(OpCode.Trunc, (x, _) => Math.Truncate(x[0])),
            new(OpCode.Frac, (x, _) => x[0] - Math.Truncate(x[0])),
            new(OpCode.NanToNum, (x, a) => double.IsNaN(x[0]) ? a.Float("nan") : Math.Clamp(x[0], -Specials.Largest(a.DType("dtype")), Specials.Largest(a.DType("dtype")))),
            new(OpCode.GeluTanh, (x, _) => double.IsNegativeInfinity(x[0]) ? double.NaN : 0.5 * x[0] * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x[0] + (0.044715 * x[0] * x[0] * x[0]))))),
            new(OpCode.Logit, (x, _) => Math.Log(x[0] / (1 - x[0]))),
            new(OpCode.Sinc, (x, _) => x[0] == 0 ? 1 : Math.Sin(Math.PI * x[0]) / (Math.PI * x[0])),
            new(OpCode.Entropy, (x, _) => x[0] == 0 ? 0 : -x[0] * Math.Log(x[0])),
            new(OpCode.DegreesToRadians, (x, _) => double.DegreesToRadians(x[0])),
            new(OpCode.RadiansToDegrees, (x, _) => double.RadiansToDegrees(x[0])),
            new(OpCode.IsFinite, (x, _) => double.IsFinite(x[0]) ? 1 : 0),
            new(OpCode.IsNan, (x, _) => double.IsNaN(x[0]) ? 1 : 0),
            new(OpCode.IsInf, (x, _) => double.IsInfinity(x[0]) ? 1 : 0),

            new(OpCode.LogSigmoid, (x, _) => x[0] < 0 ? x[0] - Log1p(Math.Exp(x[0])) : -Log1p(Math.Exp(-x[0]))),
            new(OpCode.Softplus, (x, _) => x[0] < 0 ? Log1p(Math.Exp(x[0])) : x[0] + Log1p(Math.Exp(-x[0]))),
            new(OpCode.Mish, (x, _) => double.IsNegativeInfinity(x[0]) ? double.NaN : x[0] * Math.Tanh(x[0] < 0 ? Log1p(Math.Exp(x[0])) : x[0] + Log1p(Math.Exp(-x[0])))),
            new(OpCode.HardSigmoid, (x, _) => Math.Clamp((x[0] / 6) + 0.5, 0, 1)),
            new(OpCode.HardSwish, (x, _) => x[0] * Math.Clamp((x[0] / 6) + 0.5, 0, 1)),
            new(OpCode.HardTanh, (x, a) => Math.Clamp(x[0], a.Float("min"), a.Float("max"))),
            new(OpCode.Relu6, (x, _) => Math.Clamp(x[0], 0, 6)),
            new(OpCode.SquaredRelu, (x, _) => Math.Pow(Math.Max(x[0], 0), 2)),
            new(OpCode.LeakyRelu, (x, a) => x[0] < 0 ? x[0] * a.Float("alpha") : x[0]),
            new(OpCode.Elu, (x, a) => x[0] < 0 ? a.Float("alpha") * (Math.Exp(x[0]) - 1) : x[0]),
            new(OpCode.Celu, (x, a) => x[0] < 0 ? a.Float("alpha") * (Math.Exp(x[0] / a.Float("alpha")) - 1) : x[0]),
            new(OpCode.Selu, (x, _) => 1.0507009873554804934193349852946 * (x[0] < 0 ? 1.6732632423543772848170429916717 * (Math.Exp(x[0]) - 1) : x[0])),
            new(OpCode.TanhShrink, (x, _) => x[0] - Math.Tanh(x[0])),
            new(OpCode.SoftShrink, (x, a) => double.IsNaN(x[0]) ? x[0] : Math.Abs(x[0]) <= a.Float("threshold") ? 0 : x[0] - (Math.Sign(x[0]) * a.Float("threshold"))),
            new(OpCode.HardShrink, (x, a) => Math.Abs(x[0]) <= a.Float("threshold") ? 0 : x[0]),
            new(OpCode.ThresholdedRelu, (x, a) => x[0] > a.Float("alpha") ? x[0] : 0),
            new(OpCode.QuickGelu, (x, _) => x[0] / (1 + Math.Exp(-1.702 * x[0]))),
            new(OpCode.Prelu, (x, _) => x[0] < 0 ? x[0] * x[1] : x[0]),

            new(OpCode.Atan2, (x, _) => Math.Atan2(x[0], x[1])),
            new(OpCode.Hypot, (x, _) => double.Hypot(x[0], x[1])),
            new(OpCode.LogAddExp, (x, _) => x[0] == x[1] ? x[0] + Math.Log(2) : Math.Max(x[0], x[1]) + Log1p(Math.Exp(-Math.Abs(x[0] - x[1])))),
            new(OpCode.FloorDivide, (x, a) => Math.Floor(Stored(a, x[0] / x[1]))),
            new(OpCode.CopySign, (x, _) => x[1] is 0 || double.IsNaN(x[1]) ? Math.Abs(x[0]) : Math.CopySign(x[0], x[1])),
            new(OpCode.Fmax, (x, _) => double.MaxNumber(x[0], x[1])),
            new(OpCode.Fmin, (x, _) => double.MinNumber(x[0], x[1])),
            new(OpCode.Heaviside, (x, _) => double.IsNaN(x[0]) ? x[0] : x[0] < 0 ? 0 : x[0] > 0 ? 1 : x[1]),
            new(OpCode.Xlogy, (x, _) => x[0] == 0 && !double.IsNaN(x[1]) ? 0 : x[0] * Math.Log(x[1])),
            new(OpCode.Xlog1py, (x, _) => x[0] == 0 && !double.IsNaN(x[1]) ? 0 : x[0] * Log1p(x[1])),
            new(OpCode.Ldexp, (x, _) => x[0] * Math.Pow(2, x[1])),
            new(OpCode.IsClose, (x, a) => x[0] == x[1] || (double.IsFinite(x[1]) && Math.Abs(x[0] - x[1]) <= a.Float("absolute") + (a.Float("relative") * Math.Abs(x[1]))) ? 1 : 0),
            new(OpCode.Lerp, (x, _) => x[0] + (x[2] * (x[1] - x[0]))),
            new(OpCode.MultiplyAdd, (x, a) => Stored(a, x[0] * x[1]) + x[2]),
            new(OpCode.AddMul, (x, a) => x[0] + Stored(a, a.Float("scale") * Stored(a, x[1] * x[2]))),
            new(OpCode.AddDiv, (x, a) => x[0] + Stored(a, a.Float("scale") * Stored(a, x[1] / x[2]))),
            new(OpCode.StochasticCast, (x, a) => a.DType("dtype") == DType.BF16 ? ByChance(x[0], x[1], 7, -126) : ByChance(x[0], x[1], 10, -14)),
        ]);

    // An intermediate result as the op's own arithmetic holds it: halves are computed in f32.
    private static double Stored(Attributes a, double x) => a.DType("dtype") == DType.F64 ? x : (float)x;

    private static double ByChance(double x, double noise, int digits, int least)
    {
        if (x == 0 || !double.IsFinite(x))
        {
            return x;
        }

        var unit = Math.ScaleB(1, Math.Max(Math.ILogB(x), least) - digits);
        var below = Math.Floor(x / unit);
        return (noise < (x / unit) - below ? below + 1 : below) * unit;
    }

    private static double Log1p(double x) => Math.Abs(x) < 1e-5 ? x - (x * x / 2) : Math.Log(1 + x);
}
