using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>A tensor while rules run: a node of a graph being built, or an eager tensor.</summary>
public abstract class OpValue
{
    protected OpValue(OpBuilder builder, TensorType type) => (Builder, Type) = (builder, type);

    public OpBuilder Builder { get; }

    public TensorType Type { get; }

    public DType DType => Type.DType;

    public Shape Shape => Type.Shape;

    public static OpValue operator +(OpValue a, OpValue b) => a.Builder.Apply(OpCode.Add, a, b);

    public static OpValue operator -(OpValue a, OpValue b) => a.Builder.Apply(OpCode.Sub, a, b);

    public static OpValue operator *(OpValue a, OpValue b) => a.Builder.Apply(OpCode.Mul, a, b);

    public static OpValue operator /(OpValue a, OpValue b) => a.Builder.Apply(OpCode.Div, a, b);

    public static OpValue operator -(OpValue a) => a.Builder.Apply(OpCode.Neg, a);

    public static OpValue operator +(OpValue a, double b) => a + a.Builder.ScalarLike(a, b);

    public static OpValue operator -(OpValue a, double b) => a - a.Builder.ScalarLike(a, b);

    public static OpValue operator *(OpValue a, double b) => a * a.Builder.ScalarLike(a, b);

    public static OpValue operator /(OpValue a, double b) => a / a.Builder.ScalarLike(a, b);

    public static OpValue operator -(double a, OpValue b) => b.Builder.ScalarLike(b, a) - b;

    public static OpValue operator /(double a, OpValue b) => b.Builder.ScalarLike(b, a) / b;
}

/// <summary>
/// Where rules write: one method to implement, the rest is sugar over it. A graph builder appends a node; the eager builder
/// runs the op.
/// </summary>
public abstract class OpBuilder
{
    /// <summary>Applies an op. The attributes may leave out defaults.</summary>
    /// <exception cref="ShapeException">The call breaks the op's rule.</exception>
    public abstract ImmutableArray<OpValue> Apply(Op op, ImmutableArray<OpValue> operands, Attributes attributes);

    public OpValue Apply(OpCode code, params OpValue[] operands) => Apply(OpTable.Get(code), [.. operands], Attributes.Empty)[0];

    public OpValue Apply(OpCode code, Attributes attributes, params OpValue[] operands) =>
        Apply(OpTable.Get(code), [.. operands], attributes)[0];

    /// <summary>A rank-0 constant; integers are exact up to 2^53.</summary>
    public OpValue Scalar(DType dtype, double value) =>
        Apply(OpCode.Constant, Attributes.Empty.With("value", value).With("dtype", dtype));

    public OpValue ScalarLike(OpValue like, double value) => Scalar(like.DType, value);

    public OpValue Full(Shape shape, DType dtype, double value) =>
        Apply(OpCode.Full, Attributes.Empty.With("shape", shape.Dims).With("value", value).With("dtype", dtype));

    public OpValue ZerosLike(OpValue like) => Full(like.Shape, like.DType, 0);

    /// <summary>0, 1, 2, … along <paramref name="axis"/>, the same along the others.</summary>
    public OpValue Iota(Shape shape, int axis, DType dtype) =>
        Apply(OpCode.Iota, Attributes.Empty.With("shape", shape.Dims).With("axis", (long)axis).With("dtype", dtype));

    /// <summary>A dim as a rank-0 tensor.</summary>
    public OpValue DimSize(Dim dim, DType dtype) =>
        dim.IsConstant ? Scalar(dtype, dim.Value) : Cast(Apply(OpCode.DimSize, Attributes.Empty.With("dim", dim)), dtype);

    public OpValue Cast(OpValue x, DType dtype) =>
        x.DType == dtype ? x : Apply(OpCode.Cast, Attributes.Empty.With("dtype", dtype), x);

    public OpValue Sum(OpValue x, IEnumerable<int> axes, bool keepDims = false) => Reduce(OpCode.Sum, x, axes, keepDims);

    /// <summary>A reduction op over the axes; over no axes it is the identity.</summary>
    public OpValue Reduce(OpCode code, OpValue x, IEnumerable<int> axes, bool keepDims)
    {
        var list = axes.ToImmutableArray();
        return list.IsEmpty ? x : Apply(code, Attributes.Empty.With("axes", list).With("keepDims", keepDims), x);
    }

    public OpValue Reshape(OpValue x, Shape shape) =>
        x.Shape == shape ? x : Apply(OpCode.Reshape, Attributes.Empty.With("shape", shape.Dims), x);

    public OpValue BroadcastTo(OpValue x, Shape shape) =>
        x.Shape == shape ? x : Apply(OpCode.BroadcastTo, Attributes.Empty.With("shape", shape.Dims), x);

    public OpValue Transpose(OpValue x, IEnumerable<int> permutation) =>
        Apply(OpCode.Transpose, Attributes.Empty.With("permutation", permutation), x);

    /// <summary>Exchanges the last two axes.</summary>
    public OpValue SwapLast(OpValue x)
    {
        var order = Enumerable.Range(0, x.Shape.Rank).ToArray();
        (order[^1], order[^2]) = (order[^2], order[^1]);
        return Transpose(x, order);
    }

    public OpValue MatMul(OpValue a, OpValue b, bool transposeA = false, bool transposeB = false) =>
        Apply(OpCode.MatMul, Attributes.Empty.With("transposeA", transposeA).With("transposeB", transposeB), a, b);

    public OpValue Select(OpValue condition, OpValue a, OpValue b) => Apply(OpCode.Select, condition, a, b);

    public OpValue Slice(OpValue x, IEnumerable<Dim> starts, IEnumerable<Dim> sizes, IEnumerable<Dim>? steps = null) =>
        Apply(
            OpCode.Slice,
            Attributes.Empty.With("starts", starts).With("sizes", sizes).With("steps", steps ?? x.Shape.Select(_ => Dim.One)),
            x);

    /// <summary>The adjoint of broadcasting: sums <paramref name="x"/> over what was stretched to reach its shape from <paramref name="shape"/>.</summary>
    public OpValue SumTo(OpValue x, Shape shape)
    {
        if (x.Shape == shape)
        {
            return x;
        }

        var lead = x.Shape.Rank - shape.Rank;
        var axes = Enumerable.Range(0, x.Shape.Rank).Where(i => i < lead || (shape[i - lead].Is(1) && !x.Shape[i].Is(1)));
        return Reshape(Sum(x, axes, keepDims: true), shape);
    }
}
