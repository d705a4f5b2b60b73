using System.Collections.Immutable;
using static Unified.Ir.GradientRules;

namespace Unified.Ir;

/// <summary>Elementwise composites of one operand.</summary>
internal static class ActivationOps
{
    // GELU's tanh form, Hendrycks and Gimpel 2016: tanh(√(2/π)·(x + 0.044715·x³)).
    private const double Cubic = 0.044715;

    private static readonly double RootTwoOverPi = Math.Sqrt(2 / Math.PI);

    private static readonly double RootHalf = Math.Sqrt(0.5);

    private static readonly double OverRootTwoPi = 1 / Math.Sqrt(2 * Math.PI);

    public static ImmutableArray<Op> Rows { get; } =
    [
        Row(OpCode.Relu, DTypeSet.Numeric, (b, x, _) => b.Apply(OpCode.Maximum, x, b.ScalarLike(x, 0)),
            (b, c) => Where(b, b.Apply(OpCode.Greater, c.Y, b.ScalarLike(c.Y, 0)), c.Dy)) with { Onnx = "Relu", Tolerance = Tolerance.Exact },
        Row(OpCode.Sigmoid, DTypeSet.Float, (b, x, _) => Sigmoid(b, x), (b, c) => c.Dy * (c.Y * (1 - c.Y))) with { Onnx = "Sigmoid" },
        Row(OpCode.Silu, DTypeSet.Float, (b, x, _) => x * Sigmoid(b, x), SiluGradient),
        Row(OpCode.Gelu, DTypeSet.Float, (b, x, _) => x * NormalCdf(b, x), GeluGradient) with { Kernel = DTypeSet.F32 },
        Row(OpCode.GeluTanh, DTypeSet.Float, (b, x, _) => x * 0.5 * (TanhOfCubic(b, x) + 1), GeluTanhGradient),
        Row(OpCode.Square, DTypeSet.Numeric, (b, x, _) => x * x, (b, c) => c.Dy * (c[0] * 2)) with { Tolerance = Tolerance.Rounded },
        Row(OpCode.Clamp, DTypeSet.Numeric, Clamp, ClampGradient) with
        {
            Attributes = [new("min", AttributeKind.Float), new("max", AttributeKind.Float)],
            Tolerance = Tolerance.Exact,
        },
    ];

    private static Op Row(OpCode code, DTypeSet accepts, Func<OpBuilder, OpValue, Attributes, OpValue> definition, OperandGradient gradient) =>
        new(code, OpTraits.Elementwise, ElementwiseOps.X, InferRules.Unary(accepts))
        {
            Definition = (b, operands, attributes) => [definition(b, operands[0], attributes)],
            Gradient = Each(gradient),
            Tolerance = Tolerance.Approximate,
        };

    // The exponential never overflows: it is taken of -|x|.
    private static OpValue Sigmoid(OpBuilder b, OpValue x)
    {
        var decay = b.Apply(OpCode.Exp, -b.Apply(OpCode.Abs, x));
        var positive = b.Apply(OpCode.GreaterEqual, x, b.ScalarLike(x, 0));
        return b.Select(positive, b.ScalarLike(x, 1), decay) / (decay + 1);
    }

    private static OpValue SiluGradient(OpBuilder b, GradientInputs c)
    {
        var sigmoid = b.Apply(OpCode.Sigmoid, c[0]);
        return c.Dy * (sigmoid * ((c[0] * (1 - sigmoid)) + 1));
    }

    private static OpValue NormalCdf(OpBuilder b, OpValue x) => (b.Apply(OpCode.Erf, x * RootHalf) * 0.5) + 0.5;

    private static OpValue GeluGradient(OpBuilder b, GradientInputs c)
    {
        var density = b.Apply(OpCode.Exp, c[0] * c[0] * -0.5) * OverRootTwoPi;
        return c.Dy * (NormalCdf(b, c[0]) + (c[0] * density));
    }

    private static OpValue TanhOfCubic(OpBuilder b, OpValue x) =>
        b.Apply(OpCode.Tanh, x * ((x * x * (Cubic * RootTwoOverPi)) + RootTwoOverPi));

    private static OpValue GeluTanhGradient(OpBuilder b, GradientInputs c)
    {
        var x = c[0];
        var tanh = TanhOfCubic(b, x);
        var inner = (x * x * (3 * Cubic * RootTwoOverPi)) + RootTwoOverPi;
        return c.Dy * (((tanh + 1) * 0.5) + (x * 0.5 * ((1 - (tanh * tanh)) * inner)));
    }

    private static OpValue Clamp(OpBuilder b, OpValue x, Attributes attributes) => b.Apply(
        OpCode.Minimum,
        b.Apply(OpCode.Maximum, x, b.ScalarLike(x, attributes.Float("min"))),
        b.ScalarLike(x, attributes.Float("max")));

    private static OpValue ClampGradient(OpBuilder b, GradientInputs c)
    {
        var above = b.Apply(OpCode.GreaterEqual, c[0], b.ScalarLike(c[0], c.Attributes.Float("min")));
        var below = b.Apply(OpCode.LessEqual, c[0], b.ScalarLike(c[0], c.Attributes.Float("max")));
        return Where(b, b.Apply(OpCode.LogicalAnd, above, below), c.Dy);
    }
}
