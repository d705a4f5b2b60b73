using System.Collections.Immutable;
using static Unified.Ir.GradientRules;

namespace Unified.Ir;

/// <summary>The layers that models are mostly made of: linear and embedding.</summary>
internal static class LayerOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        new(OpCode.Linear, OpTraits.None, [new("x"), new("weight"), new("bias", Optional: true)], InferLinear)
        {
            Precision = OpPrecision.Low,
            Definition = Linear,
            Gradient = LinearGradient,
            Tolerance = Tolerance.Approximate,
        },
        new(OpCode.Embedding, OpTraits.None, [new("weight"), new("indices")], InferEmbedding)
        {
            Definition = (b, operands, _) => [b.Apply(OpCode.Gather, operands[0], operands[1])],
            Gradient = Each((b, c) => b.Apply(OpCode.ScatterAdd, Attributes.Empty.With("size", c[0].Shape[0]), c[1], c.Dy)),
            Tolerance = Tolerance.Exact,
        },
    ];

    private static Dim Last(Shape shape, int fromEnd = 1) => shape[shape.Rank - fromEnd];

    private static ImmutableArray<TensorType> InferLinear(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.RequireRank(inputs, 0, 1);
        InferRules.SameDType(inputs, 0, 1);
        var weight = inputs[1].Shape;
        if (weight.Rank != 2)
        {
            throw inputs.Error($"the weight must have shape [out,in], not {weight}");
        }

        InferRules.RequireEqual(inputs, Last(inputs[0].Shape), weight[1], "the last axis of x and of the weight");
        if (inputs.Operands.Length > 2)
        {
            InferRules.SameDType(inputs, 0, 2);
            InferRules.RequireShape(inputs, 2, Shape.From(weight[0]));
        }

        return [inputs[0] with { Shape = new Shape([.. inputs[0].Shape.Take(inputs[0].Rank - 1), weight[0]]) }];
    }

    private static ImmutableArray<OpValue> Linear(OpBuilder b, ImmutableArray<OpValue> operands, Attributes attributes)
    {
        var (x, weight) = (operands[0], operands[1]);
        var product = x.Shape.Rank > 1
            ? b.MatMul(x, weight, transposeB: true)
            : b.Reshape(b.MatMul(ContractionOps.Flatten(b, x), weight, transposeB: true), Shape.From(weight.Shape[0]));
        return [operands.Length > 2 ? product + operands[2] : product];
    }

    private static ImmutableArray<OpValue?> LinearGradient(OpBuilder b, GradientInputs c)
    {
        var (x, weight, dy) = (c[0], c[1], c.Dy);
        var rows = ContractionOps.Flatten(b, dy);
        ImmutableArray<OpValue?> cotangents =
        [
            !c.Wants(0) ? null : x.Shape.Rank > 1 ? b.MatMul(dy, weight) : b.Reshape(b.MatMul(rows, weight), x.Shape),
            c.Wants(1) ? b.MatMul(rows, ContractionOps.Flatten(b, x), transposeA: true) : null,
        ];
        return c.Operands.Length > 2 ? cotangents.Add(c.Wants(2) ? b.SumTo(dy, c[2].Shape) : null) : cotangents;
    }

    private static ImmutableArray<TensorType> InferEmbedding(OpInputs inputs)
    {
        InferRules.Require(inputs, 1, DTypeSet.Index);
        return inputs[0].Rank == 2
            ? [inputs[0] with { Shape = new Shape([.. inputs[1].Shape, inputs[0].Shape[1]]) }]
            : throw inputs.Error($"the weight must have shape [V,D], not {inputs[0].Shape}");
    }
}
