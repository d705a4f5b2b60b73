using System.Collections.Immutable;
using static Unified.Ir.GradientRules;

namespace Unified.Ir;

/// <summary>The layers that models are mostly made of: linear, embedding, attention.</summary>
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
        new(OpCode.Attention, OpTraits.None, [new("query"), new("key"), new("value")], InferAttention)
        {
            Precision = OpPrecision.Low,
            // A scale of 0 stands for 1/√D.
            Attributes = [new("causal", AttributeKind.Bool, new BoolAttribute(false)), new("scale", AttributeKind.Float, new FloatAttribute(0))],
            Definition = Wide(OpCode.Attention, (b, operands, a) => b.MatMul(Weights(b, operands[0], operands[1], a), operands[2])),
            Gradient = AttentionGradient,
            Tolerance = Tolerance.Approximate,
        },
        new(OpCode.AttentionGradient, OpTraits.None, [new("query"), new("key"), new("value"), new("dy")], InferAttentionGradient)
        {
            Precision = OpPrecision.Low,
            Attributes = [new("causal", AttributeKind.Bool, new BoolAttribute(false)), new("scale", AttributeKind.Float, new FloatAttribute(0))],
            Definition = Wide(OpCode.AttentionGradient, AttentionGradients),
            Gradient = DefinitionGradient.Rule,
            Tolerance = Tolerance.Approximate,
            Examples =
            [
                new("f32[B,T,4]", "f32[B,3,4]", "f32[B,3,2]", "f32[B,T,2]"),
                new(Attributes.Empty.With("causal", true).With("scale", 0.3), "f32[B,2,3,4]", "f32[B,1,3,4]", "f32[B,1,3,5]", "f32[B,2,3,5]"),
            ],
        },
    ];

    // Halves are multiplied and normalised in f32 and rounded once.
    private static DefinitionRule Wide(OpCode code, CompositeRow.Formula formula) => (b, x, a) => x[0].DType is DType.F16 or DType.BF16
        ? [b.Cast(b.Apply(code, a, [.. x.Select(v => b.Cast(v, DType.F32))]), x[0].DType)]
        : [formula(b, x, a)];

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

    private static ImmutableArray<TensorType> InferAttention(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        for (var i = 0; i < 3; i++)
        {
            InferRules.SameDType(inputs, 0, i);
            InferRules.RequireRank(inputs, i, 2);
        }

        var (query, key, value) = (inputs[0].Shape, inputs[1].Shape, inputs[2].Shape);
        InferRules.RequireEqual(inputs, Last(query), Last(key), "the last axis of query and key");
        InferRules.RequireEqual(inputs, Last(key, 2), Last(value, 2), "the sequence axis of key and value");
        if (inputs.Attributes.Bool("causal") && (Last(key, 2) - Last(query, 2)) is { IsConstant: true, Value: < 0 })
        {
            throw inputs.Error("causal attention needs at least as many keys as queries");
        }

        var batch = InferRules.Broadcast(inputs, InferRules.Broadcast(inputs, Batch(query), Batch(key)), Batch(value));
        return [inputs[0] with { Shape = new Shape([.. batch, Last(query, 2), Last(value)]) }];
    }

    private static Shape Batch(Shape shape) => new([.. shape.Take(shape.Rank - 2)]);

    /// <summary>softmax(query·keyᵀ·scale), without what causality hides.</summary>
    private static OpValue Weights(OpBuilder b, OpValue query, OpValue key, Attributes attributes)
    {
        var scores = b.MatMul(query, key, transposeB: true);
        scores *= Scale(b, query, attributes);
        if (attributes.Bool("causal"))
        {
            scores = b.Select(Visible(b, Last(query.Shape, 2), Last(key.Shape, 2)), scores, b.ScalarLike(scores, Hidden));
        }

        return SoftmaxOps.Softmax(b, scores, scores.Shape.Rank - 1);
    }

    // Finite, so that no infinity meets the exponential; far below any score.
    private const double Hidden = -1e30;

    private static OpValue Scale(OpBuilder b, OpValue query, Attributes attributes)
    {
        var depth = Last(query.Shape);
        return attributes.Float("scale") is var given && given != 0 ? b.ScalarLike(query, given)
            : depth.IsConstant ? b.ScalarLike(query, 1 / Math.Sqrt(depth.Value))
            : b.Apply(OpCode.Rsqrt, b.DimSize(depth, query.DType));
    }

    // The last query sees all keys: with fewer queries than keys, the queries are the newest positions.
    private static OpValue Visible(OpBuilder b, Dim queries, Dim keys)
    {
        var shape = Shape.From(queries, keys);
        var row = b.Iota(shape, 0, DType.I64);
        return b.Apply(OpCode.GreaterEqual, queries == keys ? row : row + b.DimSize(keys - queries, DType.I64), b.Iota(shape, 1, DType.I64));
    }

    // The three gradients in one row per batch, because a kernel makes them together: [T·D + S·D + S·E].
    private static ImmutableArray<TensorType> InferAttentionGradient(OpInputs inputs)
    {
        var forward = InferAttention(inputs)[0];
        InferRules.SameDType(inputs, 0, 3);
        InferRules.RequireShape(inputs, 3, forward.Shape);
        return [forward with { Shape = new Shape([.. Batch(forward.Shape), Size(inputs[0].Shape) + Size(inputs[1].Shape) + Size(inputs[2].Shape)]) }];
    }

    private static Dim Size(Shape matrix) => Last(matrix, 2) * Last(matrix);

    private static OpValue AttentionGradients(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        var (query, key, value, dy) = (x[0], x[1], x[2], x[3]);
        var weights = Weights(b, query, key, attributes);
        var dweights = b.MatMul(dy, value, transposeB: true);
        var along = b.Sum(dweights * weights, [weights.Shape.Rank - 1], keepDims: true);
        var dscores = weights * (dweights - along) * Scale(b, query, attributes);
        OpValue[] parts = [b.MatMul(dscores, key), b.MatMul(dscores, query, transposeA: true), b.MatMul(weights, dy, transposeA: true)];
        return b.Apply(
            OpCode.Concat, Attributes.Empty.With("axis", (long)dy.Shape.Rank - 2),
            [.. parts.Select(p => b.Reshape(p, new Shape([.. Batch(dy.Shape), Size(p.Shape)])))]);
    }

    private static ImmutableArray<OpValue?> AttentionGradient(OpBuilder b, GradientInputs c)
    {
        if (!c.Wants(0) && !c.Wants(1) && !c.Wants(2))
        {
            return [null, null, null];
        }

        var all = b.Apply(OpCode.AttentionGradient, c.Attributes, c[0], c[1], c[2], c.Dy);
        var batch = Batch(c.Dy.Shape);
        var flow = new OpValue?[3];
        var start = Dim.Zero;
        for (var i = 0; i < flow.Length; i++)
        {
            var own = c[i].Shape;
            if (c.Wants(i))
            {
                var part = b.Slice(all, [.. batch.Select(_ => Dim.Zero), start], [.. batch, Size(own)]);
                flow[i] = b.SumTo(b.Reshape(part, new Shape([.. batch, Last(own, 2), Last(own)])), own);
            }

            start += Size(own);
        }

        return [.. flow];
    }
}
