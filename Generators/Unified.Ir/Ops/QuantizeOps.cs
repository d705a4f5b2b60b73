using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>
/// Whole numbers of 8 bits for real ones, as ONNX's QuantizeLinear and DequantizeLinear have it: real = scale · (whole - zeroPoint), with one scale for all, or a
/// vector of them along an axis.
/// </summary>
internal static class QuantizeOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Of(OpCode.Quantize, [new("x"), new("scale"), new("zeroPoint", Optional: true)], InferQuantize, Quantize, OpTraits.NonDifferentiable) with
        {
            Attributes = [Whole("axis", -1), new("dtype", AttributeKind.DType, new DTypeAttribute(DType.I8))],
            Domain = (0.3, 2),
            Precision = OpPrecision.Full,
            Tolerance = Tolerance.Exact,
            Examples = [new("f32[B,T]", "f32[]"), new(A.With("axis", 1L).With("dtype", DType.U8), "f32[B,T,2]", "f32[T]", "u8[T]"), new("f32[B,T]", "f32[T]", "i8[T]")],
        },
        Of(OpCode.Dequantize, [new("x"), new("scale"), new("zeroPoint", Optional: true)], InferDequantize, Dequantize) with
        {
            Attributes = [Whole("axis", -1)],
            Domain = (0.3, 2),
            Precision = OpPrecision.Full,
            Examples = [new("i8[B,T]", "f32[]"), new(A.With("axis", 1L), "u8[B,T,2]", "f32[T]", "u8[T]"), new("i32[B,T]", "f32[T]", "i32[T]")],
        },
    ];

    private static Attributes A => Attributes.Empty;

    private static ImmutableArray<TensorType> InferQuantize(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.SameDType(inputs, 0, 1);
        var to = inputs.Attributes.DType("dtype");
        if (to is not (DType.I8 or DType.U8))
        {
            throw inputs.WrongDType($"gives i8 or u8, not {to.Text()}");
        }

        CheckScale(inputs);
        return inputs.Operands.Length > 2 && inputs[2].DType != to
            ? throw inputs.WrongDType($"zeroPoint must have the result's dtype {to.Text()}, not {inputs[2].DType.Text()}")
            : [inputs[0] with { DType = to }];
    }

    private static ImmutableArray<TensorType> InferDequantize(OpInputs inputs)
    {
        if (inputs[0].DType is not (DType.I8 or DType.U8 or DType.I32))
        {
            throw inputs.WrongDType($"operand x must have i8, u8 or i32, not {inputs[0].DType.Text()}");
        }

        InferRules.Require(inputs, 1, DTypeSet.Float);
        CheckScale(inputs);
        if (inputs.Operands.Length > 2)
        {
            InferRules.SameDType(inputs, 0, 2);
        }

        return [inputs[0] with { DType = inputs[1].DType }];
    }

    private static void CheckScale(OpInputs inputs)
    {
        if (inputs[1].Rank > 1)
        {
            throw inputs.Error($"scale must be one number or a vector, not of rank {inputs[1].Rank}");
        }

        if (inputs[1].Rank == 1)
        {
            var axis = OpAxes.One(inputs);
            InferRules.RequireShape(inputs, 1, Shape.From(inputs[0].Shape[axis]));
        }

        if (inputs.Operands.Length > 2)
        {
            InferRules.RequireShape(inputs, 2, inputs[1].Shape);
        }
    }

    private static OpValue Quantize(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (low, high) = a.DType("dtype") == DType.I8 ? (-128, 127) : (0, 255);

        // Halves have too few digits for the quotient.
        var wide = x[0].DType == DType.F64 ? DType.F64 : DType.F32;
        var steps = b.Apply(OpCode.Round, b.Cast(x[0], wide) / b.Cast(Along(b, x[1], x[0], a), wide));
        steps = x.Length > 2 ? steps + b.Cast(Along(b, x[2], x[0], a), wide) : steps;
        return b.Cast(Min(b, Max(b, steps, low), high), a.DType("dtype"));
    }

    private static OpValue Dequantize(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        // The difference of two whole numbers of 8 bits has 9.
        var whole = b.Cast(x[0], DType.I32);
        whole = x.Length > 2 ? whole - b.Cast(Along(b, x[2], x[0], a), DType.I32) : whole;
        return b.Cast(whole, x[1].DType) * Along(b, x[1], x[0], a);
    }

    private static OpValue Along(OpBuilder b, OpValue vector, OpValue x, Attributes a) => vector.Shape.Rank == 0
        ? vector
        : b.Reshape(vector, new Shape([vector.Shape[0], .. Enumerable.Repeat(Dim.One, x.Shape.Rank - 1 - OpAxes.One(a, x.Shape.Rank))]));
}
