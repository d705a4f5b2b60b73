using System.Collections.Immutable;
using static Unified.Ir.GradientRules;

namespace Unified.Ir;

/// <summary>Moments over axes, and the layers that normalise by them.</summary>
internal static class StatisticsOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        new(OpCode.Mean, OpTraits.Reduction, ElementwiseOps.X, InferRules.Reduction(DTypeSet.Float))
        {
            Attributes = ReductionOps.Attributes,
            Onnx = "ReduceMean",
            Definition = (b, operands, a) => [Mean(b, operands[0], OpAxes.Of(a, operands[0].Shape.Rank), a.Bool("keepDims"))],
            Gradient = Each(MeanGradient),
            Tolerance = Tolerance.Approximate,
        },
        new(OpCode.Variance, OpTraits.Reduction, ElementwiseOps.X, InferRules.Reduction(DTypeSet.Float))
        {
            Attributes = [.. ReductionOps.Attributes, new("correction", AttributeKind.Int, new DimAttribute(0))],
            Definition = Variance,
            Gradient = Each(VarianceGradient),
            Tolerance = Tolerance.Approximate,
        },
        new(OpCode.LayerNorm, OpTraits.None, [new("x"), new("weight"), new("bias")], InferNorm)
        {
            Precision = OpPrecision.Full,
            Attributes = [new("epsilon", AttributeKind.Float, new FloatAttribute(1e-5))],
            Definition = LayerNorm,
            Gradient = LayerNormGradient,
            Tolerance = Tolerance.Approximate,
        },
        new(OpCode.RmsNorm, OpTraits.None, [new("x"), new("weight")], InferNorm)
        {
            Precision = OpPrecision.Full,
            Attributes = [new("epsilon", AttributeKind.Float, new FloatAttribute(1e-6))],
            Definition = RmsNorm,
            Gradient = RmsNormGradient,
            Tolerance = Tolerance.Approximate,
        },
    ];

    private static OpValue Mean(OpBuilder b, OpValue x, ImmutableArray<int> axes, bool keepDims) =>
        b.Sum(x, axes, keepDims) / b.DimSize(OpAxes.Count(x.Shape, axes), x.DType);

    private static OpValue MeanGradient(OpBuilder b, GradientInputs c)
    {
        var axes = OpAxes.Of(c.Attributes, c[0].Shape.Rank);
        var count = b.DimSize(OpAxes.Count(c[0].Shape, axes), c.Dy.DType);
        return b.BroadcastTo(Unfold(b, c.Dy, c[0].Shape, axes) / count, c[0].Shape);
    }

    private static ImmutableArray<OpValue> Variance(OpBuilder b, ImmutableArray<OpValue> operands, Attributes attributes)
    {
        var x = operands[0];
        var axes = OpAxes.Of(attributes, x.Shape.Rank);
        var centered = x - Mean(b, x, axes, keepDims: true);
        return [b.Sum(centered * centered, axes, attributes.Bool("keepDims")) / Freedom(b, x, axes, attributes)];
    }

    /// <summary>The number of elements less the correction.</summary>
    private static OpValue Freedom(OpBuilder b, OpValue x, ImmutableArray<int> axes, Attributes attributes) =>
        b.DimSize(OpAxes.Count(x.Shape, axes) - attributes.Dim("correction"), x.DType);

    // 2·(x - mean)/(n - correction): what flows through the mean cancels.
    private static OpValue VarianceGradient(OpBuilder b, GradientInputs c)
    {
        var x = c[0];
        var axes = OpAxes.Of(c.Attributes, x.Shape.Rank);
        var scale = Unfold(b, c.Dy, x.Shape, axes) * 2 / Freedom(b, x, axes, c.Attributes);
        return scale * (x - Mean(b, x, axes, keepDims: true));
    }

    private static ImmutableArray<TensorType> InferNorm(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.RequireRank(inputs, 0, 1);
        for (var i = 1; i < inputs.Operands.Length; i++)
        {
            InferRules.SameDType(inputs, 0, i);
            InferRules.RequireShape(inputs, i, Shape.From(inputs[0].Shape[inputs[0].Rank - 1]));
        }

        return [inputs[0]];
    }

    private static OpValue LastMean(OpBuilder b, OpValue x) => Mean(b, x, [x.Shape.Rank - 1], keepDims: true);

    /// <summary>x less its mean, and one over its standard deviation, along the last axis.</summary>
    private static (OpValue Centered, OpValue Scale) Standardize(OpBuilder b, OpValue x, Attributes attributes)
    {
        var centered = x - LastMean(b, x);
        return (centered, b.Apply(OpCode.Rsqrt, LastMean(b, centered * centered) + attributes.Float("epsilon")));
    }

    private static ImmutableArray<OpValue> LayerNorm(OpBuilder b, ImmutableArray<OpValue> operands, Attributes attributes)
    {
        var (centered, scale) = Standardize(b, operands[0], attributes);
        return [(centered * scale * operands[1]) + operands[2]];
    }

    // dx = s·(g - mean(g) - x̂·mean(g·x̂)) with g = dy·weight, x̂ = s·(x - mean(x)).
    private static ImmutableArray<OpValue?> LayerNormGradient(OpBuilder b, GradientInputs c)
    {
        var (centered, scale) = Standardize(b, c[0], c.Attributes);
        var normal = centered * scale;
        OpValue? dx = null;
        if (c.Wants(0))
        {
            var g = c.Dy * c[1];
            dx = (g - LastMean(b, g) - (normal * LastMean(b, g * normal))) * scale;
        }

        return
        [
            dx,
            c.Wants(1) ? b.SumTo(c.Dy * normal, c[1].Shape) : null,
            c.Wants(2) ? b.SumTo(c.Dy, c[2].Shape) : null,
        ];
    }

    private static OpValue RootMeanSquareScale(OpBuilder b, OpValue x, Attributes attributes) =>
        b.Apply(OpCode.Rsqrt, LastMean(b, x * x) + attributes.Float("epsilon"));

    private static ImmutableArray<OpValue> RmsNorm(OpBuilder b, ImmutableArray<OpValue> operands, Attributes attributes) =>
        [operands[0] * RootMeanSquareScale(b, operands[0], attributes) * operands[1]];

    // dx = s·(g - x̂·mean(g·x̂)) with g = dy·weight, x̂ = s·x.
    private static ImmutableArray<OpValue?> RmsNormGradient(OpBuilder b, GradientInputs c)
    {
        var scale = RootMeanSquareScale(b, c[0], c.Attributes);
        var normal = c[0] * scale;
        OpValue? dx = null;
        if (c.Wants(0))
        {
            var g = c.Dy * c[1];
            dx = (g - (normal * LastMean(b, g * normal))) * scale;
        }

        return [dx, c.Wants(1) ? b.SumTo(c.Dy * normal, c[1].Shape) : null];
    }
}
