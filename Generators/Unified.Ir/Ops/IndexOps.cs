using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>Elements by index along an axis, places in sorted rows, and counts.</summary>
internal static class IndexOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Of(OpCode.TakeAlongAxis, [new("x"), new("indices")], InferTake, Take) with
        {
            Attributes = [Whole("axis", -1)],
            Examples = [new("f32[B,4]", "i64[B,T]"), new(A.With("axis", 0L), "f32[3,T]", "i32[2,T]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.SearchSorted, [new("sorted") { Domain = InputDomain.Sorted }, new("values")], InferSearch, Search, OpTraits.NonDifferentiable | OpTraits.Managed) with
        {
            Attributes = [Flag("right")],
            Batch = SearchEach,
            Examples = [new("f32[T]", "f32[B,3]"), new(A.With("right", true), "f32[B,T]", "f32[B,2]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.BinCount, ElementwiseOps.X, InferCount, (b, x, a) => b.Apply(
            OpCode.ScatterAdd, A.With("size", a.Dim("size")), x[0], b.Full(x[0].Shape, DType.I64, 1)), OpTraits.NonDifferentiable) with
        {
            Attributes = [new("size", AttributeKind.Dim)],
            Examples = [new(A.With("size", (Dim)4), "i64[B,T]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.Histogram, ElementwiseOps.X, InferHistogram, Histogram, OpTraits.NonDifferentiable) with
        {
            Attributes = [new("bins", AttributeKind.Int), new("low", AttributeKind.Float), new("high", AttributeKind.Float)],
            Examples = [new(A.With("bins", 5L).With("low", -1.0).With("high", 1.5), "f32[B,T]")],
            Precision = OpPrecision.Full,
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.Cross, ElementwiseOps.XY, InferCross, Cross) with { Examples = [new("f32[B,3]", "f32[B,3]"), new("f32[3]", "f32[T,3]")], Tolerance = Tolerance.Approximate },
        Of(OpCode.Kron, ElementwiseOps.XY, InferKron, Kron) with { Examples = [new("f32[B,2]", "f32[3,T]")], Tolerance = Tolerance.Rounded },
        Of(OpCode.Covariance, ElementwiseOps.X, InferPairs, (b, x, a) => Covariance(b, x[0], a.Int("correction"))) with
        {
            Attributes = [Whole("correction", 1)],
            Precision = OpPrecision.Full,
            Examples = [new("f32[3,4]"), new(A.With("correction", 0L), "f32[B,T]")],
        },
        Of(OpCode.Correlation, ElementwiseOps.X, InferPairs, Correlation) with { Precision = OpPrecision.Full, Examples = [new("f32[3,4]")] },
    ];

    private static Attributes A => Attributes.Empty;

    private static ImmutableArray<TensorType> InferTake(OpInputs inputs)
    {
        InferRules.Require(inputs, 1, DTypeSet.Index);
        var axis = OpAxes.One(inputs);
        if (inputs[1].Rank != inputs[0].Rank)
        {
            throw inputs.Error($"ranks {inputs[0].Rank} and {inputs[1].Rank} differ");
        }

        for (var other = 0; other < inputs[0].Rank; other++)
        {
            if (other != axis)
            {
                InferRules.RequireEqual(inputs, inputs[0].Shape[other], inputs[1].Shape[other], $"axis {other}");
            }
        }

        return [inputs[0] with { Shape = inputs[1].Shape }];
    }

    // What is outside of its row must not be an element of another one: it is outside of all.
    private static OpValue Take(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (shape, axis) = (x[0].Shape, OpAxes.One(a, x[0].Shape.Rank));
        var (given, count) = (b.Cast(x[1], DType.I64), b.DimSize(shape[axis], DType.I64));
        var zero = b.ScalarLike(given, 0);
        var place = b.Select(b.Apply(OpCode.Less, given, zero), given + count, given);
        var isOutside = b.Apply(OpCode.LogicalOr, b.Apply(OpCode.Less, place, zero), b.Apply(OpCode.GreaterEqual, place, count));
        var (at, stride) = (zero, Dim.One);
        for (var k = shape.Rank - 1; k >= 0; k--)
        {
            at = ((k == axis ? place : b.Iota(x[1].Shape, k, DType.I64)) * b.DimSize(stride, DType.I64)) + at;
            stride *= shape[k];
        }

        return b.Apply(OpCode.Gather, b.Reshape(x[0], new Shape([stride])), b.Select(isOutside, b.DimSize(stride, DType.I64), at));
    }

    private static ImmutableArray<TensorType> InferSearch(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.SameDType(inputs, 0, 1);
        InferRules.RequireRank(inputs, 0, 1);
        if (inputs[0].Rank > 1)
        {
            InferRules.RequireRank(inputs, 1, inputs[0].Rank);
            for (var axis = 0; axis < inputs[0].Rank - 1; axis++)
            {
                InferRules.RequireEqual(inputs, inputs[0].Shape[axis], inputs[1].Shape[axis], $"axis {axis}");
            }

            if (inputs[1].Rank != inputs[0].Rank)
            {
                throw inputs.Error($"ranks {inputs[0].Rank} and {inputs[1].Rank} differ; sorted is one row, or has a row for each row of values");
            }
        }

        return [inputs[1] with { DType = DType.I64 }];
    }

    // The number of elements that come before.
    private static OpValue Search(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (sorted, values) = (x[0].Shape, x[1].Shape);
        var row = sorted.Rank == 1 ? x[0] : b.Reshape(x[0], new Shape(sorted.Dims.Insert(sorted.Rank - 1, 1)));
        var value = b.Reshape(x[1], new Shape(values.Dims.Add(1)));
        var before = b.Apply(a.Bool("right") ? OpCode.LessEqual : OpCode.Less, row, value);
        return b.Sum(b.Cast(before, DType.I64), [values.Rank]);
    }

    // One sorted row serves all values; one for each example is a row for each row of values.
    private static OpValue SearchEach(OpBuilder b, BatchInputs c)
    {
        if (!c.IsBatched[0] && c.TypeOf(0).Rank == 1)
        {
            return b.Apply(c.Op.Code, c.Attributes, c[0], c[1]);
        }

        var (sorted, values) = (BatchRules.Each(b, c, 0), BatchRules.Each(b, c, 1));
        if (c.TypeOf(0).Rank > 1)
        {
            return b.Apply(c.Op.Code, c.Attributes, sorted, values);
        }

        var flat = b.Reshape(values, Shape.From(c.Size, c.TypeOf(1).Shape.Size));
        return b.Reshape(b.Apply(c.Op.Code, c.Attributes, sorted, flat), values.Shape);
    }

    private static ImmutableArray<TensorType> InferCount(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Index);
        return [new TensorType(DType.I64, Shape.From(inputs.Attributes.Dim("size")))];
    }

    private static ImmutableArray<TensorType> InferHistogram(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        var (low, high) = (inputs.Attributes.Float("low"), inputs.Attributes.Float("high"));
        return inputs.Attributes.Int("bins") <= 0 ? throw inputs.Error($"bins {inputs.Attributes.Int("bins")} must be 1 or more")
            : !(low < high) ? throw inputs.Error($"low {low} must be below high {high}")
            : [new TensorType(DType.I64, Shape.From(inputs.Attributes.Int("bins")))];
    }

    private static OpValue Histogram(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (low, high, bins) = (a.Float("low"), a.Float("high"), a.Int("bins"));
        var isInside = b.Apply(OpCode.LogicalAnd, b.Apply(OpCode.GreaterEqual, x[0], b.ScalarLike(x[0], low)), b.Apply(OpCode.LessEqual, x[0], b.ScalarLike(x[0], high)));
        var at = b.Apply(OpCode.Floor, (b.Select(isInside, x[0], b.ScalarLike(x[0], low)) - low) * (bins / (high - low)));

        // The upper bound belongs to the last bin.
        return b.Apply(OpCode.ScatterAdd, A.With("size", (Dim)bins), b.Cast(Min(b, at, bins - 1), DType.I64), b.Cast(isInside, DType.I64));
    }

    private static ImmutableArray<TensorType> InferCross(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Numeric);
        InferRules.SameDType(inputs, 0, 1);
        InferRules.RequireRank(inputs, 0, 1);
        InferRules.RequireRank(inputs, 1, 1);
        return inputs[0].Shape[inputs[0].Rank - 1].Is(3) && inputs[1].Shape[inputs[1].Rank - 1].Is(3)
            ? [inputs[0] with { Shape = InferRules.Broadcast(inputs, inputs[0].Shape, inputs[1].Shape) }]
            : throw inputs.Error("the last axis of both must have size 3");
    }

    private static OpValue Cross(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        OpValue At(OpValue v, int i) => b.Slice(v, v.Shape.Select((_, k) => k == v.Shape.Rank - 1 ? i : Dim.Zero), v.Shape.Dims.SetItem(v.Shape.Rank - 1, 1));
        OpValue Part(int i, int j) => (At(x[0], i) * At(x[1], j)) - (At(x[0], j) * At(x[1], i));
        return b.Apply(OpCode.Concat, A.With("axis", -1L), Part(1, 2), Part(2, 0), Part(0, 1));
    }

    private static ImmutableArray<TensorType> InferKron(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Numeric);
        InferRules.SameDType(inputs, 0, 1);
        return inputs[0].Rank == 2 && inputs[1].Rank == 2
            ? [inputs[0] with { Shape = Shape.From(inputs[0].Shape[0] * inputs[1].Shape[0], inputs[0].Shape[1] * inputs[1].Shape[1]) }]
            : throw inputs.Error("needs two matrices");
    }

    private static OpValue Kron(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        var (m, n, p, q) = (x[0].Shape[0], x[0].Shape[1], x[1].Shape[0], x[1].Shape[1]);
        return b.Reshape(b.Reshape(x[0], Shape.From(m, 1, n, 1)) * b.Reshape(x[1], Shape.From(p, 1, q)), Shape.From(m * p, n * q));
    }

    private static ImmutableArray<TensorType> InferPairs(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        return inputs[0].Rank == 2
            ? [inputs[0] with { Shape = Shape.From(inputs[0].Shape[0], inputs[0].Shape[0]) }]
            : throw inputs.Error("needs a matrix with a row for each variable");
    }

    private static OpValue Covariance(OpBuilder b, OpValue x, long correction)
    {
        var centered = x - b.Apply(OpCode.Mean, A.With("axes", [1]).With("keepDims", true), x);
        return b.MatMul(centered, centered, transposeB: true) / b.DimSize(x.Shape[1] - correction, x.DType);
    }

    private static OpValue Correlation(OpBuilder b, ImmutableArray<OpValue> x, Attributes attributes)
    {
        var covariance = Covariance(b, x[0], 0);
        var scale = b.Apply(OpCode.Rsqrt, b.Apply(OpCode.Diagonal, covariance));
        return covariance * b.Reshape(scale, Shape.From(x[0].Shape[0], 1)) * scale;
    }
}
