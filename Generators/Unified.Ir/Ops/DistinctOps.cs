using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>
/// What has as many results as the values say, cut or filled up to a size that is given: the different elements of a tensor, and the places of those that are not 0.
/// </summary>
internal static class DistinctOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Of(OpCode.DistinctValues, ElementwiseOps.X, i => [i[0] with { Shape = Sized(Fillable(Sortable(i))) }], Values) with
        {
            Attributes = [new("size", AttributeKind.Dim), Number("fill", 0)],
            Examples = [new(A.With("size", (Dim)4), "f32[B,T]"), new(A.With("size", (Dim)2).With("fill", -1.0), "f32[T]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.DistinctCounts, ElementwiseOps.X, i => [new TensorType(DType.I64, Sized(Sortable(i)))], Counts, OpTraits.NonDifferentiable) with
        {
            Attributes = [new("size", AttributeKind.Dim)],
            Examples = [new(A.With("size", (Dim)4), "f32[B,T]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.DistinctPlaces, ElementwiseOps.X, i => [new TensorType(DType.I64, Sortable(i)[0].Shape)], Places, OpTraits.NonDifferentiable) with
        {
            Examples = [new("f32[B,T]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.NonzeroPlaces, ElementwiseOps.X, i => [new TensorType(DType.I64, new Shape([i.Attributes.Dim("size"), i[0].Rank]))], Nonzero, OpTraits.NonDifferentiable) with
        {
            Attributes = [new("size", AttributeKind.Dim), Whole("fill", -1)],
            Examples = [new(A.With("size", (Dim)5), "bool[B,T]"), new(A.With("size", (Dim)3).With("fill", 0L), "i64[T]")],
            Tolerance = Tolerance.Exact,
        },
    ];

    private static Attributes A => Attributes.Empty;

    private static OpInputs Sortable(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Numeric);
        return inputs[0].DType != DType.I64 ? inputs : throw inputs.WrongDType("i64 is not sorted in full; cast it to i32, or to f64 if all elements are below 2^53");
    }

    private static OpInputs Fillable(OpInputs inputs)
    {
        var (fill, dtype) = (inputs.Attributes.Float("fill"), inputs[0].DType);
        var (low, high) = dtype switch
        {
            DType.U8 => (0.0, 255.0),
            DType.I8 or DType.I16 or DType.I32 => (-Math.Pow(2, (8 * dtype.Bytes()) - 1), Math.Pow(2, (8 * dtype.Bytes()) - 1) - 1),
            _ => (double.NegativeInfinity, double.PositiveInfinity),
        };
        return dtype.IsFloat() || (fill >= low && fill <= high && fill == Math.Floor(fill)) ? inputs : throw inputs.Error($"fill {fill} is no {dtype.Text()}");
    }

    private static Shape Sized(OpInputs inputs) => Shape.From(inputs.Attributes.Dim("size"));

    /// <summary>The elements in rising order, from which places they came, and of each the number of different ones before it.</summary>
    private static (OpValue Sorted, OpValue Order, OpValue Group) Groups(OpBuilder b, OpValue x)
    {
        var flat = b.Reshape(x, Shape.From(x.Shape.Size));
        var order = b.Apply(OpCode.ArgSort, x.DType.IsFloat() ? flat : b.Cast(flat, DType.F64));
        var sorted = b.Apply(OpCode.Gather, flat, order);

        // An element is the first of its kind where the one before it, in a row that starts with the last, is another; all NaN are one.
        var before = b.Apply(OpCode.Roll, A.With("shift", 1L).With("axis", 0L), sorted);
        var differs = b.Apply(OpCode.NotEqual, sorted, before);
        if (x.DType.IsFloat())
        {
            differs = b.Apply(OpCode.LogicalAnd, differs, b.Apply(OpCode.LogicalNot, b.Apply(OpCode.LogicalAnd, IsNan(b, sorted), IsNan(b, before))));
        }

        var isInside = b.Apply(OpCode.Greater, b.Iota(sorted.Shape, 0, DType.I64), b.Scalar(DType.I64, 0));
        var starts = b.Cast(b.Apply(OpCode.LogicalAnd, isInside, differs), DType.I64);
        return (sorted, order, b.Apply(OpCode.CumSum, A.With("axis", 0L), starts));
    }

    /// <summary>For each number below the size where in the order its group begins, or is behind; of a group that is not there, behind all.</summary>
    private static OpValue Bound(OpBuilder b, OpValue group, Dim size, bool right) => b.Apply(
        OpCode.SearchSorted, A.With("right", right), b.Cast(group, DType.F64), b.Iota(Shape.From(size), 0, DType.F64));

    private static OpValue Values(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (sorted, _, group) = Groups(b, x[0]);
        var filled = b.Apply(OpCode.Concat, A.With("axis", 0L), sorted, b.Full(Shape.From(1), x[0].DType, a.Float("fill")));
        return b.Apply(OpCode.Gather, filled, Bound(b, group, a.Dim("size"), right: false));
    }

    private static OpValue Counts(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var group = Groups(b, x[0]).Group;
        return Bound(b, group, a.Dim("size"), right: true) - Bound(b, group, a.Dim("size"), right: false);
    }

    private static OpValue Places(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        var (_, order, group) = Groups(b, x[0]);
        return b.Reshape(b.Apply(OpCode.ScatterAdd, A.With("size", x[0].Shape.Size), order, group), x[0].Shape);
    }

    // The k-th is where the count of those up to it comes to k.
    private static OpValue Nonzero(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (size, shape, count) = (a.Dim("size"), x[0].Shape, x[0].Shape.Size);
        var isSet = x[0].DType == DType.Bool ? x[0] : b.Apply(OpCode.NotEqual, x[0], b.ScalarLike(x[0], 0));
        var seen = b.Apply(OpCode.CumSum, A.With("axis", 0L), b.Reshape(b.Cast(isSet, DType.I64), Shape.From(count)));
        var place = b.Apply(OpCode.SearchSorted, b.Cast(seen, DType.F64), b.Iota(Shape.From(size), 0, DType.F64) + 1);
        if (shape.Rank == 0)
        {
            return b.Full(Shape.From(size, 0), DType.I64, 0);
        }

        var isThere = b.Apply(OpCode.Less, place, b.DimSize(count, DType.I64));
        var columns = new OpValue[shape.Rank];
        var rest = b.Select(isThere, place, b.Scalar(DType.I64, 0));
        for (var axis = shape.Rank - 1; axis >= 0; axis--)
        {
            // Of no elements there is no place, but a division all the same.
            var extent = b.DimSize(Dim.Max(shape[axis], 1), DType.I64);
            var along = b.Apply(OpCode.Remainder, rest, extent);
            columns[axis] = b.Reshape(b.Select(isThere, along, b.Scalar(DType.I64, a.Int("fill"))), Shape.From(size, 1));
            rest = (rest - along) / extent;
        }

        return columns.Length == 1 ? columns[0] : b.Apply(OpCode.Concat, A.With("axis", 1L), columns);
    }
}
