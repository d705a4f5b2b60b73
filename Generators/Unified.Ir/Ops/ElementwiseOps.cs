using System.Collections.Immutable;
using static Unified.Ir.GradientRules;

namespace Unified.Ir;

/// <summary>One result element per place. Two operands have one dtype and broadcast.</summary>
internal static class ElementwiseOps
{
    private const OpTraits Mask = OpTraits.NonDifferentiable | OpTraits.Recompute;

    private static readonly double TwoOverRootPi = 2 / Math.Sqrt(Math.PI);

    public static ImmutableArray<Op> Rows { get; } =
    [
        Unary(OpCode.Neg, DTypeSet.Numeric, (b, c) => -c.Dy) with { Onnx = "Neg", Tolerance = Tolerance.Exact },
        Unary(OpCode.Abs, DTypeSet.Numeric, (b, c) => c.Dy * b.Apply(OpCode.Sign, c[0])) with { Onnx = "Abs", Tolerance = Tolerance.Exact },
        Unary(OpCode.Sign, DTypeSet.Numeric) with { Onnx = "Sign", Tolerance = Tolerance.Exact },
        Unary(OpCode.Exp, DTypeSet.Float, (b, c) => c.Dy * c.Y) with { Onnx = "Exp", Precision = OpPrecision.Full },
        Unary(OpCode.Log, DTypeSet.Float, (b, c) => c.Dy / c[0]) with { Onnx = "Log", Precision = OpPrecision.Full },
        Unary(OpCode.Sqrt, DTypeSet.Float, (b, c) => c.Dy * 0.5 / c.Y) with { Onnx = "Sqrt" },
        Unary(OpCode.Rsqrt, DTypeSet.Float, (b, c) => c.Dy * -0.5 * (c.Y * c.Y * c.Y)) with { Precision = OpPrecision.Full },
        Unary(OpCode.Sin, DTypeSet.Float, (b, c) => c.Dy * b.Apply(OpCode.Cos, c[0])) with { Onnx = "Sin" },
        Unary(OpCode.Cos, DTypeSet.Float, (b, c) => -(c.Dy * b.Apply(OpCode.Sin, c[0]))) with { Onnx = "Cos" },
        Unary(OpCode.Tanh, DTypeSet.Float, (b, c) => c.Dy * (1 - (c.Y * c.Y))) with { Onnx = "Tanh" },
        Unary(OpCode.Erf, DTypeSet.Float, (b, c) => c.Dy * (b.Apply(OpCode.Exp, -(c[0] * c[0])) * TwoOverRootPi)) with { Onnx = "Erf" },
        Unary(OpCode.Floor, DTypeSet.Float) with { Onnx = "Floor", Tolerance = Tolerance.Exact },
        Unary(OpCode.Ceil, DTypeSet.Float) with { Onnx = "Ceil", Tolerance = Tolerance.Exact },

        // Halves go to the even neighbour.
        Unary(OpCode.Round, DTypeSet.Float) with { Onnx = "Round", Tolerance = Tolerance.Exact },
        Unary(OpCode.LogicalNot, DTypeSet.Logical, traits: Mask) with { Tolerance = Tolerance.Exact },
        new(OpCode.Cast, OpTraits.Elementwise | OpTraits.Recompute, X, InferCast)
        {
            Attributes = [new("dtype", AttributeKind.DType)],
            Gradient = Each((b, c) => c.Y.DType.IsFloat() ? b.Cast(c.Dy, c[0].DType) : null),
        },
        Unary(OpCode.StopGradient, DTypeSet.Any, traits: Mask) with { Onnx = "Identity", Tolerance = Tolerance.Exact },

        Binary(OpCode.Add, OpTraits.Commutative, (b, c) => c.Dy, (b, c) => c.Dy) with { Onnx = "Add" },
        Binary(OpCode.Sub, OpTraits.None, (b, c) => c.Dy, (b, c) => -c.Dy) with { Onnx = "Sub" },
        Binary(OpCode.Mul, OpTraits.Commutative, (b, c) => c.Dy * c[1], (b, c) => c.Dy * c[0]) with { Onnx = "Mul" },
        // Whole numbers are truncated; divided by zero they give zero, and so does their remainder.
        Binary(OpCode.Div, OpTraits.None, (b, c) => c.Dy / c[1], (b, c) => -(c.Dy * c.Y / c[1])) with { Onnx = "Div" },
        Binary(OpCode.Pow, OpTraits.None, PowBase, PowExponent) with { Onnx = "Pow", Infer = InferRules.Binary(DTypeSet.Float), Tolerance = Tolerance.Approximate, Precision = OpPrecision.Full },

        // NaN wins over any number.
        Binary(OpCode.Maximum, OpTraits.Commutative, (b, c) => Winner(b, c, 0, 1), (b, c) => Winner(b, c, 1, 0)) with { Onnx = "Max", Tolerance = Tolerance.Exact },
        Binary(OpCode.Minimum, OpTraits.Commutative, (b, c) => Winner(b, c, 1, 0), (b, c) => Winner(b, c, 0, 1)) with { Onnx = "Min", Tolerance = Tolerance.Exact },

        // As in C#: the sign of the dividend.
        Binary(OpCode.Remainder, OpTraits.None, (b, c) => c.Dy, (b, c) => -(c.Dy * ((c[0] - c.Y) / c[1]))),
        Truth(OpCode.LogicalAnd), Truth(OpCode.LogicalOr), Truth(OpCode.LogicalXor),
        Comparison(OpCode.Equal, DTypeSet.Any, OpTraits.Commutative) with { Onnx = "Equal" }, Comparison(OpCode.NotEqual, DTypeSet.Any, OpTraits.Commutative),
        Comparison(OpCode.Less, DTypeSet.Numeric) with { Onnx = "Less" }, Comparison(OpCode.LessEqual, DTypeSet.Numeric) with { Onnx = "LessOrEqual" },
        Comparison(OpCode.Greater, DTypeSet.Numeric) with { Onnx = "Greater" }, Comparison(OpCode.GreaterEqual, DTypeSet.Numeric) with { Onnx = "GreaterOrEqual" },

        new(OpCode.Select, OpTraits.Elementwise | OpTraits.Recompute, [new("condition"), new("x"), new("y")], InferSelect)
        {
            Onnx = "Where",
            Gradient = Broadcast(
                (b, c) => null,
                (b, c) => Where(b, c[0], c.Dy),
                (b, c) => b.Select(c[0], b.ScalarLike(c.Dy, 0), c.Dy)),
            Tolerance = Tolerance.Exact,
        },
    ];

    internal static ImmutableArray<OperandSpec> X => [new("x")];

    internal static ImmutableArray<OperandSpec> XY => [new("x"), new("y")];

    private static Op Unary(OpCode code, DTypeSet accepts, OperandGradient? gradient = null, OpTraits traits = OpTraits.None) =>
        new(code, OpTraits.Elementwise | traits | (gradient is null ? OpTraits.NonDifferentiable : OpTraits.None), X, InferRules.Unary(accepts))
        {
            Gradient = gradient is null ? null : Each(gradient),
        };

    private static Op Binary(OpCode code, OpTraits traits, OperandGradient x, OperandGradient y) =>
        new(code, OpTraits.Elementwise | traits, XY, InferRules.Binary(DTypeSet.Numeric)) { Gradient = Broadcast(x, y) };

    private static Op Truth(OpCode code) =>
        new(code, OpTraits.Elementwise | OpTraits.Commutative | Mask, XY, InferRules.Binary(DTypeSet.Logical)) { Tolerance = Tolerance.Exact };

    private static Op Comparison(OpCode code, DTypeSet accepts, OpTraits traits = OpTraits.None) =>
        new(code, OpTraits.Elementwise | traits | Mask, XY, InferRules.Binary(accepts, DType.Bool)) { Tolerance = Tolerance.Exact };

    private static ImmutableArray<TensorType> InferCast(OpInputs inputs) => [inputs[0] with { DType = inputs.Attributes.DType("dtype") }];

    private static ImmutableArray<TensorType> InferSelect(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Bool);
        InferRules.SameDType(inputs, 1, 2);
        var values = InferRules.Broadcast(inputs, inputs[1].Shape, inputs[2].Shape);
        return [new TensorType(inputs[1].DType, InferRules.Broadcast(inputs, inputs[0].Shape, values))];
    }

    // x^0 is constant, also at x = 0, where y·x^(y-1) would be 0·∞.
    private static OpValue PowBase(OpBuilder b, GradientInputs c)
    {
        var slope = c[1] * b.Apply(OpCode.Pow, c[0], c[1] - 1);
        return c.Dy * b.Select(b.Apply(OpCode.Equal, c[1], b.ScalarLike(c[1], 0)), b.ScalarLike(slope, 0), slope);
    }

    // 0^y is constant for y > 0, and a negative base has no derivative in y: 0 in both cases.
    private static OpValue PowExponent(OpBuilder b, GradientInputs c)
    {
        var positive = b.Apply(OpCode.Greater, c[0], b.ScalarLike(c[0], 0));
        var log = b.Apply(OpCode.Log, b.Select(positive, c[0], b.ScalarLike(c[0], 1)));
        return c.Dy * b.Select(positive, c.Y * log, b.ScalarLike(c.Y, 0));
    }

    /// <summary>The cotangent where operand <paramref name="high"/> exceeds <paramref name="low"/>, half of it at a tie.</summary>
    private static OpValue Winner(OpBuilder b, GradientInputs c, int high, int low)
    {
        var tied = b.Apply(OpCode.Equal, c[high], c[low]);
        return b.Select(tied, c.Dy * 0.5, Where(b, b.Apply(OpCode.Greater, c[high], c[low]), c.Dy));
    }
}
