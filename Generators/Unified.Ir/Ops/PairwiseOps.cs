using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>Elementwise functions of two and three operands.</summary>
internal static class PairwiseOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Binary(OpCode.Atan2, null, DTypeSet.Float, Atan2) with { Gradient = GradientRules.Broadcast(
            (b, c) => c.Dy * c[1] / ((c[0] * c[0]) + (c[1] * c[1])), (b, c) => -(c.Dy * c[0]) / ((c[0] * c[0]) + (c[1] * c[1]))), Domain = (0.3, 2) },
        Binary(OpCode.Hypot, null, DTypeSet.Float, Hypot) with { Gradient = GradientRules.Broadcast((b, c) => c.Dy * (c[0] / c.Y), (b, c) => c.Dy * (c[1] / c.Y)), Domain = (0.3, 2), Precision = OpPrecision.Full },
        Binary(OpCode.LogAddExp, null, DTypeSet.Float, LogAddExp) with { Precision = OpPrecision.Full },
        Binary(OpCode.FloorDivide, null, DTypeSet.Numeric, FloorDivide) with { Traits = OpTraits.Elementwise | OpTraits.NonDifferentiable, Gradient = null, Domain = (0.4, 3), Tolerance = Tolerance.Exact },
        Binary(OpCode.FloorMod, null, DTypeSet.Numeric, FloorMod) with { Domain = (0.4, 3), Tolerance = Tolerance.Exact },
        Binary(OpCode.SquaredDifference, null, DTypeSet.Numeric, (b, x, y) => b.Apply(OpCode.Square, x - y)) with { Tolerance = Tolerance.Rounded },
        Binary(OpCode.CopySign, null, DTypeSet.Float, (b, x, y) => Signed(b, y, Abs(b, x))) with { Domain = (0.3, 2), Tolerance = Tolerance.Exact },
        Binary(OpCode.Fmax, null, DTypeSet.Float, (b, x, y) => Known(b, x, y, OpCode.Maximum)) with { Tolerance = Tolerance.Exact },
        Binary(OpCode.Fmin, null, DTypeSet.Float, (b, x, y) => Known(b, x, y, OpCode.Minimum)) with { Tolerance = Tolerance.Exact },
        Binary(OpCode.Heaviside, null, DTypeSet.Float, (b, x, y) => b.Select(Equal(b, x, 0), y, b.Select(IsNan(b, x), x, b.Cast(Greater(b, x, 0), x.DType))))
            with { Traits = OpTraits.Elementwise | OpTraits.NonDifferentiable, Gradient = null, Tolerance = Tolerance.Exact },
        Binary(OpCode.Xlogy, null, DTypeSet.Float, (b, x, y) => ZeroTimes(b, x, y, b.Apply(OpCode.Log, y))) with { Domain = (0.3, 2), Precision = OpPrecision.Full },
        Binary(OpCode.Xlog1py, null, DTypeSet.Float, (b, x, y) => ZeroTimes(b, x, y, b.Apply(OpCode.Log1p, y))) with { Domain = (0.3, 2), Precision = OpPrecision.Full },
        Binary(OpCode.Ldexp, null, DTypeSet.Float, (b, x, y) => x * b.Apply(OpCode.Exp2, y)) with { Precision = OpPrecision.Full },
        Predicate(OpCode.IsClose, null, 2, IsClose) with { Attributes = [Number("relative", 1e-5), Number("absolute", 1e-8)] },
        Elementwise(OpCode.Lerp, null, 3, DTypeSet.Float, (b, x, _) => x[0] + (x[2] * (x[1] - x[0]))),
        Elementwise(OpCode.MultiplyAdd, null, 3, DTypeSet.Float, (b, x, _) => (x[0] * x[1]) + x[2]),
        Elementwise(OpCode.AddMul, null, 3, DTypeSet.Float, (b, x, a) => x[0] + (x[1] * x[2] * a.Float("scale"))) with { Attributes = [Number("scale", 1)] },
        Elementwise(OpCode.AddDiv, null, 3, DTypeSet.Float, (b, x, a) => x[0] + (x[1] / x[2] * a.Float("scale"))) with { Attributes = [Number("scale", 1)], Domain = (0.4, 2) },
        Of(OpCode.MaskedFill, [new("x"), new("mask")], InferMaskedFill, (b, x, a) => b.Select(x[1], b.ScalarLike(x[0], a.Float("value")), x[0]), OpTraits.Elementwise) with
        {
            Batch = BatchRules.LikeFirst,
            Attributes = [new("value", AttributeKind.Float)],
            Examples = [new(Attributes.Empty.With("value", 2.0), "f32[B,T]", "bool[T]"), new(Attributes.Empty.With("value", 0.0), "f32[B,3]", "bool[B,3]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.StochasticCast, [new("x"), new("noise")], InferStochasticCast, StochasticCast, OpTraits.NonDifferentiable) with
        {
            Attributes = [new("dtype", AttributeKind.DType)],
            Examples = [new(Attributes.Empty.With("dtype", DType.BF16), "f32[B,T]", "f32[B,T]"), new(Attributes.Empty.With("dtype", DType.F16), "f32[3]", "f32[3]")],
            Domain = (0.001, 0.999),
        },
    ];

    private static ImmutableArray<TensorType> InferStochasticCast(OpInputs i)
    {
        var to = i.Attributes.DType("dtype");
        return to is not (DType.F16 or DType.BF16) ? throw i.WrongDType($"rounds to f16 or bf16, not to {to.Text()}")
            : i[0].DType is not (DType.F32 or DType.F64) || i[1].DType != i[0].DType ? throw i.WrongDType("rounds f32 or f64 by noise of the same dtype; cast it")
            : i[0].Shape != i[1].Shape ? throw i.Undecided("the noise must have the shape of x")
            : [i[0] with { DType = to }];
    }

    // Counted in units of the last place, up where the noise is below the fraction. In f64 all of it is exact but the power of two, which f32 makes exact again; the
    // logarithm of an f32 that is no power of two is further from a whole number than the margin.
    private static OpValue StochasticCast(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var to = a.DType("dtype");
        var (digits, least) = to == DType.BF16 ? (7, -126) : (10, -14);
        var wide = b.Cast(x[0], DType.F64);
        var exponent = b.Apply(OpCode.Floor, (b.Apply(OpCode.Log, Abs(b, wide)) * (1 / Math.Log(2))) + 1e-12);
        var power = b.Apply(OpCode.Exp, (Max(b, exponent, least) - digits) * Math.Log(2));
        var unit = b.Cast(b.Cast(power, DType.F32), DType.F64);
        var count = wide / unit;
        var below = b.Apply(OpCode.Floor, count);
        var isUp = b.Apply(OpCode.Less, b.Cast(x[1], DType.F64), count - below);
        var nearest = b.Cast(x[0], to);
        return b.Select(b.Apply(OpCode.Equal, b.Cast(nearest, x[0].DType), x[0]), nearest, b.Cast((below + b.Cast(isUp, DType.F64)) * unit, to));
    }

    // The quadrant by the sign of x; where both are infinite the quotient has no value, but the angle has.
    private static OpValue Atan2(OpBuilder b, OpValue y, OpValue x)
    {
        var (rise, run) = (Abs(b, y), Abs(b, x));
        var isSteep = b.Apply(OpCode.Greater, rise, run);
        var isDiagonal = b.Apply(OpCode.Equal, rise, run);
        var low = b.Select(isSteep, run, rise);
        var high = b.Select(isSteep, rise, run);
        var slope = b.Select(isDiagonal, b.Select(Equal(b, rise, 0), rise, b.ScalarLike(y, 1)), low / high);
        var acute = SpecialOps.Atan(b, slope);
        var quadrant = b.Select(isSteep, (Math.PI / 2) - acute, acute);
        var half = b.Select(NegativeOrMinusZero(b, x), Math.PI - quadrant, quadrant);
        var signed = b.Select(NegativeOrMinusZero(b, y), -half, half);
        return b.Select(b.Apply(OpCode.LogicalOr, IsNan(b, x), IsNan(b, y)), x + y, signed);
    }

    private static OpValue NegativeOrMinusZero(OpBuilder b, OpValue x) =>
        b.Apply(OpCode.LogicalOr, Less(b, x, 0), b.Apply(OpCode.LogicalAnd, Equal(b, x, 0), Less(b, 1 / x, 0)));

    private static OpValue Hypot(OpBuilder b, OpValue x, OpValue y)
    {
        var (size, other) = (Abs(b, x), Abs(b, y));
        var large = Max(b, size, other);
        var ratio = b.Apply(OpCode.Minimum, size, other) / large;
        var plain = large * b.Apply(OpCode.Sqrt, (ratio * ratio) + 1);
        var isInfinite = b.Apply(OpCode.LogicalOr, Equal(b, size, double.PositiveInfinity), Equal(b, other, double.PositiveInfinity));
        return b.Select(isInfinite, b.ScalarLike(x, double.PositiveInfinity), b.Select(Equal(b, large, 0), large, plain));
    }

    private static OpValue LogAddExp(OpBuilder b, OpValue x, OpValue y)
    {
        var apart = Abs(b, x - y);
        var same = b.Apply(OpCode.Equal, x, y);
        return Max(b, x, y) + b.Apply(OpCode.Log1p, b.Apply(OpCode.Exp, -b.Select(same, b.ScalarLike(x, 0), apart)));
    }

    private static OpValue FloorDivide(OpBuilder b, OpValue x, OpValue y)
    {
        if (x.DType.IsFloat())
        {
            return b.Apply(OpCode.Floor, x / y);
        }

        var rest = b.Apply(OpCode.Remainder, x, y);
        return (x / y) - b.Cast(Wraps(b, rest, y), x.DType);
    }

    // As in Python: the sign of the divisor.
    private static OpValue FloorMod(OpBuilder b, OpValue x, OpValue y)
    {
        var rest = b.Apply(OpCode.Remainder, x, y);
        return b.Select(Wraps(b, rest, y), rest + y, rest);
    }

    private static OpValue Wraps(OpBuilder b, OpValue rest, OpValue y) => b.Apply(
        OpCode.LogicalAnd,
        b.Apply(OpCode.NotEqual, rest, b.ScalarLike(rest, 0)),
        b.Apply(OpCode.LogicalXor, Less(b, rest, 0), Less(b, y, 0)));

    private static OpValue Known(OpBuilder b, OpValue x, OpValue y, OpCode code) =>
        b.Select(IsNan(b, x), y, b.Select(IsNan(b, y), x, b.Apply(code, x, y)));

    private static OpValue ZeroTimes(OpBuilder b, OpValue x, OpValue y, OpValue log) =>
        b.Select(b.Apply(OpCode.LogicalAnd, Equal(b, x, 0), b.Apply(OpCode.LogicalNot, IsNan(b, y))), b.ScalarLike(x, 0), x * log);

    private static OpValue IsClose(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var bound = (Abs(b, x[1]) * a.Float("relative")) + a.Float("absolute");
        var near = b.Apply(OpCode.LessEqual, Abs(b, x[0] - x[1]), bound);
        var finite = b.Apply(OpCode.IsFinite, x[1]);
        return b.Apply(OpCode.LogicalOr, b.Apply(OpCode.Equal, x[0], x[1]), b.Apply(OpCode.LogicalAnd, near, finite));
    }

    private static ImmutableArray<TensorType> InferMaskedFill(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Numeric);
        InferRules.Require(inputs, 1, DTypeSet.Bool);
        return InferRules.Broadcast(inputs, inputs[0].Shape, inputs[1].Shape) == inputs[0].Shape
            ? [inputs[0]]
            : throw inputs.Error($"mask {inputs[1].Shape} does not broadcast to {inputs[0].Shape}");
    }
}
