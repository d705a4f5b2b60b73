using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>
/// Factors and solutions of the matrices in the last two axes, which the runtime's managed code computes. What has several factors is one tensor with one
/// below the other, so that it is one computation, differentiated as one: its columns are the factors' columns.
/// </summary>
internal static class MatrixOps
{
    public static readonly ImmutableArray<OperandSpec> Dominant = [new("x") { Domain = InputDomain.DominantDiagonal }];

    private static readonly ImmutableArray<OperandSpec> System = [new("a") { Domain = InputDomain.DominantDiagonal }, new("b")];

    public static ImmutableArray<Op> Rows { get; } =
    [
        One(OpCode.Cholesky, Dominant, i => Square(i)[0].Shape, MatrixGradients.Cholesky, "f32[B,3,3]", "f32[T,T]"),
        Two(OpCode.TriangularSolve, MatrixGradients.TriangularSolve) with
        {
            Attributes = [Flag("lower", true), Flag("transposed"), Flag("unitDiagonal")],
            Examples =
            [
                new("f32[B,3,3]", "f32[B,3,2]"), new(A.With("lower", false), "f32[T,T]", "f32[B,T,1]"),
                new(A.With("transposed", true), "f32[B,T,T]", "f32[T,2]"), new(A.With("lower", false).With("transposed", true).With("unitDiagonal", true), "f32[3,3]", "f32[3,B]"),
            ],
        },
        Two(OpCode.Solve, MatrixGradients.Solve) with
        {
            Attributes = [Flag("transposed")],
            Examples = [new("f32[B,3,3]", "f32[B,3,2]"), new(A.With("transposed", true), "f32[T,T]", "f32[B,T,1]"), new("f32[B,T,T]", "f32[T,2]")],
        },
        One(OpCode.Determinant, Dominant, i => Batch(Square(i)[0].Shape), MatrixGradients.Determinant, "f32[B,3,3]", "f32[T,T]") with { Onnx = "Det" },
        One(OpCode.SlogDet, Dominant, i => With(Batch(Square(i)[0].Shape), 2), MatrixGradients.SlogDet, "f32[B,3,3]", "f32[T,T]"),
        One(OpCode.QrFactors, Dominant, i => Stacked(i, middle: 0), MatrixGradients.Qr, "f32[B,4,3]", "f32[B,2,3]", "f32[T,T]"),
        One(OpCode.EighFactors, Dominant, i => With(Batch(Square(i)[0].Shape), Last(i) + 1, Last(i)), MatrixGradients.Eigh, "f32[B,3,3]", "f32[T,T]"),
        One(OpCode.SvdFactors, Dominant, i => Stacked(i, middle: 1), MatrixGradients.Svd, "f32[B,4,3]", "f32[B,2,3]", "f32[T,T]"),
        One(OpCode.MatrixExp, ElementwiseOps.X, i => Square(i)[0].Shape, MatrixGradients.Exponential, "f32[B,3,3]", "f32[T,T]") with { Domain = (-1, 1) },
    ];

    private static Attributes A => Attributes.Empty;

    public static Shape Batch(Shape shape) => new([.. shape.Dims.Take(shape.Rank - 2)]);

    public static Shape With(Shape batch, params Dim[] dims) => new([.. batch.Dims, .. dims]);

    public static Dim RowsOf(OpValue x) => x.Shape[x.Shape.Rank - 2];

    public static Dim ColumnsOf(OpValue x) => x.Shape[x.Shape.Rank - 1];

    /// <summary>Rows <paramref name="start"/> … <paramref name="start"/> + <paramref name="count"/> - 1 of the matrices.</summary>
    public static OpValue RowsAt(OpBuilder b, OpValue x, Dim start, Dim count) => b.Slice(
        x, x.Shape.Select((_, i) => i == x.Shape.Rank - 2 ? start : Dim.Zero), x.Shape.Dims.SetItem(x.Shape.Rank - 2, count));

    /// <summary>The operand, once it is known to hold square matrices of f32 or f64.</summary>
    public static OpInputs Square(OpInputs inputs)
    {
        Matrices(inputs, 0);
        var (rows, columns) = (inputs[0].Shape[inputs[0].Rank - 2], Last(inputs));
        InferRules.RequireEqual(inputs, rows, columns, "rows and columns of a square matrix");
        return inputs;
    }

    public static OpInputs Matrices(OpInputs inputs, int operand)
    {
        InferRules.Require(inputs, operand, DTypeSet.Wide);
        InferRules.RequireRank(inputs, operand, 2);
        return inputs;
    }

    private static Dim Last(OpInputs inputs) => inputs[0].Shape[inputs[0].Rank - 1];

    private static Shape Stacked(OpInputs inputs, long middle)
    {
        var shape = Matrices(inputs, 0)[0].Shape;
        var (m, n) = (shape[shape.Rank - 2], shape[shape.Rank - 1]);
        return With(Batch(shape), m + middle + n, Dim.Min(m, n));
    }

    private static Op One(OpCode code, ImmutableArray<OperandSpec> operands, Func<OpInputs, Shape> shape, OperandGradient gradient, params string[] examples) =>
        new(code, OpTraits.Managed | OpTraits.MayFail, operands, i => [i[0] with { Shape = shape(i) }])
        {
            Gradient = GradientRules.Each(gradient),
            Batch = BatchRules.Leading,
            Precision = OpPrecision.Full,
            Tolerance = Tolerance.Approximate,
            Examples = [.. examples.Select(e => new OpExample(e))],
        };

    private static Op Two(OpCode code, GradientRule gradient) => new(code, OpTraits.Managed | OpTraits.MayFail, System, InferSystem)
    {
        Gradient = gradient,
        Batch = BatchRules.MatMul,
        Precision = OpPrecision.Full,
        Tolerance = Tolerance.Approximate,
    };

    private static ImmutableArray<TensorType> InferSystem(OpInputs inputs)
    {
        Square(inputs);
        InferRules.SameDType(inputs, 0, 1);
        InferRules.RequireRank(inputs, 1, 2);
        var (a, b) = (inputs[0].Shape, inputs[1].Shape);
        InferRules.RequireEqual(inputs, a[a.Rank - 1], b[b.Rank - 2], "rows of a and b");
        return [inputs[0] with { Shape = With(InferRules.Broadcast(inputs, Batch(a), Batch(b)), b[b.Rank - 2], b[b.Rank - 1]) }];
    }
}
