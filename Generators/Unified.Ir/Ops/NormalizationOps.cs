using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>Normalisations over other axes than the last, and products by subscripts.</summary>
internal static class NormalizationOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Of(OpCode.BatchNorm, [new("x"), new("weight"), new("bias"), new("mean"), new("variance")], InferChannels, BatchNorm) with
        {
            Precision = OpPrecision.Full,
            Attributes = [Number("epsilon", 1e-5)],
            Onnx = "BatchNormalization",
            Domain = (0.3, 2),
            Examples = [new("f32[B,3,T]", "f32[3]", "f32[3]", "f32[3]", "f32[3]"), new("f32[B,2]", "f32[2]", "f32[2]", "f32[2]", "f32[2]")],
        },
        Of(OpCode.InstanceNorm, [new("x"), new("weight"), new("bias")], InferChannels, (b, x, a) => Affine(b, Normal(b, x[0], a, 2), x[1], x[2])) with
        {
            Precision = OpPrecision.Full,
            Attributes = [Number("epsilon", 1e-5)],
            Onnx = "InstanceNormalization",
            Examples = [new("f32[B,3,T,4]", "f32[3]", "f32[3]")],
        },
        Of(OpCode.GroupNorm, [new("x"), new("weight"), new("bias")], InferGroups, GroupNorm) with
        {
            Precision = OpPrecision.Full,
            Attributes = [new("groups", AttributeKind.Int), Number("epsilon", 1e-5)],
            Examples = [new(Attributes.Empty.With("groups", 2L), "f32[B,4,T,3]", "f32[4]", "f32[4]")],
        },
        Of(OpCode.L2Normalize, ElementwiseOps.X, InferRules.AlongAxis(DTypeSet.Float), L2Normalize) with
        {
            Precision = OpPrecision.Full,
            Attributes = [Whole("axis", -1), Number("epsilon", 1e-12)],
            Examples = [new("f32[B,4]"), new(Attributes.Empty.With("axis", 0L), "f32[4,T]")],
            Domain = (0.3, 2),
        },
        Of(OpCode.CosineSimilarity, ElementwiseOps.XY, InferSimilarity, (b, x, a) =>
            b.Sum(L2Normalize(b, [x[0]], a) * L2Normalize(b, [x[1]], a), [x[0].Shape.Rank - 1])) with
        {
            Precision = OpPrecision.Full,
            Attributes = [Number("epsilon", 1e-12)],
            Examples = [new("f32[B,4]", "f32[B,4]")],
            Domain = (0.3, 2),
        },
        Of(OpCode.Einsum, [new("xs", Variadic: true)], i => Subscripts.Of(i.Operands, i.Attributes, i.Error) is var plan ? [i[0] with { Shape = plan.Result }] : [], Einsum) with
        {
            Precision = OpPrecision.Low,
            Attributes = [new("equation", AttributeKind.String)],
            Onnx = "Einsum",
            Examples =
            [
                new(Equation("bij,bjk->bik"), "f32[B,T,4]", "f32[B,4,3]"), new(Equation("ij->ji"), "f32[B,T]"), new(Equation("ij,j,ik->k"), "f32[B,T]", "f32[T]", "f32[B,2]"),
                new(Equation("bhid,bhjd->bhij"), "f32[B,2,T,4]", "f32[B,2,T,4]"), new(Equation("i,j->ij"), "f32[B]", "f32[T]"), new(Equation("ijk->"), "f32[B,T,2]"),
            ],
        },
    ];

    private static Attributes Equation(string text) => Attributes.Empty.With("equation", new StringAttribute(text));

    private static ImmutableArray<TensorType> InferChannels(OpInputs i)
    {
        InferRules.Require(i, 0, DTypeSet.Float);
        InferRules.RequireRank(i, 0, 2);
        for (var operand = 1; operand < i.Operands.Length; operand++)
        {
            InferRules.SameDType(i, 0, operand);
            InferRules.RequireShape(i, operand, Shape.From(i[0].Shape[1]));
        }

        return [i[0]];
    }

    private static ImmutableArray<TensorType> InferGroups(OpInputs i) =>
        InferChannels(i) is var types && i.Attributes.Int("groups") is > 0 and var groups && i[0].Shape[1].TryDivide(groups) is not null
            ? types
            : throw i.Error($"{i[0].Shape[1]} channels do not divide into {i.Attributes.Int("groups")} groups");

    private static OpValue PerChannel(OpBuilder b, OpValue v, Shape shape) => b.Reshape(v, new Shape([v.Shape[0], .. shape.Skip(2).Select(_ => Dim.One)]));

    private static OpValue Affine(OpBuilder b, OpValue x, OpValue weight, OpValue bias) => (x * PerChannel(b, weight, x.Shape)) + PerChannel(b, bias, x.Shape);

    private static OpValue BatchNorm(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var scale = b.Apply(OpCode.Rsqrt, x[4] + a.Float("epsilon"));
        return Affine(b, (x[0] - PerChannel(b, x[3], x[0].Shape)) * PerChannel(b, scale, x[0].Shape), x[1], x[2]);
    }

    /// <summary>Without mean and with variance 1 over the axes from <paramref name="from"/> on.</summary>
    private static OpValue Normal(OpBuilder b, OpValue x, Attributes a, int from)
    {
        ImmutableArray<int> axes = [.. Enumerable.Range(from, x.Shape.Rank - from)];
        var centered = x - b.Reduce(OpCode.Mean, x, axes, keepDims: true);
        return centered * b.Apply(OpCode.Rsqrt, b.Reduce(OpCode.Mean, centered * centered, axes, keepDims: true) + a.Float("epsilon"));
    }

    private static OpValue GroupNorm(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (shape, groups) = (x[0].Shape, a.Int("groups"));
        var apart = b.Reshape(x[0], new Shape([shape[0], groups, shape[1].TryDivide(groups)!, .. shape.Skip(2)]));
        return Affine(b, b.Reshape(Normal(b, apart, a, 2), shape), x[1], x[2]);
    }

    private static OpValue L2Normalize(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var axis = a.Find("axis") is null ? x[0].Shape.Rank - 1 : OpAxes.One(a, x[0].Shape.Rank);
        return x[0] / Max(b, b.Apply(OpCode.Sqrt, b.Sum(x[0] * x[0], [axis], keepDims: true)), a.Float("epsilon"));
    }

    private static ImmutableArray<TensorType> InferSimilarity(OpInputs i)
    {
        InferRules.Require(i, 0, DTypeSet.Float);
        InferRules.SameDType(i, 0, 1);
        InferRules.RequireRank(i, 0, 1);
        InferRules.RequireShape(i, 1, i[0].Shape);
        return [i[0] with { Shape = new Shape(i[0].Shape.Dims.RemoveAt(i[0].Rank - 1)) }];
    }

    // All operands are spread over all labels, multiplied and summed; two operands with a label to sum are one matrix product.
    private static OpValue Einsum(OpBuilder b, ImmutableArray<OpValue> xs, Attributes a)
    {
        var plan = Subscripts.Of([.. xs.Select(x => x.Type)], a, why => new ShapeException(why));
        if (plan.Product(b, xs) is { } product)
        {
            return product;
        }

        var order = plan.Output + plan.Summed;
        var spread = xs.Select((x, i) => plan.Spread(b, x, plan.Inputs[i], order)).Aggregate((x, y) => x * y);
        spread = b.BroadcastTo(spread, new Shape([.. order.Select(c => plan.Sizes[c])]));
        return b.Sum(spread, Enumerable.Range(plan.Output.Length, plan.Summed.Length));
    }
}
