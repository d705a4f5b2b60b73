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
        Of(OpCode.QuantizedMatMul, [new("x"), new("weight"), new("scale")], InferProduct, Product, OpTraits.Contraction) with
        {
            Kernel = DTypeSet.F32,

            // A rounded scale would cost more digits than the weights have.
            Precision = OpPrecision.Full,
            Examples = [new("f32[B,16]", "u8[T,8]", "f32[T,2]"), new("f32[2,B,12]", "i8[3,12]", "f32[3,4]"), new("f32[B,8]", "u8[3,4]", "f32[3,1]")],
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

    private static ImmutableArray<TensorType> InferProduct(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.SameDType(inputs, 0, 2);
        if (inputs[1].DType is not (DType.U8 or DType.I8))
        {
            throw inputs.WrongDType($"the weight must have u8 (two numbers of 4 bits each) or i8, not {inputs[1].DType.Text()}");
        }

        InferRules.RequireRank(inputs, 0, 2);
        var (weight, scale) = (inputs[1].Shape, inputs[2].Shape);
        if (weight.Rank != 2 || scale.Rank != 2)
        {
            throw inputs.Error($"weight and scale must have shapes [out,in] and [out,groups], not {weight} and {scale}");
        }

        var depth = weight[1] * PerByte(inputs[1].DType);
        InferRules.RequireEqual(inputs, inputs[0].Shape[inputs[0].Rank - 1], depth, "the last axis of x and the numbers in a row of the weight");
        InferRules.RequireEqual(inputs, weight[0], scale[0], "the rows of weight and scale");
        if (depth is { IsConstant: true, Value: var length } && scale[1] is { IsConstant: true, Value: var groups }
            && (groups < 1 || length % groups != 0 || (PerByte(inputs[1].DType) == 2 && length / groups % 8 != 0)))
        {
            throw inputs.Error($"a row of {length} numbers does not fall into {groups} groups of equal size{(PerByte(inputs[1].DType) == 1 ? "" : ", a multiple of 8")}");
        }

        return [inputs[0] with { Shape = new Shape([.. inputs[0].Shape.Take(inputs[0].Rank - 1), weight[0]]) }];
    }

    private static int PerByte(DType dtype) => dtype == DType.U8 ? 2 : 1;

    private static OpValue Product(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (rows, groups, depth) = (x[1].Shape[0], x[2].Shape[1], x[1].Shape[1] * PerByte(x[1].DType));
        var numbers = b.Reshape(PerByte(x[1].DType) == 2 ? Nibbles(b, x[1], x[0].DType) : b.Cast(x[1], x[0].DType), Shape.From(rows, groups, Dim.FloorDiv(depth, groups)));
        var weight = numbers * b.Reshape(x[2], Shape.From(rows, groups, 1));
        return b.MatMul(x[0], b.Reshape(weight, Shape.From(rows, depth)), transposeB: true);
    }

    // The lower half of a byte comes first; 8 stands for 0.
    private static OpValue Nibbles(OpBuilder b, OpValue bytes, DType dtype)
    {
        OpValue[] halves = [b.Apply(OpCode.LogicalAnd, bytes, b.ScalarLike(bytes, 15)), b.Apply(OpCode.FloorDivide, bytes, b.ScalarLike(bytes, 16))];
        return b.Cast(b.Apply(OpCode.Stack, A.With("axis", -1L), halves), dtype) - 8;
    }

    private static OpValue Along(OpBuilder b, OpValue vector, OpValue x, Attributes a) => vector.Shape.Rank == 0
        ? vector
        : b.Reshape(vector, new Shape([vector.Shape[0], .. Enumerable.Repeat(Dim.One, x.Shape.Rank - 1 - OpAxes.One(a, x.Shape.Rank))]));
}
