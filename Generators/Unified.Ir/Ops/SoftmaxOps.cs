using System.Collections.Immutable;
using static Unified.Ir.GradientRules;

namespace Unified.Ir;

/// <summary>Softmax and its kin. The maximum is taken off before exponentials, so that none overflows.</summary>
internal static class SoftmaxOps
{
    private static readonly double Log2E = 1 / Math.Log(2);

    public static ImmutableArray<Op> Rows { get; } =
    [
        Row(OpCode.Softmax, (b, x, axis) => Softmax(b, x, axis), (b, c) => SoftmaxGradient(b, c.Y, c.Dy, Axis(c))) with { Onnx = "Softmax", Precision = OpPrecision.Full },
        Row(OpCode.LogSoftmax, LogSoftmax, (b, c) => c.Dy - (Power(b, c.Y) * b.Sum(c.Dy, [Axis(c)], keepDims: true))) with { Onnx = "LogSoftmax", Precision = OpPrecision.Full },
        new(OpCode.LogSumExp, OpTraits.None, ElementwiseOps.X, InferLogSumExp)
        {
            Precision = OpPrecision.Full,
            Attributes = [AxisAttribute, new("keepDims", AttributeKind.Bool, new BoolAttribute(false))],
            Definition = LogSumExp,
            Gradient = Each(LogSumExpGradient),
            Batch = BatchRules.Axis,
            Tolerance = Tolerance.Approximate,
        },
        new(OpCode.CrossEntropy, OpTraits.None, [new("logits"), new("targets")], InferCrossEntropy)
        {
            Precision = OpPrecision.Full,
            Definition = CrossEntropy,
            Gradient = Each(CrossEntropyGradient),
            Tolerance = Tolerance.Approximate,
        },
    ];

    internal static OpValue Softmax(OpBuilder b, OpValue x, int axis)
    {
        var power = Power(b, Shifted(b, x, axis).Shifted);
        return power * (1 / b.Sum(power, [axis], keepDims: true));
    }

    // e^x. f32 as a power of 2, which takes fewer instructions: a difference of logits is off by half an ulp, and its product with log₂ e by as much again. In shorter types an ulp is dear, and f64 has no shorter power.
    private static OpValue Power(OpBuilder b, OpValue x) => x.DType == DType.F32 ? b.Apply(OpCode.Exp2, x * Log2E) : b.Apply(OpCode.Exp, x);

    private static AttributeSpec AxisAttribute => new("axis", AttributeKind.Int, new DimAttribute(-1));

    private static Op Row(OpCode code, Func<OpBuilder, OpValue, int, OpValue> definition, OperandGradient gradient) =>
        new(code, OpTraits.None, ElementwiseOps.X, InferRules.AlongAxis(DTypeSet.Float))
        {
            Attributes = [AxisAttribute],
            Definition = (b, operands, a) => [definition(b, operands[0], OpAxes.One(a, operands[0].Shape.Rank))],
            Gradient = Each(gradient),
            Batch = BatchRules.Axis,
            Tolerance = Tolerance.Approximate,
        };

    private static int Axis(GradientInputs call) => OpAxes.One(call.Attributes, call[0].Shape.Rank);

    private static (OpValue Shifted, OpValue Maximum) Shifted(OpBuilder b, OpValue x, int axis)
    {
        var maximum = b.Reduce(OpCode.ReduceMax, x, [axis], keepDims: true);
        return (x - maximum, maximum);
    }

    private static OpValue SoftmaxGradient(OpBuilder b, OpValue y, OpValue dy, int axis) =>
        y * (dy - b.Sum(dy * y, [axis], keepDims: true));

    private static OpValue LogSoftmax(OpBuilder b, OpValue x, int axis)
    {
        var shifted = Shifted(b, x, axis).Shifted;
        return shifted - LogOfSum(b, shifted, axis);
    }

    private static OpValue LogOfSum(OpBuilder b, OpValue shifted, int axis) =>
        b.Apply(OpCode.Log, b.Sum(Power(b, shifted), [axis], keepDims: true));

    private static ImmutableArray<TensorType> InferLogSumExp(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        return [inputs[0] with { Shape = OpAxes.Fold(inputs[0].Shape, [OpAxes.One(inputs)], inputs.Attributes.Bool("keepDims")) }];
    }

    private static ImmutableArray<OpValue> LogSumExp(OpBuilder b, ImmutableArray<OpValue> operands, Attributes attributes)
    {
        var x = operands[0];
        var axis = OpAxes.One(attributes, x.Shape.Rank);
        var (shifted, maximum) = Shifted(b, x, axis);
        var result = maximum + LogOfSum(b, shifted, axis);
        return [b.Reshape(result, OpAxes.Fold(x.Shape, [axis], attributes.Bool("keepDims")))];
    }

    private static OpValue LogSumExpGradient(OpBuilder b, GradientInputs c)
    {
        ImmutableArray<int> axes = [Axis(c)];
        return Power(b, c[0] - Unfold(b, c.Y, c[0].Shape, axes)) * Unfold(b, c.Dy, c[0].Shape, axes);
    }

    private static ImmutableArray<TensorType> InferCrossEntropy(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.Require(inputs, 1, DTypeSet.Index);
        InferRules.RequireRank(inputs, 0, 1);
        InferRules.RequireShape(inputs, 1, new Shape([.. inputs[0].Shape.Take(inputs[0].Rank - 1)]));
        return [new TensorType(inputs[0].DType, Shape.Scalar)];
    }

    // The target's logit is picked by comparing positions, so that all of the loss is one walk over each row.
    private static ImmutableArray<OpValue> CrossEntropy(OpBuilder b, ImmutableArray<OpValue> operands, Attributes attributes)
    {
        var (logits, targets) = (operands[0], operands[1]);
        var axis = logits.Shape.Rank - 1;
        var shifted = Shifted(b, logits, axis).Shifted;
        var picked = b.Sum(Where(b, IsTarget(b, logits, targets), shifted), [axis], keepDims: true);
        var losses = LogOfSum(b, shifted, axis) - picked;
        return [b.Sum(losses, Enumerable.Range(0, axis + 1)) / b.DimSize(targets.Shape.Size, logits.DType)];
    }

    private static OpValue IsTarget(OpBuilder b, OpValue logits, OpValue targets)
    {
        var positions = b.Iota(Shape.From(logits.Shape[logits.Shape.Rank - 1]), 0, targets.DType);
        return b.Apply(OpCode.Equal, positions, b.Reshape(targets, new Shape(targets.Shape.Dims.Add(1))));
    }

    // (softmax - one-hot)/N: elementwise once the forward pass has each row's maximum, exponentials and their sum.
    private static OpValue CrossEntropyGradient(OpBuilder b, GradientInputs c)
    {
        var (logits, targets) = (c[0], c[1]);
        var axis = logits.Shape.Rank - 1;
        var softmax = Softmax(b, logits, axis);
        var slope = b.Select(IsTarget(b, logits, targets), softmax - 1, softmax);
        return slope * (c.Dy / b.DimSize(targets.Shape.Size, logits.DType));
    }
}
