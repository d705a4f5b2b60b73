using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>Elementary and special functions of one operand.</summary>
internal static class SpecialOps
{
    private static readonly double Ln2 = Math.Log(2);

    private static readonly double Ln10 = Math.Log(10);

    private static readonly double TwoOverRootPi = 2 / Math.Sqrt(Math.PI);

    public static ImmutableArray<Op> Rows { get; } =
    [
        Unary(OpCode.Tan, "Tan", (b, x) => b.Apply(OpCode.Sin, x) / b.Apply(OpCode.Cos, x), (b, c) => c.Dy * ((c.Y * c.Y) + 1)) with { Domain = (-1.2, 1.2), Precision = OpPrecision.Full },
        Unary(OpCode.Expm1, null, Expm1, (b, c) => c.Dy * (c.Y + 1)) with { Precision = OpPrecision.Full },
        Unary(OpCode.Log1p, null, Log1p, (b, c) => c.Dy / (c[0] + 1)) with { Domain = (-0.8, 3), Precision = OpPrecision.Full },
        Unary(OpCode.Exp2, null, (b, x) => b.Apply(OpCode.Exp, x * Ln2), (b, c) => c.Dy * (c.Y * Ln2)) with { Precision = OpPrecision.Full, Kernel = DTypeSet.Float },
        Unary(OpCode.Log2, null, (b, x) => b.Apply(OpCode.Log, x) * (1 / Ln2), (b, c) => c.Dy / (c[0] * Ln2)) with { Domain = (0.3, 3), Precision = OpPrecision.Full },
        Unary(OpCode.Log10, null, (b, x) => b.Apply(OpCode.Log, x) * (1 / Ln10), (b, c) => c.Dy / (c[0] * Ln10)) with { Domain = (0.3, 3), Precision = OpPrecision.Full },
        Unary(OpCode.Sinh, "Sinh", Sinh, (b, c) => c.Dy * b.Apply(OpCode.Cosh, c[0])) with { Precision = OpPrecision.Full },
        Unary(OpCode.Cosh, "Cosh", Cosh, (b, c) => c.Dy * b.Apply(OpCode.Sinh, c[0])) with { Precision = OpPrecision.Full },
        Unary(OpCode.Asin, "Asin", Asin, (b, c) => c.Dy * b.Apply(OpCode.Rsqrt, 1 - (c[0] * c[0]))) with { Domain = (-0.9, 0.9), Precision = OpPrecision.Full },
        Unary(OpCode.Acos, "Acos", Acos, (b, c) => -(c.Dy * b.Apply(OpCode.Rsqrt, 1 - (c[0] * c[0])))) with { Domain = (-0.9, 0.9), Precision = OpPrecision.Full },
        Unary(OpCode.Atan, "Atan", Atan, (b, c) => c.Dy / ((c[0] * c[0]) + 1)),
        Unary(OpCode.Asinh, "Asinh", Asinh, (b, c) => c.Dy * b.Apply(OpCode.Rsqrt, (c[0] * c[0]) + 1)) with { Precision = OpPrecision.Full },
        Unary(OpCode.Acosh, "Acosh", Acosh, (b, c) => c.Dy * b.Apply(OpCode.Rsqrt, (c[0] * c[0]) - 1)) with { Domain = (1.3, 3), Precision = OpPrecision.Full },
        Unary(OpCode.Atanh, "Atanh", (b, x) => Signed(b, x, Log1p(b, Abs(b, x) * 2 / (1 - Abs(b, x))) * 0.5), (b, c) => c.Dy / (1 - (c[0] * c[0])))
            with { Domain = (-0.8, 0.8), Precision = OpPrecision.Full },
        Unary(OpCode.Reciprocal, "Reciprocal", (b, x) => 1 / x, (b, c) => -(c.Dy * (c.Y * c.Y))) with { Domain = (0.4, 2), Precision = OpPrecision.Full },
        Unary(OpCode.Cbrt, null, (b, x) => Signed(b, x, b.Apply(OpCode.Pow, Abs(b, x), b.ScalarLike(x, 1 / 3.0))), (b, c) => c.Dy / (c.Y * c.Y * 3))
            with { Domain = (0.3, 3) },
        Unary(OpCode.Trunc, null, (b, x) => Trunc(b, x)) with { Traits = OpTraits.Elementwise | OpTraits.NonDifferentiable, Gradient = null, Tolerance = Tolerance.Exact },
        Unary(OpCode.Frac, null, (b, x) => x - Trunc(b, x), (b, c) => c.Dy) with { Tolerance = Tolerance.Exact },
        Unary(OpCode.Erfc, null, (b, x) => 1 - b.Apply(OpCode.Erf, x), (b, c) => -(c.Dy * (b.Apply(OpCode.Exp, -(c[0] * c[0])) * TwoOverRootPi))) with { Precision = OpPrecision.Full },
        Unary(OpCode.NormalCdf, null, (b, x) => (b.Apply(OpCode.Erf, x * Math.Sqrt(0.5)) + 1) * 0.5,
            (b, c) => c.Dy * (b.Apply(OpCode.Exp, c[0] * c[0] * -0.5) * (1 / Math.Sqrt(2 * Math.PI)))),
        Unary(OpCode.Logit, null, (b, x) => b.Apply(OpCode.Log, x / (1 - x)), (b, c) => c.Dy / (c[0] * (1 - c[0]))) with { Domain = (0.1, 0.9), Precision = OpPrecision.Full },
        Unary(OpCode.Sinc, null, Sinc) with { Domain = (0.2, 2) },
        Unary(OpCode.Entropy, null, (b, x) => b.Select(Equal(b, x, 0), b.ScalarLike(x, 0), -(x * b.Apply(OpCode.Log, x)))) with { Domain = (0.3, 2), Precision = OpPrecision.Full },
        Unary(OpCode.DegreesToRadians, null, (b, x) => x * (Math.PI / 180), (b, c) => c.Dy * (Math.PI / 180)),
        Unary(OpCode.RadiansToDegrees, null, (b, x) => x * (180 / Math.PI), (b, c) => c.Dy * (180 / Math.PI)),
        Unary(OpCode.NanToNum, null, [Number("nan", 0), Number("positive", double.MaxValue), Number("negative", -double.MaxValue)], NanToNum)
            with { Definition = (b, x, a) => [NanToNum(b, x[0], a)], Gradient = GradientRules.Each((b, c) => GradientRules.Where(b, b.Apply(OpCode.IsFinite, c[0]), c.Dy)), Tolerance = Tolerance.Exact },

        Predicate(OpCode.IsNan, "IsNaN", 1, (b, x, _) => IsNan(b, x[0])),
        Predicate(OpCode.IsInf, "IsInf", 1, (b, x, _) => Equal(b, Abs(b, x[0]), double.PositiveInfinity)),
        Predicate(OpCode.IsFinite, null, 1, (b, x, _) => Less(b, Abs(b, x[0]), double.PositiveInfinity)),
    ];

    /// <summary>log(1 + x), exact where 1 + x loses x: Kahan's correction by the rounding of 1 + x.</summary>
    internal static OpValue Log1p(OpBuilder b, OpValue x)
    {
        var u = x + 1;
        var asIs = b.Apply(OpCode.LogicalOr, Equal(b, u, 1), Equal(b, u, double.PositiveInfinity));
        var gap = b.Select(asIs, b.ScalarLike(x, 1), u - 1);
        return b.Select(asIs, x, b.Apply(OpCode.Log, u) * (x / gap));
    }

    // tanh is exact near 0, where exp(x) - 1 is not: exp(x) - 1 = 2t/(1 - t) with t = tanh(x/2).
    private static OpValue Expm1(OpBuilder b, OpValue x)
    {
        var t = b.Apply(OpCode.Tanh, x * 0.5);
        return b.Select(Less(b, Abs(b, x), 1), t * 2 / (1 - t), b.Apply(OpCode.Exp, x) - 1);
    }

    // Near 0 from exp(x) - 1; far from it in two factors, so that none overflows before the result does.
    private static OpValue Sinh(OpBuilder b, OpValue x)
    {
        var size = Abs(b, x);
        var small = Expm1(b, Min(b, size, 1));
        var half = b.Apply(OpCode.Exp, size * 0.5);
        var large = (half * 0.5 * half) - (0.5 / half / half);
        return Signed(b, x, b.Select(Less(b, size, 1), (small + (small / (small + 1))) * 0.5, large));
    }

    private static OpValue Cosh(OpBuilder b, OpValue x)
    {
        var half = b.Apply(OpCode.Exp, Abs(b, x) * 0.5);
        return (half * 0.5 * half) + (0.5 / half / half);
    }

    private static OpValue Asin(OpBuilder b, OpValue x) => Atan(b, x / (b.Apply(OpCode.Sqrt, (1 - x) * (x + 1)) + 1)) * 2;

    private static OpValue Acos(OpBuilder b, OpValue x) => Atan(b, b.Apply(OpCode.Sqrt, 1 - x) / b.Apply(OpCode.Sqrt, x + 1)) * 2;

    /// <summary>Beyond 1 by atan(x) = π/2 - atan(1/x); then atan(x) = 2·atan(x/(1+√(1+x²))) twice, down to |x| &lt; 0.2; then the series.</summary>
    internal static OpValue Atan(OpBuilder b, OpValue x)
    {
        var size = Abs(b, x);
        var isLarge = Greater(b, size, 1);
        var reduced = b.Select(isLarge, 1 / size, size);
        for (var halving = 0; halving < 2; halving++)
        {
            reduced /= b.Apply(OpCode.Sqrt, (reduced * reduced) + 1) + 1;
        }

        var square = reduced * reduced;
        var series = b.ScalarLike(x, 1 / 21.0);
        for (var power = 19; power > 0; power -= 2)
        {
            series = (series * -square) + (1.0 / power);
        }

        var angle = series * reduced * 4;
        return Signed(b, x, b.Select(isLarge, (Math.PI / 2) - angle, angle));
    }

    private static OpValue Asinh(OpBuilder b, OpValue x)
    {
        var size = Abs(b, x);
        var limit = Limit(x.DType);
        var near = Min(b, size, limit);
        var inner = Log1p(b, near + (near * (near / (b.Apply(OpCode.Sqrt, (near * near) + 1) + 1))));
        return Signed(b, x, b.Select(Greater(b, size, limit), b.Apply(OpCode.Log, size) + Ln2, inner));
    }

    private static OpValue Acosh(OpBuilder b, OpValue x)
    {
        var limit = Limit(x.DType);
        var t = b.Select(Less(b, x, 1), b.ScalarLike(x, double.NaN), Min(b, x, limit)) - 1;
        return b.Select(Greater(b, x, limit), b.Apply(OpCode.Log, x) + Ln2, Log1p(b, t + b.Apply(OpCode.Sqrt, (t * 2) + (t * t))));
    }

    // Above it 1 is lost beside x², and below it x² does not overflow.
    private static double Limit(DType dtype) => dtype == DType.F64 ? 1e150 : 1e15;

    private static OpValue Trunc(OpBuilder b, OpValue x) => b.Select(Less(b, x, 0), b.Apply(OpCode.Ceil, x), b.Apply(OpCode.Floor, x));

    private static OpValue Sinc(OpBuilder b, OpValue x)
    {
        var isZero = Equal(b, x, 0);
        var angle = b.Select(isZero, b.ScalarLike(x, 1), x) * Math.PI;
        return b.Select(isZero, b.ScalarLike(x, 1), b.Apply(OpCode.Sin, angle) / angle);
    }

    private static OpValue NanToNum(OpBuilder b, OpValue x, Attributes a)
    {
        var (most, least) = (Finite(x.DType, a.Float("positive")), Finite(x.DType, a.Float("negative")));
        var known = b.Select(IsNan(b, x), b.ScalarLike(x, a.Float("nan")), x);
        var above = b.Select(Equal(b, known, double.PositiveInfinity), b.ScalarLike(x, most), known);
        return b.Select(Equal(b, above, double.NegativeInfinity), b.ScalarLike(x, least), above);
    }

    /// <summary>The nearest finite value of the dtype.</summary>
    private static double Finite(DType dtype, double value)
    {
        var largest = dtype switch
        {
            DType.F16 => 65504.0,
            DType.BF16 => 3.3895313892515355e38,
            DType.F32 => float.MaxValue,
            _ => double.MaxValue,
        };
        return Math.Max(-largest, Math.Min(largest, value));
    }
}
