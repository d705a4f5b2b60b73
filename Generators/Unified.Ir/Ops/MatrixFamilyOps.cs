using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>What is made of factors and solutions of matrices.</summary>
internal static class MatrixFamilyOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Row(OpCode.Inverse, MatrixOps.Dominant, i => MatrixOps.Square(i)[0].Shape, (b, x, _) => b.Apply(OpCode.Solve, x[0], MatrixGradients.Identity(b, x[0], MatrixOps.ColumnsOf(x[0])))) with
        {
            Examples = [new("f32[B,3,3]"), new("f32[T,T]")],
        },
        Row(OpCode.CholeskySolve, [new("factor") { Domain = InputDomain.DominantDiagonal }, new("b")], InferSystem, CholeskySolve) with
        {
            Examples = [new("f32[B,3,3]", "f32[B,3,2]"), new("f32[T,T]", "f32[B,T,1]")],
        },
        Row(OpCode.MatrixPower, MatrixOps.Dominant, i => MatrixOps.Square(i)[0].Shape, (b, x, a) => Power(b, x[0], a.Int("power"))) with
        {
            Attributes = [new("power", AttributeKind.Int)],
            Domain = (-0.3, 0.3),
            Examples = [new(A.With("power", 5L), "f32[B,3,3]"), new(A.With("power", -2L), "f32[T,T]"), new(A.With("power", 0L), "f32[B,T,T]")],
        },
        Row(OpCode.PseudoInverse, MatrixOps.Dominant, i => Turned(MatrixOps.Matrices(i, 0)[0].Shape), PseudoInverse) with
        {
            Attributes = [Number("relative", 0)],
            Gradient = GradientRules.Each(PseudoInverseGradient),
            Examples = [new("f32[B,4,3]"), new("f32[B,2,3]"), new(A.With("relative", 0.01), "f32[T,T]")],
        },
        Row(OpCode.LeastSquares, [new("a") { Domain = InputDomain.DominantDiagonal }, new("b")], InferLeastSquares, (b, x, a) => b.MatMul(b.Apply(OpCode.PseudoInverse, a, x[0]), x[1])) with
        {
            Attributes = [Number("relative", 0)],
            Examples = [new("f32[B,4,3]", "f32[B,4,2]"), new("f32[B,2,3]", "f32[2,1]"), new("f32[T,T]", "f32[B,T,2]")],
        },
        Of(OpCode.MatrixRank, MatrixOps.Dominant, i => [new TensorType(DType.I64, MatrixOps.Batch(MatrixOps.Matrices(i, 0)[0].Shape))], Rank, OpTraits.NonDifferentiable) with
        {
            Attributes = [Number("relative", 0)],
            Precision = OpPrecision.Full,
            Tolerance = Tolerance.Exact,
            Examples = [new("f32[B,4,3]"), new(A.With("relative", 0.9), "f32[B,2,3]"), new("f32[T,T]")],
        },
        Row(OpCode.MatrixNorm, MatrixOps.Dominant, InferNorm, (b, x, a) => Norms.First(n => n.Name == a.String("kind")).Of(b, x[0])) with
        {
            Attributes = [new("kind", AttributeKind.String, new StringAttribute("frobenius"))],
            Examples = [.. Norms.Select(n => new OpExample(A.With("kind", new StringAttribute(n.Name)), "f32[B,3,2]"))],
        },
        Row(OpCode.SingularValues, MatrixOps.Dominant, i => Values(i), (b, x, _) => Row(b, b.Apply(OpCode.SvdFactors, x[0]), MatrixOps.RowsOf(x[0]))) with
        {
            Examples = [new("f32[B,4,3]"), new("f32[B,2,3]"), new("f32[T,T]")],
        },
        Row(OpCode.Eigvalsh, MatrixOps.Dominant, i => Values(MatrixOps.Square(i)), (b, x, _) => Row(b, b.Apply(OpCode.EighFactors, x[0]), 0)) with
        {
            Examples = [new("f32[B,3,3]"), new("f32[T,T]")],
        },
    ];

    private static Attributes A => Attributes.Empty;

    /// <summary>The norms by name; each folds the last two axes.</summary>
    private static ImmutableArray<(string Name, Func<OpBuilder, OpValue, OpValue> Of)> Norms =>
    [
        ("frobenius", (b, x) => b.Apply(OpCode.Sqrt, Fold(b, OpCode.Sum, x * x, -2, -1))),
        ("nuclear", (b, x) => Fold(b, OpCode.Sum, b.Apply(OpCode.SingularValues, x), -1)),
        ("spectral", (b, x) => Fold(b, OpCode.ReduceMax, b.Apply(OpCode.SingularValues, x), -1)),
        ("columns", (b, x) => Fold(b, OpCode.ReduceMax, Fold(b, OpCode.Sum, Abs(b, x), -2), -1)),
        ("rows", (b, x) => Fold(b, OpCode.ReduceMax, Fold(b, OpCode.Sum, Abs(b, x), -1), -1)),
    ];

    private static Op Row(OpCode code, ImmutableArray<OperandSpec> operands, Func<OpInputs, Shape> shape, Formula formula) =>
        Of(code, operands, i => [i[0] with { Shape = shape(i) }], formula) with { Precision = OpPrecision.Full };

    private static OpValue Fold(OpBuilder b, OpCode code, OpValue x, params int[] axes) => b.Reduce(code, x, axes, keepDims: false);

    private static Shape Turned(Shape shape) => MatrixOps.With(MatrixOps.Batch(shape), shape[shape.Rank - 1], shape[shape.Rank - 2]);

    private static Shape Values(OpInputs inputs)
    {
        var shape = MatrixOps.Matrices(inputs, 0)[0].Shape;
        return MatrixOps.With(MatrixOps.Batch(shape), Dim.Min(shape[shape.Rank - 2], shape[shape.Rank - 1]));
    }

    private static OpValue Row(OpBuilder b, OpValue factors, Dim at)
    {
        var row = MatrixOps.RowsAt(b, factors, at, 1);
        return b.Reshape(row, new Shape(row.Shape.Dims.RemoveAt(row.Shape.Rank - 2)));
    }

    private static Shape InferSystem(OpInputs inputs) => OpTable.Get(OpCode.Solve).Infer(inputs with { Attributes = A.With("transposed", false) })[0].Shape;

    // L Lᵀ x = b.
    private static OpValue CholeskySolve(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes) => b.Apply(
        OpCode.TriangularSolve, A.With("transposed", true), x[0], b.Apply(OpCode.TriangularSolve, x[0], x[1]));

    // By squares: as many products as the power has bits, and one for each that is set.
    private static OpValue Power(OpBuilder b, OpValue x, long power)
    {
        var square = power < 0 ? b.Apply(OpCode.Inverse, x) : x;
        OpValue? product = null;
        for (var left = (ulong)Math.Abs(power); left > 0; left >>= 1)
        {
            product = (left & 1) == 0 ? product : product is null ? square : b.MatMul(product, square);
            square = left > 1 ? b.MatMul(square, square) : square;
        }

        return product ?? b.BroadcastTo(MatrixGradients.Identity(b, x, MatrixOps.ColumnsOf(x)), x.Shape);
    }

    /// <summary>The smallest singular value, as a share of the largest, that counts: the attribute, or that of rounding, ε·max(m, n).</summary>
    private static OpValue Bound(OpBuilder b, OpValue x, OpValue largest, Attributes attributes)
    {
        var relative = attributes.Float("relative");
        return relative > 0
            ? largest * relative
            : largest * b.DimSize(Dim.Max(MatrixOps.RowsOf(x), MatrixOps.ColumnsOf(x)), x.DType) * (x.DType == DType.F64 ? Math.Pow(2, -52) : Math.Pow(2, -23));
    }

    private static OpValue PseudoInverse(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        var (m, n) = (MatrixOps.RowsOf(x[0]), MatrixOps.ColumnsOf(x[0]));
        var factors = b.Apply(OpCode.SvdFactors, x[0]);
        var (u, s, v) = (MatrixOps.RowsAt(b, factors, 0, m), MatrixOps.RowsAt(b, factors, m, 1), MatrixOps.RowsAt(b, factors, m + 1, n));
        var counts = b.Apply(OpCode.Greater, s, Bound(b, x[0], b.Reduce(OpCode.ReduceMax, s, [s.Shape.Rank - 1], keepDims: true), attributes));
        var inverse = b.Select(counts, 1.0 / b.Select(counts, s, b.ScalarLike(s, 1)), b.ScalarLike(s, 0));
        return b.MatMul(v * inverse, u, transposeB: true);
    }

    // Golub and Pereyra, 1973, for a rank that does not change: Ā = -Pᵀ P̄ Pᵀ + (I - A P) P̄ᵀ P Pᵀ + Pᵀ P P̄ᵀ (I - P A).
    private static OpValue PseudoInverseGradient(OpBuilder b, GradientInputs c)
    {
        var (a, p, dp) = (c[0], c.Y, c.Dy);
        var direct = b.MatMul(b.MatMul(p, dp, transposeA: true), p, transposeB: true);
        var left = b.MatMul(b.MatMul(dp, p, transposeA: true), p, transposeB: true);
        var right = b.MatMul(p, b.MatMul(p, dp, transposeB: true), transposeA: true);
        return left - b.MatMul(a, b.MatMul(p, left)) + (right - b.MatMul(b.MatMul(right, p), a)) - direct;
    }

    private static Shape InferLeastSquares(OpInputs inputs)
    {
        MatrixOps.Matrices(inputs, 0);
        InferRules.SameDType(inputs, 0, 1);
        InferRules.RequireRank(inputs, 1, 2);
        var (a, b) = (inputs[0].Shape, inputs[1].Shape);
        InferRules.RequireEqual(inputs, a[a.Rank - 2], b[b.Rank - 2], "rows of a and b");
        return MatrixOps.With(InferRules.Broadcast(inputs, MatrixOps.Batch(a), MatrixOps.Batch(b)), a[a.Rank - 1], b[b.Rank - 1]);
    }

    private static OpValue Rank(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        var s = b.Apply(OpCode.SingularValues, x[0]);
        var bound = Bound(b, x[0], b.Reduce(OpCode.ReduceMax, s, [s.Shape.Rank - 1], keepDims: true), attributes);
        return b.Sum(b.Cast(b.Apply(OpCode.Greater, s, bound), DType.I64), [s.Shape.Rank - 1]);
    }

    private static Shape InferNorm(OpInputs inputs)
    {
        var kind = inputs.Attributes.String("kind");
        return Norms.Any(n => n.Name == kind)
            ? MatrixOps.Batch(MatrixOps.Matrices(inputs, 0)[0].Shape)
            : throw inputs.Error($"kind '{kind}' is none of {string.Join(", ", Norms.Select(n => n.Name))}");
    }
}
