using System.Collections.Immutable;
using static Unified.Ir.GradientRules;

namespace Unified.Ir;

/// <summary>Folds over axes. Floats of less than 32 bits accumulate in f32; integers wrap.</summary>
internal static class ReductionOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Row(OpCode.Sum, (b, c) => b.BroadcastTo(Unfold(b, c.Dy, c[0].Shape, OpAxes.Of(c.Attributes, c[0].Shape.Rank)), c[0].Shape))
            with { Onnx = "ReduceSum", Tolerance = Tolerance.Approximate },
        Row(OpCode.ReduceMax, Extreme) with { Onnx = "ReduceMax", Precision = OpPrecision.Follow },
        Row(OpCode.ReduceMin, Extreme) with { Onnx = "ReduceMin", Precision = OpPrecision.Follow },

        // Of equal largest elements, the first.
        new(OpCode.ArgMax, OpTraits.NonDifferentiable, ElementwiseOps.X, InferArgMax)
        {
            Batch = BatchRules.Axis,
            Onnx = "ArgMax",
            Attributes = [new("axis", AttributeKind.Int), new("keepDims", AttributeKind.Bool, new BoolAttribute(false))],
            Tolerance = Tolerance.Exact,
        },
    ];

    /// <summary><c>axes</c> (default: all) and <c>keepDims</c> (default: false).</summary>
    internal static ImmutableArray<AttributeSpec> Attributes =>
    [
        new("axes", AttributeKind.Dims, new DimsAttribute([])), new("keepDims", AttributeKind.Bool, new BoolAttribute(false)),
    ];

    private static Op Row(OpCode code, OperandGradient gradient) =>
        new(code, OpTraits.Reduction, ElementwiseOps.X, InferRules.Reduction(DTypeSet.Numeric))
        {
            Attributes = Attributes,
            Gradient = Each(gradient),
            Tolerance = Tolerance.Exact,
        };

    private static ImmutableArray<TensorType> InferArgMax(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Numeric);
        return [new TensorType(DType.I64, OpAxes.Fold(inputs[0].Shape, [OpAxes.One(inputs)], inputs.Attributes.Bool("keepDims")))];
    }

    // Elements that share the extreme share its cotangent evenly.
    private static OpValue Extreme(OpBuilder b, GradientInputs c)
    {
        var axes = OpAxes.Of(c.Attributes, c[0].Shape.Rank);
        var ties = b.Apply(OpCode.Equal, c[0], Unfold(b, c.Y, c[0].Shape, axes));
        var count = b.Sum(b.Cast(ties, c.Dy.DType), axes, keepDims: true);
        return Where(b, ties, Unfold(b, c.Dy, c[0].Shape, axes) / count);
    }
}
