using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>
/// Tensors whose rows along axis 0 take up further ones: x [n, …], indices of any shape, updates [indices…, …] give [n, …]. Rows come in order. The runtime's managed
/// code takes as many steps as there are updates; the definitions, for what has no such code, look at each pair.
/// </summary>
internal static class IndexUpdateOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Row(OpCode.IndexAdd, (b, x, _) => x[0] + b.Apply(OpCode.ScatterAdd, A.With("size", x[0].Shape[0]), x[1], x[2])) with
        {
            Gradient = (b, c) => [c.Wants(0) ? c.Dy : null, null, c.Wants(2) ? b.Apply(OpCode.Gather, c.Dy, c[1]) : null],
        },
        Row(OpCode.IndexMax, (b, x, _) => Folded(b, x, OpCode.ReduceMax)) with { Gradient = ExtremeGradient, Tolerance = Tolerance.Exact },
        Row(OpCode.IndexMin, (b, x, _) => Folded(b, x, OpCode.ReduceMin)) with { Gradient = ExtremeGradient, Tolerance = Tolerance.Exact },
        Row(OpCode.IndexMul, Product) with { Gradient = ProductGradient },
        Of(OpCode.UpdateSlice, [new("x"), new("update"), new("start")], InferSlice, Slice, OpTraits.DataMovement | OpTraits.Managed | OpTraits.Overwrites) with
        {
            Attributes = [Whole("axis", 0)],
            Gradient = SliceGradient,
            Check = i =>
            {
                var axis = OpAxes.One(i);
                return new(2, Dim.Zero, i[0].Shape[axis] - i[1].Shape[axis], Proves: true);
            },
            Tolerance = Tolerance.Exact,
            Examples = [new("f32[5,T]", "f32[2,T]", "i64[]"), new(A.With("axis", 2L), "f32[B,2,6,3]", "f32[B,2,1,3]", "i32[]"), new(A.With("axis", -1L), "f32[B,5]", "f32[B,3]", "i64[]")],
        },
    ];

    private static Attributes A => Attributes.Empty;

    private static Op Row(OpCode code, Formula formula) => Of(
        code, [new("x"), new("indices"), new("updates")], Infer, formula, OpTraits.DataMovement | OpTraits.Managed | OpTraits.Overwrites) with
    {
        Examples = [new("f32[4,T]", "i64[B]", "f32[B,T]"), new("f32[5,2]", "i32[B,T]", "f32[B,T,2]"), new("f32[3,D]", "i64[]", "f32[D]")],
        Precision = OpPrecision.Full,
        Check = i => OperandCheck.Index(1, i[0].Shape[0], []),
    };

    private static ImmutableArray<TensorType> Infer(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Numeric);
        InferRules.Require(inputs, 1, DTypeSet.Index);
        InferRules.SameDType(inputs, 0, 2);
        InferRules.RequireRank(inputs, 0, 1);
        InferRules.RequireShape(inputs, 2, new Shape([.. inputs[1].Shape, .. inputs[0].Shape.Skip(1)]));
        return [inputs[0]];
    }

    private static ImmutableArray<TensorType> InferSlice(OpInputs inputs)
    {
        InferRules.SameDType(inputs, 0, 1);
        InferRules.RequireRank(inputs, 0, 1);
        InferRules.Require(inputs, 2, DTypeSet.Index);
        InferRules.RequireShape(inputs, 2, Shape.Scalar);
        var axis = OpAxes.One(inputs.Attributes, inputs[0].Rank);
        var length = axis < inputs[1].Rank ? inputs[1].Shape[axis] : Dim.Zero;
        InferRules.RequireShape(inputs, 1, new Shape(inputs[0].Shape.Dims.SetItem(axis, length)));
        return inputs[0].Shape[axis] - length is { IsConstant: true, Value: < 0 }
            ? throw inputs.Error($"an update of {length} is longer than axis {axis} of {inputs[0].Shape}") : [inputs[0]];
    }

    // One look-up in x and the update, one after the other.
    private static OpValue Slice(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        var axis = OpAxes.One(attributes, x[0].Shape.Rank);
        var (size, count) = (x[0].Shape[axis], x[1].Shape[axis]);
        var places = b.Iota(Shape.From(size), 0, DType.I64);
        var within = places - Begin(b, x[2], size, count);
        var isNew = b.Apply(OpCode.LogicalAnd, b.Apply(OpCode.GreaterEqual, within, b.ScalarLike(within, 0)), b.Apply(OpCode.Less, within, b.DimSize(count, DType.I64)));
        var table = b.Apply(OpCode.Concat, A.With("axis", 0L), First(b, x[0], axis), First(b, x[1], axis));
        return First(b, b.Apply(OpCode.Gather, table, b.Select(isNew, within + b.DimSize(size, DType.I64), places)), axis);
    }

    private static OpValue Begin(OpBuilder b, OpValue start, Dim size, Dim count)
    {
        var length = b.DimSize(count, DType.I64);
        return RangeCheck.Checked(b, b.Cast(start, DType.I64) + length, count, size) - length;
    }

    private static ImmutableArray<OpValue?> SliceGradient(OpBuilder b, GradientInputs c)
    {
        var axis = OpAxes.One(c.Attributes, c[0].Shape.Rank);
        var count = c[1].Shape[axis];
        return
        [
            c.Wants(0) ? b.Apply(OpCode.UpdateSlice, c.Attributes, c.Dy, b.BroadcastTo(b.ScalarLike(c.Dy, 0), c[1].Shape), c[2]) : null,
            c.Wants(1) ? First(b, b.Apply(OpCode.Gather, First(b, c.Dy, axis), b.Iota(Shape.From(count), 0, DType.I64) + Begin(b, c[2], c[0].Shape[axis], count)), axis) : null,
            null,
        ];
    }

    // The axis and the first one change places.
    private static OpValue First(OpBuilder b, OpValue x, int axis) =>
        axis == 0 ? x : b.Transpose(x, [.. Enumerable.Range(0, x.Shape.Rank).Select(a => a == 0 ? axis : a == axis ? 0 : a)]);

    /// <summary>What comes to each place along a new first axis: x itself, then each update where it belongs and a number elsewhere.</summary>
    private static OpValue Folded(OpBuilder b, ImmutableArray<OpValue> x, OpCode fold)
    {
        var updates = Flat(b, x);
        var elsewhere = b.BroadcastTo(b.Reshape(x[0], new Shape([1, .. x[0].Shape.Dims])), new Shape([updates.Shape[0], .. x[0].Shape.Dims]));
        var placed = b.Select(Hits(b, x), b.Reshape(updates, new Shape(updates.Shape.Dims.Insert(1, 1))), elsewhere);
        return b.Reduce(fold, b.Apply(OpCode.Concat, A.With("axis", 0L), b.Reshape(x[0], new Shape([1, .. x[0].Shape.Dims])), placed), [0], keepDims: false);
    }

    private static OpValue Product(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        var updates = Flat(b, x);
        var placed = b.Select(Hits(b, x), b.Reshape(updates, new Shape(updates.Shape.Dims.Insert(1, 1))), b.ScalarLike(updates, 1));
        var all = b.Apply(OpCode.Concat, A.With("axis", 0L), b.Reshape(x[0], new Shape([1, .. x[0].Shape.Dims])), b.BroadcastTo(placed, new Shape([updates.Shape[0], .. x[0].Shape.Dims])));
        var products = b.Apply(OpCode.CumProd, A.With("axis", 0L), all);
        return b.Reshape(b.Slice(products, [all.Shape[0] - 1, .. x[0].Shape.Select(_ => Dim.Zero)], new Shape([1, .. x[0].Shape.Dims])), x[0].Shape);
    }

    private static OpValue Flat(OpBuilder b, ImmutableArray<OpValue> x) => b.Reshape(x[2], new Shape([x[1].Shape.Size, .. x[0].Shape.Skip(1)]));

    /// <summary>[updates, n, 1, …]: whether the update belongs to the row.</summary>
    private static OpValue Hits(OpBuilder b, ImmutableArray<OpValue> x)
    {
        // Gather knows negative indices, and those that are out of range.
        var rows = b.Iota(new Shape([x[0].Shape[0]]), 0, DType.I64);
        var chosen = b.Reshape(b.Apply(OpCode.Gather, rows, x[1]), new Shape([x[1].Shape.Size, 1]));
        var hits = b.Apply(OpCode.Equal, chosen, rows);
        return b.Reshape(hits, new Shape([.. hits.Shape.Dims, .. x[0].Shape.Skip(1).Select(_ => Dim.One)]));
    }

    // Elements that share the extreme share its cotangent evenly.
    private static ImmutableArray<OpValue?> ExtremeGradient(OpBuilder b, GradientInputs c)
    {
        var (own, given) = (b.Apply(OpCode.Equal, c[0], c.Y), b.Apply(OpCode.Equal, c[2], b.Apply(OpCode.Gather, c.Y, c[1])));
        var count = b.Apply(OpCode.IndexAdd, b.Cast(own, c.Dy.DType), c[1], b.Cast(given, c.Dy.DType));
        var share = c.Dy / count;
        return
        [
            c.Wants(0) ? GradientRules.Where(b, own, share) : null, null,
            c.Wants(2) ? GradientRules.Where(b, given, b.Apply(OpCode.Gather, share, c[1])) : null,
        ];
    }

    // The product of the others: of a row with a zero, only the zero has one, and with several none.
    private static ImmutableArray<OpValue?> ProductGradient(OpBuilder b, GradientInputs c)
    {
        var (isZero, areZero) = (Equal(b, c[0], 0), Equal(b, c[2], 0));
        OpValue Kept(OpValue x, OpValue zero) => b.Select(zero, b.ScalarLike(x, 1), x);
        var product = b.Apply(OpCode.IndexMul, Kept(c[0], isZero), c[1], Kept(c[2], areZero));
        var zeros = b.Apply(OpCode.IndexAdd, b.Cast(isZero, c.Dy.DType), c[1], b.Cast(areZero, c.Dy.DType));
        var (withOne, withNone) = (GradientRules.Where(b, Equal(b, zeros, 1), c.Dy * product), GradientRules.Where(b, Equal(b, zeros, 0), c.Dy * product));
        OpValue At(OpValue x) => b.Apply(OpCode.Gather, x, c[1]);
        return
        [
            c.Wants(0) ? b.Select(isZero, withOne, withNone / Kept(c[0], isZero)) : null, null,
            c.Wants(2) ? b.Select(areZero, At(withOne), At(withNone) / Kept(c[2], areZero)) : null,
        ];
    }
}
