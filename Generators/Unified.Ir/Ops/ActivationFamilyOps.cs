using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;
using static Unified.Ir.GradientRules;

namespace Unified.Ir;

/// <summary>Activations of networks beyond the common ones.</summary>
internal static class ActivationFamilyOps
{
    // Klambauer and others 2017.
    private const double SeluAlpha = 1.6732632423543772, SeluScale = 1.0507009873554805;

    public static ImmutableArray<Op> Rows { get; } =
    [
        Unary(OpCode.Softplus, "Softplus", Softplus, (b, c) => c.Dy * b.Apply(OpCode.Sigmoid, c[0])) with { Precision = OpPrecision.Full },
        Unary(OpCode.LogSigmoid, null, (b, x) => -Softplus(b, -x), (b, c) => c.Dy * b.Apply(OpCode.Sigmoid, -c[0])) with { Precision = OpPrecision.Full },
        Unary(OpCode.Softsign, "Softsign", (b, x) => x / (Abs(b, x) + 1), (b, c) => c.Dy / b.Apply(OpCode.Square, Abs(b, c[0]) + 1)),
        Unary(OpCode.Mish, "Mish", (b, x) => x * b.Apply(OpCode.Tanh, b.Apply(OpCode.Softplus, x))),
        Unary(OpCode.HardSigmoid, null, (b, x) => Min(b, Max(b, (x * (1 / 6.0)) + 0.5, 0), 1), (b, c) => Where(b, Less(b, Abs(b, c[0]), 3), c.Dy * (1 / 6.0))),
        Unary(OpCode.HardSwish, "HardSwish", (b, x) => x * Min(b, Max(b, (x * (1 / 6.0)) + 0.5, 0), 1)),
        Unary(OpCode.HardTanh, null, [Number("min", -1), Number("max", 1)], (b, x, a) => Min(b, Max(b, x, a.Float("min")), a.Float("max"))) with { Tolerance = Tolerance.Exact },
        Unary(OpCode.Relu6, null, (b, x) => Min(b, Max(b, x, 0), 6)) with { Tolerance = Tolerance.Exact },
        Unary(OpCode.SquaredRelu, null, (b, x) => b.Apply(OpCode.Square, Max(b, x, 0))),
        Unary(OpCode.LeakyRelu, "LeakyRelu", [Number("alpha", 0.01)], (b, x, a) => b.Select(Less(b, x, 0), x * a.Float("alpha"), x)),
        Unary(OpCode.Elu, "Elu", [Number("alpha", 1)], (b, x, a) => Negative(b, x, n => b.Apply(OpCode.Expm1, n) * a.Float("alpha"))),
        Unary(OpCode.Celu, "Celu", [Number("alpha", 1)], (b, x, a) => Negative(b, x, n => b.Apply(OpCode.Expm1, n / a.Float("alpha")) * a.Float("alpha"))),
        Unary(OpCode.Selu, "Selu", (b, x) => Negative(b, x, n => b.Apply(OpCode.Expm1, n) * SeluAlpha) * SeluScale),
        Unary(OpCode.TanhShrink, null, (b, x) => x - b.Apply(OpCode.Tanh, x)),
        Unary(OpCode.SoftShrink, null, [Number("threshold", 0.5)], (b, x, a) => x - Min(b, Max(b, x, -a.Float("threshold")), a.Float("threshold"))),
        Unary(OpCode.HardShrink, null, [Number("threshold", 0.5)],
            (b, x, a) => b.Select(b.Apply(OpCode.LessEqual, Abs(b, x), b.ScalarLike(x, a.Float("threshold"))), b.ScalarLike(x, 0), x)) with { Tolerance = Tolerance.Exact },
        Unary(OpCode.ThresholdedRelu, "ThresholdedRelu", [Number("alpha", 1)], (b, x, a) => b.Select(Greater(b, x, a.Float("alpha")), x, b.ScalarLike(x, 0)))
            with { Tolerance = Tolerance.Exact },
        Unary(OpCode.QuickGelu, null, (b, x) => x * b.Apply(OpCode.Sigmoid, x * 1.702)),
        Binary(OpCode.Prelu, "PRelu", DTypeSet.Float, (b, x, slope) => b.Select(Less(b, x, 0), x * slope, x)) with
        {
            Examples = [new("f32[B,T,3]", "f32[3]"), new("f32[B,3]", "f32[]")],
        },
        Of(OpCode.Glu, ElementwiseOps.X, InferGlu, Glu) with { Attributes = [Whole("axis", -1)], Examples = [new("f32[B,T,4]"), new(Attributes.Empty.With("axis", 0L), "f32[6,B]")] },
    ];

    /// <summary>log(1 + exp(x)), without overflow.</summary>
    internal static OpValue Softplus(OpBuilder b, OpValue x) => Max(b, x, 0) + b.Apply(OpCode.Log1p, b.Apply(OpCode.Exp, -Abs(b, x)));

    // The formula sees no positive number, so that it cannot overflow where it is not taken.
    private static OpValue Negative(OpBuilder b, OpValue x, Func<OpValue, OpValue> formula) =>
        b.Select(Greater(b, x, 0), x, formula(b.Select(Greater(b, x, 0), b.ScalarLike(x, 0), x)));

    private static ImmutableArray<TensorType> InferGlu(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        var axis = OpAxes.One(inputs);
        var half = inputs[0].Shape[axis].TryDivide(2) ?? throw inputs.Error($"axis {axis} of size {inputs[0].Shape[axis]} does not halve");
        return [inputs[0] with { Shape = new Shape(inputs[0].Shape.Dims.SetItem(axis, half)) }];
    }

    private static OpValue Glu(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var axis = OpAxes.One(a, x[0].Shape.Rank);
        var half = x[0].Shape[axis].TryDivide(2)!;
        var sizes = x[0].Shape.Dims.SetItem(axis, half);
        var zeros = x[0].Shape.Select(_ => Dim.Zero).ToImmutableArray();
        return b.Slice(x[0], zeros, sizes) * b.Apply(OpCode.Sigmoid, b.Slice(x[0], zeros.SetItem(axis, half), sizes));
    }
}
