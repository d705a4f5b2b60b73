using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>
/// Discrete Fourier transforms of the last axis, whose size is a constant n. A complex number is a pair of real ones, on an axis of two behind the others.
/// Defined as products with the matrix of the transform, whose angles are exact multiples of 2π/n: O(n²), and as accurate as a matrix product.
/// </summary>
internal static class SpectralOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Of(OpCode.Rfft, ElementwiseOps.X, InferRfft, Rfft) with { Examples = [new("f32[B,8]"), new("f32[B,T,5]")], Precision = OpPrecision.Full },
        Of(OpCode.Irfft, ElementwiseOps.X, InferIrfft, Irfft) with
        {
            Precision = OpPrecision.Full,
            Attributes = [new("size", AttributeKind.Int)],
            Examples = [new(Attributes.Empty.With("size", 8L), "f32[B,5,2]"), new(Attributes.Empty.With("size", 5L), "f32[B,T,3,2]")],
        },
        Of(OpCode.Fft, ElementwiseOps.X, InferFft, Fft) with
        {
            Precision = OpPrecision.Full,
            Attributes = [Flag("inverse")],
            Examples = [new("f32[B,6,2]"), new(Attributes.Empty.With("inverse", true), "f32[B,T,5,2]")],
        },
    ];

    private static Dim Constant(OpInputs inputs, int axis)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        var size = axis >= 0 ? inputs[0].Shape[axis] : throw inputs.Error("has too few axes");
        return !size.IsConstant ? throw inputs.Undecided($"axis {axis} must have a constant size, not {size}")
            : size.Value > 0 ? size : throw inputs.Error($"axis {axis} has nothing to transform");
    }

    private static ImmutableArray<TensorType> InferRfft(OpInputs inputs)
    {
        var size = Constant(inputs, inputs[0].Rank - 1);
        return [inputs[0] with { Shape = new Shape([.. inputs[0].Shape.Take(inputs[0].Rank - 1), (size.Value / 2) + 1, 2]) }];
    }

    private static ImmutableArray<TensorType> InferIrfft(OpInputs inputs)
    {
        var (given, size) = (Constant(inputs, Pairs(inputs)), inputs.Attributes.Int("size"));
        return size > 0 && given.Is((size / 2) + 1)
            ? [inputs[0] with { Shape = new Shape([.. inputs[0].Shape.Take(inputs[0].Rank - 2), size]) }]
            : throw inputs.Error($"{size} real numbers have {(size / 2) + 1} frequencies, not {given}");
    }

    private static ImmutableArray<TensorType> InferFft(OpInputs inputs)
    {
        Constant(inputs, Pairs(inputs));
        return [inputs[0]];
    }

    private static int Pairs(OpInputs inputs) => inputs[0].Rank >= 2 && inputs[0].Shape[inputs[0].Rank - 1].Is(2) ? inputs[0].Rank - 2
        : throw inputs.Error("complex numbers are pairs on a last axis of 2");

    /// <summary>cos and sin of 2π·row·column/n, [rows,columns].</summary>
    private static (OpValue Cos, OpValue Sin) Angles(OpBuilder b, long rows, long columns, long n)
    {
        var shape = Shape.From(rows, columns);
        var turn = b.Apply(OpCode.Remainder, b.Iota(shape, 0, DType.I64) * b.Iota(shape, 1, DType.I64), b.Scalar(DType.I64, n));
        var angle = b.Cast(turn, DType.F64) * (2 * Math.PI / n);
        return (b.Apply(OpCode.Cos, angle), b.Apply(OpCode.Sin, angle));
    }

    /// <summary>Two matrices as one whose axis <paramref name="axis"/> holds a pair for each entry.</summary>
    private static OpValue Pair(OpBuilder b, OpValue re, OpValue im, int axis)
    {
        var dims = re.Shape.Dims;
        var apart = new Shape(dims.Insert(axis + 1, Dim.One));
        var both = b.Apply(OpCode.Concat, Attributes.Empty.With("axis", axis + 1L), b.Reshape(re, apart), b.Reshape(im, apart));
        return b.Reshape(both, new Shape(dims.SetItem(axis, dims[axis] * 2)));
    }

    private static OpValue Times(OpBuilder b, OpValue x, int folded, OpValue matrix, params Dim[] last)
    {
        var lead = x.Shape.Take(x.Shape.Rank - folded).ToImmutableArray();
        var rows = b.Reshape(x, Shape.From(lead.Aggregate(Dim.One, (u, v) => u * v), matrix.Shape[0]));
        return b.Reshape(b.MatMul(rows, b.Cast(matrix, x.DType)), new Shape([.. lead, .. last]));
    }

    private static OpValue Rfft(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var n = x[0].Shape[x[0].Shape.Rank - 1].Value;
        var (cos, sin) = Angles(b, n, (n / 2) + 1, n);
        return Times(b, x[0], 1, Pair(b, cos, -sin, 1), (n / 2) + 1, 2);
    }

    // Frequencies between the first and the middle one stand for two.
    private static OpValue Irfft(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var n = a.Int("size");
        var half = (n / 2) + 1;
        var (cos, sin) = Angles(b, half, n, n);
        var at = b.Iota(Shape.From(half, 1), 0, DType.I64);
        var once = b.Apply(OpCode.Equal, at, b.Scalar(DType.I64, 0));
        once = n % 2 == 0 ? b.Apply(OpCode.LogicalOr, once, b.Apply(OpCode.Equal, at, b.Scalar(DType.I64, n / 2))) : once;
        var weight = b.Select(once, b.Scalar(DType.F64, 1.0 / n), b.Scalar(DType.F64, 2.0 / n));
        return Times(b, x[0], 2, Pair(b, cos * weight, -(sin * weight), 0), n);
    }

    private static OpValue Fft(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var n = x[0].Shape[x[0].Shape.Rank - 2].Value;
        var (cos, sin) = Angles(b, n, n, n);
        var (scale, turned) = a.Bool("inverse") ? (1.0 / n, sin) : (1.0, -sin);
        var (re, im) = (Pair(b, cos, turned, 1), Pair(b, -turned, cos, 1));
        return Times(b, x[0], 2, Pair(b, re * scale, im * scale, 0), n, 2);
    }
}
