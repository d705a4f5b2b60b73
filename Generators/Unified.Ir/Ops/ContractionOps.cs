using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Products summed over a shared axis.</summary>
internal static class ContractionOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        new(OpCode.MatMul, OpTraits.Contraction, ElementwiseOps.XY, InferMatMul)
        {
            Attributes =
            [
                new("transposeA", AttributeKind.Bool, new BoolAttribute(false)), new("transposeB", AttributeKind.Bool, new BoolAttribute(false)),
            ],
            Gradient = MatMulGradient,
            Batch = BatchRules.MatMul,
            Tolerance = Tolerance.Approximate,
        },
    ];

    /// <summary>All axes but the last merged into one.</summary>
    internal static OpValue Flatten(OpBuilder b, OpValue x) => b.Reshape(
        x, Shape.From(x.Shape.Dims.RemoveAt(x.Shape.Rank - 1).Aggregate(Dim.One, (size, dim) => size * dim), x.Shape[x.Shape.Rank - 1]));

    private static ImmutableArray<TensorType> InferMatMul(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Numeric);
        InferRules.SameDType(inputs, 0, 1);
        InferRules.RequireRank(inputs, 0, 2);
        InferRules.RequireRank(inputs, 1, 2);
        var (rows, depth) = Matrix(inputs[0].Shape, inputs.Attributes.Bool("transposeA"));
        var (depthY, columns) = Matrix(inputs[1].Shape, inputs.Attributes.Bool("transposeB"));
        InferRules.RequireEqual(inputs, depth, depthY, "the summed axis");
        return [inputs[0] with { Shape = new Shape([.. InferRules.Broadcast(inputs, Batch(inputs[0].Shape), Batch(inputs[1].Shape)), rows, columns]) }];
    }

    private static (Dim Rows, Dim Columns) Matrix(Shape shape, bool transposed)
    {
        var (first, second) = (shape[shape.Rank - 2], shape[shape.Rank - 1]);
        return transposed ? (second, first) : (first, second);
    }

    private static Shape Batch(Shape shape) => new([.. shape.Take(shape.Rank - 2)]);

    // With A and B as stored and Z = op(A)·op(B): each cotangent comes out in its operand's own layout, so nothing is transposed.
    private static ImmutableArray<OpValue?> MatMulGradient(OpBuilder b, GradientInputs c)
    {
        var (x, y, dz) = (c[0], c[1], c.Dy);
        var (ta, tb) = (c.Attributes.Bool("transposeA"), c.Attributes.Bool("transposeB"));
        var dx = !c.Wants(0) ? null
            : ta ? b.MatMul(y, dz, tb, true)
            : b.MatMul(dz, y, false, !tb);

        // One matrix for a whole batch: its cotangent is one product summed over batch and rows together.
        if (y.Shape.Rank == 2 && x.Shape.Rank > 2 && !ta)
        {
            (x, dz) = (Flatten(b, x), Flatten(b, dz));
        }

        var dy = !c.Wants(1) ? null
            : tb ? b.MatMul(dz, x, true, ta)
            : b.MatMul(x, dz, !ta, false);
        return [dx is null ? null : b.SumTo(dx, c[0].Shape), dy is null ? null : b.SumTo(dy, c[1].Shape)];
    }
}
