using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Rows of ops that are a formula in simpler ops. Without a gradient of its own, such an op is differentiated through its definition.</summary>
internal static class CompositeRow
{
    public delegate OpValue Formula(OpBuilder builder, ImmutableArray<OpValue> operands, Attributes attributes);

    /// <summary>One floating-point operand, one result element per place.</summary>
    public static Op Unary(OpCode code, string? onnx, Func<OpBuilder, OpValue, OpValue> formula, OperandGradient? gradient = null) =>
        Elementwise(code, onnx, 1, DTypeSet.Float, (b, x, _) => formula(b, x[0]), gradient);

    /// <summary>As <see cref="Unary"/>, with attributes.</summary>
    public static Op Unary(OpCode code, string? onnx, ImmutableArray<AttributeSpec> attributes, Func<OpBuilder, OpValue, Attributes, OpValue> formula) =>
        Elementwise(code, onnx, 1, DTypeSet.Float, (b, x, a) => formula(b, x[0], a)) with { Attributes = attributes };

    /// <summary>Two operands of one dtype that broadcast.</summary>
    public static Op Binary(OpCode code, string? onnx, DTypeSet accepts, Func<OpBuilder, OpValue, OpValue, OpValue> formula) =>
        Elementwise(code, onnx, 2, accepts, (b, x, _) => formula(b, x[0], x[1]));

    /// <summary>A bool per place of the broadcast operands.</summary>
    public static Op Predicate(OpCode code, string? onnx, int operands, Formula formula) =>
        new(code, OpTraits.Elementwise | OpTraits.NonDifferentiable, Names(operands), operands == 1
            ? inputs => [InferRules.Unary(DTypeSet.Float)(inputs)[0] with { DType = DType.Bool }]
            : InferRules.Binary(DTypeSet.Float, DType.Bool))
        {
            Definition = (b, x, a) => [formula(b, x, a)],
            Onnx = onnx,
            Tolerance = Tolerance.Exact,
        };

    /// <summary>Any op with one result.</summary>
    public static Op Of(OpCode code, ImmutableArray<OperandSpec> operands, InferRule infer, Formula formula, OpTraits traits = OpTraits.None) =>
        new(code, traits, operands, infer)
        {
            Definition = (b, x, a) => [formula(b, x, a)],
            Gradient = (traits & OpTraits.NonDifferentiable) != 0 ? null : DefinitionGradient.Rule,
            Tolerance = Tolerance.Approximate,
        };

    /// <summary>A fold over <c>axes</c>.</summary>
    public static Op Reduction(
        OpCode code, string? onnx, DTypeSet accepts, Func<OpBuilder, OpValue, ImmutableArray<int>, bool, OpValue> formula, OpTraits traits = OpTraits.None) =>
        Of(
            code, ElementwiseOps.X, InferRules.Reduction(accepts),
            (b, x, a) => formula(b, x[0], OpAxes.Of(a, x[0].Shape.Rank), a.Bool("keepDims")), OpTraits.Reduction | traits) with
        {
            Attributes = ReductionOps.Attributes,
            Onnx = onnx,
        };

    public static Op Elementwise(
        OpCode code, string? onnx, int operands, DTypeSet accepts, Formula formula, OperandGradient? gradient = null) =>
        Of(code, Names(operands), operands switch { 1 => InferRules.Unary(accepts), 2 => InferRules.Binary(accepts), _ => Ternary(accepts) }, Wide(formula), OpTraits.Elementwise) with
        {
            Gradient = gradient is null ? DefinitionGradient.Rule : GradientRules.Each(gradient),
            Onnx = onnx,
        };

    /// <summary>Halves are computed in f32 and rounded once.</summary>
    private static Formula Wide(Formula formula) => (b, x, a) => x[0].DType is DType.F16 or DType.BF16
        ? b.Cast(formula(b, [.. x.Select(v => b.Cast(v, DType.F32))], a), x[0].DType)
        : formula(b, x, a);

    public static AttributeSpec Number(string name, double value) => new(name, AttributeKind.Float, new FloatAttribute(value));

    public static AttributeSpec Whole(string name, long value) => new(name, AttributeKind.Int, new DimAttribute(value));

    public static AttributeSpec Flag(string name, bool value = false) => new(name, AttributeKind.Bool, new BoolAttribute(value));

    public static OpValue Abs(OpBuilder b, OpValue x) => b.Apply(OpCode.Abs, x);

    public static OpValue Max(OpBuilder b, OpValue x, OpValue y) => b.Apply(OpCode.Maximum, x, y);

    public static OpValue Max(OpBuilder b, OpValue x, double y) => b.Apply(OpCode.Maximum, x, b.ScalarLike(x, y));

    public static OpValue Min(OpBuilder b, OpValue x, double y) => b.Apply(OpCode.Minimum, x, b.ScalarLike(x, y));

    public static OpValue Less(OpBuilder b, OpValue x, double y) => b.Apply(OpCode.Less, x, b.ScalarLike(x, y));

    public static OpValue Greater(OpBuilder b, OpValue x, double y) => b.Apply(OpCode.Greater, x, b.ScalarLike(x, y));

    public static OpValue Equal(OpBuilder b, OpValue x, double y) => b.Apply(OpCode.Equal, x, b.ScalarLike(x, y));

    /// <summary>With the sign of <paramref name="x"/>, -0 counting as positive.</summary>
    public static OpValue Signed(OpBuilder b, OpValue x, OpValue magnitude) => b.Select(Less(b, x, 0), -magnitude, magnitude);

    public static OpValue IsNan(OpBuilder b, OpValue x) => b.Apply(OpCode.NotEqual, x, x);

    private static ImmutableArray<OperandSpec> Names(int operands) =>
        operands switch { 1 => ElementwiseOps.X, 2 => ElementwiseOps.XY, _ => [new("x"), new("y"), new("z")] };

    private static InferRule Ternary(DTypeSet accepts) => inputs =>
    {
        InferRules.Require(inputs, 0, accepts);
        InferRules.SameDType(inputs, 0, 1);
        InferRules.SameDType(inputs, 0, 2);
        return [inputs[0] with { Shape = InferRules.Broadcast(inputs, InferRules.Broadcast(inputs, inputs[0].Shape, inputs[1].Shape), inputs[2].Shape) }];
    };
}
