using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Values that follow from attributes alone, and random ones that follow from their state.</summary>
internal static class CreationOps
{
    private const OpTraits Traits = OpTraits.Creation | OpTraits.NonDifferentiable | OpTraits.Recompute;

    public static ImmutableArray<Op> Rows { get; } =
    [
        // Integers are exact up to 2^53.
        Row(OpCode.Constant, i => [new TensorType(i.Attributes.DType("dtype"), Shape.Scalar)],
            new("value", AttributeKind.Float), new("dtype", AttributeKind.DType)),
        Row(OpCode.Full, InferRules.Stated(DTypeSet.Any),
            new("shape", AttributeKind.Dims), new("value", AttributeKind.Float), new("dtype", AttributeKind.DType)),
        Row(OpCode.Iota, InferIota,
            new("shape", AttributeKind.Dims), new("axis", AttributeKind.Int), new("dtype", AttributeKind.DType)),
        Row(OpCode.DimSize, _ => [new TensorType(DType.I64, Shape.Scalar)], new AttributeSpec("dim", AttributeKind.Dim)),

        // Element i is word i mod 4 of Philox4x32-10 at counter offset + i/4, keyed by the seed: 24 bits of it for f32, in [0,1).
        new(OpCode.RandomUniform, OpTraits.NonDifferentiable | OpTraits.Recompute, RandomState, InferRandomUniform)
        {
            Batch = BatchRules.RandomUniform,
            Attributes = [new("shape", AttributeKind.Dims), new("dtype", AttributeKind.DType, new DTypeAttribute(DType.F32))],
            Tolerance = Tolerance.Exact,
        },
        CompositeRow.Of(
            OpCode.RandomUniformLike, [.. RandomState, new("like")], InferLike,
            (b, x, _) => b.Apply(OpCode.RandomUniform, Attributes.Empty.With("shape", x[1].Shape.Dims).With("dtype", DrawnAs(x[1].DType)), x[0]),
            OpTraits.NonDifferentiable | OpTraits.Recompute) with
        {
            Examples = [new("i64[2]", "f32[B,T]")],
            Precision = OpPrecision.Follow,
            Tolerance = Tolerance.Exact,
        },
    ];

    internal static ImmutableArray<OperandSpec> RandomState => [new("state")];

    /// <summary>The operand is a random state: seed and offset.</summary>
    internal static void RequireState(OpInputs inputs)
    {
        if (inputs[0] != new TensorType(DType.I64, Shape.Of(2)))
        {
            const string Why = "the state must be i64[2]: seed and offset";
            throw inputs[0].Shape.IsConstant ? inputs.Error(Why) : inputs.Undecided(Why);
        }
    }

    private static DType DrawnAs(DType dtype) => dtype == DType.F64 ? dtype : DType.F32;

    private static ImmutableArray<TensorType> InferLike(OpInputs inputs)
    {
        RequireState(inputs);
        InferRules.Require(inputs, 1, DTypeSet.Float);
        return [inputs[1] with { DType = DrawnAs(inputs[1].DType) }];
    }

    private static Op Row(OpCode code, InferRule infer, params AttributeSpec[] attributes) =>
        new(code, Traits, [], infer) { Attributes = [.. attributes], Tolerance = Tolerance.Exact };

    private static ImmutableArray<TensorType> InferIota(OpInputs inputs)
    {
        var types = InferRules.Stated(DTypeSet.Numeric)(inputs);
        OpAxes.One(inputs.Attributes.Dim("axis"), types[0].Rank, inputs.Error);
        return types;
    }

    private static ImmutableArray<TensorType> InferRandomUniform(OpInputs inputs)
    {
        RequireState(inputs);
        return InferRules.Stated(DTypeSet.Float)(inputs);
    }
}
