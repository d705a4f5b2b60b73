using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Attention and its gradient, which a kernel makes without ever holding all weights.</summary>
internal static class AttentionOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        new(OpCode.Attention, OpTraits.None, [new("query"), new("key"), new("value"), new("length", Optional: true) { Domain = InputDomain.Count }], InferAttention)
        {
            Precision = OpPrecision.Low,
            // A scale of 0 stands for 1/√D. As many of the axes before the last two as there are head axes lie inside of the result's rows: [.., T, H, E] where it is one.
            Attributes =
            [
                new("causal", AttributeKind.Bool, new BoolAttribute(false)), new("scale", AttributeKind.Float, new FloatAttribute(0)),
                new("headAxes", AttributeKind.Int, new DimAttribute(0)),
            ],
            Definition = Wide(OpCode.Attention, Attend),
            Kernel = DTypeSet.NarrowFloat,
            Check = CheckLength,
            Gradient = AttentionGradient,
            Tolerance = Tolerance.Approximate,
            Examples =
            [
                new("f32[B,2,T,4]", "f32[B,2,T,4]", "f32[B,2,T,4]"),
                new(Attributes.Empty.With("causal", true), "f32[B,T,D]", "f32[B,T,D]", "f32[B,T,D]"),
                new(Attributes.Empty.With("causal", true).With("scale", 0.3), "f32[1,T,4]", "f32[B,S,4]", "f32[S,2]"),
                new(Attributes.Empty.With("causal", true), "f32[B,3,2,4]", "f32[B,1,6,4]", "f32[B,1,6,5]"),
                new("f32[B,2,T,4]", "f32[B,2,5,4]", "f32[B,2,5,3]", "i64[B,1]"),
                new(Attributes.Empty.With("causal", true).With("scale", 0.3), "f32[B,2,1,4]", "f32[B,2,5,4]", "f32[B,2,5,4]", "i32[]"),
                new(Attributes.Empty.With("headAxes", 1L), "f32[B,2,3,4]", "f32[B,2,5,4]", "f32[B,2,5,2]"),
                new(Attributes.Empty.With("headAxes", 2L), "f32[B,2,3,T,4]", "f32[B,2,1,5,4]", "f32[B,2,1,5,2]", "i64[]"),
            ],
        },
        new(OpCode.AttentionGradient, OpTraits.None, [new("query"), new("key"), new("value"), new("dy")], InferAttentionGradient)
        {
            Precision = OpPrecision.Low,
            // Head axes of each of the three, as in attention; none: each batch has its three gradients in a row.
            Attributes =
            [
                new("causal", AttributeKind.Bool, new BoolAttribute(false)), new("scale", AttributeKind.Float, new FloatAttribute(0)),
                new("headAxes", AttributeKind.Dims, new DimsAttribute([])),
            ],
            Definition = Wide(OpCode.AttentionGradient, AttentionGradients),
            Kernel = DTypeSet.F32,
            Gradient = DefinitionGradient.Rule,
            Tolerance = Tolerance.Approximate,
            Examples =
            [
                new("f32[B,T,4]", "f32[B,3,4]", "f32[B,3,2]", "f32[B,T,2]"),
                new(Attributes.Empty.With("causal", true).With("scale", 0.3), "f32[B,2,3,4]", "f32[B,1,3,4]", "f32[B,1,3,5]", "f32[B,2,3,5]"),
                new(Attributes.Empty.With("headAxes", [1, 0, 2]), "f32[B,2,3,4]", "f32[B,2,5,4]", "f32[B,2,5,2]", "f32[B,2,3,2]"),
            ],
        },
    ];

    private static OperandCheck? CheckLength(OpInputs inputs)
    {
        if (inputs.Operands.Length < 4)
        {
            return null;
        }

        var queries = InferResult(inputs).Shape;
        return new(3, inputs.Attributes.Bool("causal") ? queries.Dims[^2] : Dim.One, inputs[1].Shape.Dims[^2], OperandCheck.AreSome(queries.Dims[..^1]));
    }

    // Halves are multiplied and normalised in f32 and rounded once.
    private static DefinitionRule Wide(OpCode code, CompositeRow.Formula formula) => (b, x, a) => x[0].DType is DType.F16 or DType.BF16
        ? [b.Cast(b.Apply(code, a, [.. x.Select(v => v.DType == x[0].DType ? b.Cast(v, DType.F32) : v)]), x[0].DType)]
        : [formula(b, x, a)];

    private static Dim Last(Shape shape, int fromEnd = 1) => shape[shape.Rank - fromEnd];

    private static ImmutableArray<TensorType> InferAttention(OpInputs inputs)
    {
        var result = InferResult(inputs);
        if (inputs.Operands.Length > 3)
        {
            InferRules.Require(inputs, 3, DTypeSet.Index);
            var batch = Batch(result.Shape);
            if (InferRules.Broadcast(inputs, batch, inputs[3].Shape) != batch)
            {
                throw inputs.Error($"length must have the shape of the axes before the last two, {batch}, or one that broadcasts to it, not {inputs[3].Shape}");
            }
        }

        var axes = inputs.Attributes.Int("headAxes");
        if (axes < 0 || axes > result.Rank - 2)
        {
            throw inputs.Error($"headAxes must be from 0 to {result.Rank - 2}, the axes before the last two, not {axes}");
        }

        return [result with { Shape = HeadAxes.Inside(result.Shape, (int)axes) }];
    }

    private static TensorType InferResult(OpInputs inputs)
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
        return inputs[0] with { Shape = new Shape([.. batch, Last(query, 2), Last(value)]) };
    }

    private static OpValue Attend(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        var (query, key, value) = (x[0], x[1], x[2]);
        OpValue Laid(OpValue result) => HeadAxes.Inside(b, result, (int)attributes.Int("headAxes"));
        if (x.Length == 3)
        {
            return Laid(b.MatMul(Weights(b, query, key, null, attributes), value));
        }

        // What is not looked at may be anything, and zero times that need not be zero.
        var (queries, keys) = (Last(query.Shape, 2), Last(key.Shape, 2));
        var length = RangeCheck.Checked(b, b.Cast(x[3], DType.I64), attributes.Bool("causal") ? queries : Dim.One, keys);
        length = b.Reshape(length, new Shape([.. length.Shape, Dim.One, Dim.One]));
        var isFilled = b.Apply(OpCode.Less, b.Iota(Shape.From(keys, Dim.One), 0, DType.I64), length);
        return Laid(b.MatMul(Weights(b, query, key, length, attributes), b.Select(isFilled, value, b.ScalarLike(value, 0))));
    }

    private static Shape Batch(Shape shape) => new([.. shape.Take(shape.Rank - 2)]);

    /// <summary>softmax(query·keyᵀ·scale), without what causality hides and what lies behind the length [.., 1, 1].</summary>
    private static OpValue Weights(OpBuilder b, OpValue query, OpValue key, OpValue? length, Attributes attributes)
    {
        var scores = b.MatMul(query, key, transposeB: true);
        scores *= Scale(b, query, attributes);
        var (queries, keys, isCausal) = (Last(query.Shape, 2), Last(key.Shape, 2), attributes.Bool("causal"));
        if (length is not null || isCausal)
        {
            scores = b.Select(length is null ? Visible(b, queries, keys) : Filled(b, length, queries, keys, isCausal), scores, b.ScalarLike(scores, Hidden));
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

    // As many keys as the length says; causal, the last query stands at the last of them.
    private static OpValue Filled(OpBuilder b, OpValue length, Dim queries, Dim keys, bool isCausal)
    {
        var behind = isCausal ? b.DimSize(queries - 1, DType.I64) - b.Iota(Shape.From(queries, Dim.One), 0, DType.I64) : null;
        return b.Apply(OpCode.Less, b.Iota(Shape.From(Dim.One, keys), 1, DType.I64), behind is null ? length : length - behind);
    }

    // The three gradients in one tensor, because a kernel makes them together: in a row per batch, [T·D + S·D + S·E], or, with head axes given, all of each after the other.
    private static ImmutableArray<TensorType> InferAttentionGradient(OpInputs inputs)
    {
        var forward = InferResult(inputs);
        InferRules.SameDType(inputs, 0, 3);
        InferRules.RequireShape(inputs, 3, forward.Shape);
        var (batch, size) = (Batch(forward.Shape), Size(inputs[0].Shape) + Size(inputs[1].Shape) + Size(inputs[2].Shape));
        var axes = inputs.Attributes.Dims("headAxes");
        if (!axes.IsEmpty && (axes.Length != 3 || axes.Any(a => a is not { IsConstant: true, Value: >= 0 } || a.Value > batch.Rank)))
        {
            throw inputs.Error($"headAxes must be three numbers from 0 to {batch.Rank}, the axes before the last two, or none, not [{string.Join(", ", axes)}]");
        }

        return [forward with { Shape = axes.IsEmpty ? new Shape([.. batch, size]) : Shape.From(batch.Size * size) }];
    }

    private static Dim Size(Shape matrix) => Last(matrix, 2) * Last(matrix);

    private static OpValue AttentionGradients(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        var (query, key, value, dy) = (x[0], x[1], x[2], x[3]);
        var weights = Weights(b, query, key, length: null, attributes);
        var dweights = b.MatMul(dy, value, transposeB: true);
        var along = b.Sum(dweights * weights, [weights.Shape.Rank - 1], keepDims: true);
        var dscores = weights * (dweights - along) * Scale(b, query, attributes);
        OpValue[] parts = [b.MatMul(dscores, key), b.MatMul(dscores, query, transposeA: true), b.MatMul(weights, dy, transposeA: true)];
        var axes = attributes.Ints("headAxes");
        return axes.IsEmpty
            ? b.Apply(
                OpCode.Concat, Attributes.Empty.With("axis", (long)dy.Shape.Rank - 2),
                [.. parts.Select(p => b.Reshape(p, new Shape([.. Batch(dy.Shape), Size(p.Shape)])))])
            : b.Apply(OpCode.Concat, Attributes.Empty.With("axis", 0L), [.. parts.Select((p, i) => b.Reshape(HeadAxes.Inside(b, p, axes[i]), Shape.From(p.Shape.Size)))]);
    }

    private static ImmutableArray<OpValue?> AttentionGradient(OpBuilder b, GradientInputs c)
    {
        if (c.Operands.Length > 3)
        {
            return DefinitionGradient.Rule(b, c);
        }

        if (!c.Wants(0) && !c.Wants(1) && !c.Wants(2))
        {
            return [null, null, null];
        }

        var (causal, scale, axes) = (c.Attributes.Bool("causal"), c.Attributes.Float("scale"), (int)c.Attributes.Int("headAxes"));
        var dy = HeadAxes.Outside(b, c.Dy, axes);
        var all = b.Apply(OpCode.AttentionGradient, Attributes.Empty.With("causal", causal).With("scale", scale), c[0], c[1], c[2], dy);
        var batch = Batch(dy.Shape);
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
