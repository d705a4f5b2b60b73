using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>Rearranging elements, and matrices with a pattern.</summary>
internal static class ShapeFamilyOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Move(OpCode.Squeeze, [new("axes", AttributeKind.Dims)], Squeezed, (b, x, a) => b.Reshape(x, Squeezed(x.Shape, a, Fail)), "f32[B,1,T,1]", A.With("axes", [1, -1])),
        Move(OpCode.ExpandDims, [new("axis", AttributeKind.Int)], Expanded, (b, x, a) => b.Reshape(x, Expanded(x.Shape, a, Fail)), "f32[B,T]", A.With("axis", -1L)),
        Move(OpCode.Flatten, [Whole("start", 0), Whole("end", -1)], Flat, (b, x, a) => b.Reshape(x, Flat(x.Shape, a, Fail)), "f32[B,T,4]", A.With("start", 1L)),
        Move(OpCode.SwapAxes, [new("first", AttributeKind.Int), new("second", AttributeKind.Int)], (s, a, e) => Permuted(s, Swap(s, a, e)),
            (b, x, a) => b.Transpose(x, Swap(x.Shape, a, Fail)), "f32[B,T,4]", A.With("first", 0L).With("second", -1L)),
        Move(OpCode.MoveAxis, [new("source", AttributeKind.Int), new("destination", AttributeKind.Int)], (s, a, e) => Permuted(s, Moved(s, a, e)),
            (b, x, a) => b.Transpose(x, Moved(x.Shape, a, Fail)), "f32[B,T,4]", A.With("source", 0L).With("destination", 2L)),
        Move(OpCode.Flip, [new("axis", AttributeKind.Int)], Same, (b, x, a) => Picked(b, x, a, (at, size) => size - at - b.ScalarLike(at, 1)), "f32[B,T,3]", A.With("axis", 1L)),
        Move(OpCode.Roll, [new("shift", AttributeKind.Int), new("axis", AttributeKind.Int)], Same,
            (b, x, a) => Picked(b, x, a, (at, size) => b.Apply(OpCode.FloorMod, at - b.ScalarLike(at, a.Int("shift")), size)), "f32[2,5,3]", A.With("axis", 1L).With("shift", 2L)),
        Move(OpCode.Repeat, [new("count", AttributeKind.Int), new("axis", AttributeKind.Int)],
            (s, a, e) => new Shape(s.Dims.SetItem(Axis(s, a, "axis", e), s[Axis(s, a, "axis", e)] * Count(a, e))), Repeat, "f32[B,T,2]", A.With("count", 3L).With("axis", 1L)),
        Move(OpCode.Tile, [new("repeats", AttributeKind.Dims)], Tiled, Tile, "f32[B,3]", A.With("repeats", [2, 3])),
        Move(OpCode.Tril, [Whole("diagonal", 0)], Matrix, (b, x, a) => Triangle(b, x, a, isLower: true), "f32[B,T,4]", A.With("diagonal", 1L)),
        Move(OpCode.Triu, [Whole("diagonal", 0)], Matrix, (b, x, a) => Triangle(b, x, a, isLower: false), "f32[B,T,4]", A.With("diagonal", -1L)),
        Move(OpCode.Diagonal, [], Diagonal, (b, x, a) => OnDiagonal(b, x, keepDims: false), "f32[B,4,4]", A),
        Move(OpCode.Trace, [], (s, a, e) => new Shape(Diagonal(s, a, e).Dims.RemoveAt(s.Rank - 2)), (b, x, a) => b.Sum(OnDiagonal(b, x, keepDims: false), [x.Shape.Rank - 2]), "f32[B,4,4]", A)
            with { Tolerance = Tolerance.Approximate, Precision = OpPrecision.Full },
        Move(OpCode.DiagonalMatrix, [], (s, a, e) => s.Rank > 0 ? new Shape(s.Dims.Add(s[s.Rank - 1])) : throw e("needs rank 1 or more"),
            (b, x, a) => Select(b, b.Reshape(x, new Shape(x.Shape.Dims.Add(1))), x.Shape[x.Shape.Rank - 1]), "f32[B,4]", A),
        Move(OpCode.DepthToSpace, [new("blocksize", AttributeKind.Int)], Shuffled, Shuffle, "f32[B,8,2,3]", A.With("blocksize", 2L)) with { Onnx = "DepthToSpace" },
        Move(OpCode.UpsampleNearest, [new("factor", AttributeKind.Int)], Upsampled, Upsample, "f32[B,2,T,3]", A.With("factor", 2L)),
        Of(OpCode.Stack, [new("xs", Variadic: true)], InferStack, Stack) with
        {
            Attributes = [Whole("axis", 0)],
            Examples = [new("f32[B,3]", "f32[B,3]"), new(A.With("axis", -1L), "f32[B]", "f32[B]", "f32[B]")],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.Outer, ElementwiseOps.XY, InferOuter, (b, x, a) => b.Reshape(x[0], new Shape([x[0].Shape[0], 1])) * x[1]) with { Examples = [new("f32[B]", "f32[T]")], Tolerance = Tolerance.Rounded },
        Of(OpCode.Dot, ElementwiseOps.XY, InferDot, (b, x, a) => b.Sum(x[0] * x[1], [0])) with { Examples = [new("f32[B]", "f32[B]")], Precision = OpPrecision.Low },
        Of(OpCode.Eye, [], InferEye, (b, x, a) => b.Cast(OnSame(b, a.Dim("rows"), a.Dim("columns")), a.DType("dtype")), OpTraits.NonDifferentiable | OpTraits.Creation) with
        {
            Attributes = [new("rows", AttributeKind.Dim), new("columns", AttributeKind.Dim), new("dtype", AttributeKind.DType, new DTypeAttribute(DType.F32))],
            Examples = [new(A.With("rows", (Dim)3).With("columns", (Dim)4))],
            Tolerance = Tolerance.Exact,
        },
        Of(OpCode.Linspace, [], i => [new TensorType(i.Attributes.DType("dtype"), Shape.From(i.Attributes.Int("count")))], Linspace, OpTraits.NonDifferentiable | OpTraits.Creation) with
        {
            Attributes = [new("start", AttributeKind.Float), new("stop", AttributeKind.Float), new("count", AttributeKind.Int), new("dtype", AttributeKind.DType, new DTypeAttribute(DType.F32))],
            Examples = [new(A.With("start", -1.0).With("stop", 2.0).With("count", 7L))],
        },
        Of(OpCode.OneHot, [new("indices")], InferOneHot, OneHot, OpTraits.NonDifferentiable) with
        {
            Attributes = [new("depth", AttributeKind.Int), new("dtype", AttributeKind.DType, new DTypeAttribute(DType.F32))],
            Examples = [new(A.With("depth", 4L), "i64[B,T]")],
            Tolerance = Tolerance.Exact,
        },
    ];

    private delegate Shape ShapeRule(Shape shape, Attributes attributes, Func<string, Exception> error);

    private static Attributes A => Attributes.Empty;

    private static Exception Fail(string why) => new ShapeException(why);

    private static Op Move(OpCode code, ImmutableArray<AttributeSpec> attributes, ShapeRule shape, Func<OpBuilder, OpValue, Attributes, OpValue> formula, string example, Attributes given) =>
        Of(code, ElementwiseOps.X, i =>
        {
            InferRules.Require(i, 0, DTypeSet.Numeric);
            return [i[0] with { Shape = shape(i[0].Shape, i.Attributes, i.Error) }];
        }, (b, x, a) => formula(b, x[0], a)) with
        {
            Attributes = attributes,
            Examples = [new(given, example)],
            Tolerance = Tolerance.Exact,
        };

    private static int Axis(Shape shape, Attributes a, string name, Func<string, Exception> error) => OpAxes.One(a.Dim(name), shape.Rank, error);

    private static Shape Same(Shape shape, Attributes a, Func<string, Exception> error)
    {
        Axis(shape, a, "axis", error);
        return shape;
    }

    private static long Count(Attributes a, Func<string, Exception> error) => a.Int("count") >= 0 ? a.Int("count") : throw error($"count {a.Int("count")} is negative");

    private static Shape Squeezed(Shape shape, Attributes a, Func<string, Exception> error)
    {
        var axes = a.Dims("axes").Select(d => OpAxes.One(d, shape.Rank, error)).ToArray();
        var wide = axes.Where(i => !shape[i].Is(1)).ToArray();
        return wide.Length > 0
            ? throw error($"axis {wide[0]} has size {shape[wide[0]]}, not 1")
            : new Shape([.. shape.Where((_, i) => !axes.Contains(i))]);
    }

    private static Shape Expanded(Shape shape, Attributes a, Func<string, Exception> error) =>
        new(shape.Dims.Insert(OpAxes.One(a.Dim("axis"), shape.Rank + 1, error), 1));

    private static Shape Flat(Shape shape, Attributes a, Func<string, Exception> error)
    {
        if (shape.Rank == 0)
        {
            return Shape.Of(1);
        }

        var (start, end) = (Axis(shape, a, "start", error), Axis(shape, a, "end", error));
        return start <= end
            ? new Shape([.. shape.Take(start), shape.Skip(start).Take(end - start + 1).Aggregate(Dim.One, (x, y) => x * y), .. shape.Skip(end + 1)])
            : throw error($"start axis {start} comes after end axis {end}");
    }

    private static Shape Permuted(Shape shape, int[] order) => new([.. order.Select(i => shape[i])]);

    private static int[] Swap(Shape shape, Attributes a, Func<string, Exception> error)
    {
        var order = Enumerable.Range(0, shape.Rank).ToArray();
        var (first, second) = (Axis(shape, a, "first", error), Axis(shape, a, "second", error));
        (order[first], order[second]) = (order[second], order[first]);
        return order;
    }

    private static int[] Moved(Shape shape, Attributes a, Func<string, Exception> error)
    {
        var source = Axis(shape, a, "source", error);
        var order = Enumerable.Range(0, shape.Rank).Where(i => i != source).ToList();
        order.Insert(Axis(shape, a, "destination", error), source);
        return [.. order];
    }

    /// <summary>Gathers along the axis by a formula of the position and the size.</summary>
    private static OpValue Picked(OpBuilder b, OpValue x, Attributes a, Func<OpValue, OpValue, OpValue> formula)
    {
        var axis = OpAxes.One(a, x.Shape.Rank);
        var at = b.Iota(Shape.From(x.Shape[axis]), 0, DType.I64);
        return b.Apply(OpCode.Gather, Attributes.Empty.With("axis", (long)axis), x, formula(at, b.DimSize(x.Shape[axis], DType.I64)));
    }

    private static OpValue Repeat(OpBuilder b, OpValue x, Attributes a) => Repeated(b, x, OpAxes.One(a, x.Shape.Rank), a.Int("count"));

    private static OpValue Repeated(OpBuilder b, OpValue x, int axis, long count)
    {
        var dims = x.Shape.Dims;
        var wide = b.BroadcastTo(b.Reshape(x, new Shape(dims.Insert(axis + 1, 1))), new Shape(dims.Insert(axis + 1, count)));
        return b.Reshape(wide, new Shape(dims.SetItem(axis, dims[axis] * count)));
    }

    private static Shape Tiled(Shape shape, Attributes a, Func<string, Exception> error)
    {
        var repeats = a.Dims("repeats");
        return repeats.Length != shape.Rank ? throw error($"repeats has {repeats.Length} entries for rank {shape.Rank}")
            : repeats.Any(r => !r.IsConstant || r.Value < 0) ? throw error($"repeats {new Shape(repeats)} must be constants, 0 or more")
            : new Shape([.. shape.Select((d, i) => d * repeats[i])]);
    }

    private static OpValue Tile(OpBuilder b, OpValue x, Attributes a)
    {
        var repeats = a.Ints("repeats");
        for (var axis = 0; axis < repeats.Length; axis++)
        {
            x = repeats[axis] == 0
                ? b.Slice(x, x.Shape.Select(_ => Dim.Zero), x.Shape.Dims.SetItem(axis, 0))
                : b.Apply(OpCode.Concat, Attributes.Empty.With("axis", (long)axis), [.. Enumerable.Repeat(x, repeats[axis])]);
        }

        return x;
    }

    private static Shape Matrix(Shape shape, Attributes a, Func<string, Exception> error) => shape.Rank >= 2 ? shape : throw error("needs rank 2 or more");

    private static OpValue Triangle(OpBuilder b, OpValue x, Attributes a, bool isLower)
    {
        var matrix = new Shape([.. x.Shape.Skip(x.Shape.Rank - 2)]);
        var (row, column) = (b.Iota(matrix, 0, DType.I64), b.Iota(matrix, 1, DType.I64));
        var kept = b.Apply(isLower ? OpCode.LessEqual : OpCode.GreaterEqual, column, row + b.ScalarLike(row, a.Int("diagonal")));
        return b.Select(kept, x, b.ScalarLike(x, 0));
    }

    private static Shape Diagonal(Shape shape, Attributes a, Func<string, Exception> error) =>
        shape.Rank >= 2 && shape[shape.Rank - 1] == shape[shape.Rank - 2]
            ? new Shape(shape.Dims.RemoveAt(shape.Rank - 1))
            : throw error("the last two axes must be of one size");

    private static OpValue OnSame(OpBuilder b, Dim rows, Dim columns) =>
        b.Apply(OpCode.Equal, b.Iota(Shape.From(rows, columns), 0, DType.I64), b.Iota(Shape.From(rows, columns), 1, DType.I64));

    private static OpValue Select(OpBuilder b, OpValue x, Dim size) => b.Select(OnSame(b, size, size), x, b.ScalarLike(x, 0));

    private static OpValue OnDiagonal(OpBuilder b, OpValue x, bool keepDims) =>
        b.Sum(Select(b, x, x.Shape[x.Shape.Rank - 1]), [x.Shape.Rank - 1], keepDims);

    private static Shape Shuffled(Shape shape, Attributes a, Func<string, Exception> error)
    {
        var factor = a.Int("blocksize");
        var channels = shape.Rank == 4 && factor > 0 ? shape[1].TryDivide(factor * factor) : throw error("needs shape [N,C,H,W] and a positive blocksize");
        return channels is null
            ? throw error($"{shape[1]} channels do not divide by blocksize², {factor * factor}")
            : Shape.From(shape[0], channels, shape[2] * factor, shape[3] * factor);
    }

    // The order of ONNX's DCR mode: the blocks are the outermost part of the channels.
    private static OpValue Shuffle(OpBuilder b, OpValue x, Attributes a)
    {
        var (shape, to, factor) = (x.Shape, Shuffled(x.Shape, a, Fail), a.Int("blocksize"));
        var apart = b.Reshape(x, Shape.From(shape[0], factor, factor, to[1], shape[2], shape[3]));
        return b.Reshape(b.Transpose(apart, [0, 3, 4, 1, 5, 2]), to);
    }

    private static Shape Upsampled(Shape shape, Attributes a, Func<string, Exception> error) => shape.Rank >= 3 && a.Int("factor") > 0
        ? new Shape([.. shape.Select((d, i) => i < 2 ? d : d * a.Int("factor"))])
        : throw error("needs shape [N,C,…] and a positive factor");

    private static OpValue Upsample(OpBuilder b, OpValue x, Attributes a) =>
        Enumerable.Range(2, x.Shape.Rank - 2).Aggregate(x, (y, axis) => Repeated(b, y, axis, a.Int("factor")));

    private static ImmutableArray<TensorType> InferStack(OpInputs inputs)
    {
        if (inputs.Operands.IsEmpty)
        {
            throw inputs.Error("takes 1 or more operands, not 0");
        }

        for (var i = 1; i < inputs.Operands.Length; i++)
        {
            InferRules.SameDType(inputs, 0, i);
            InferRules.RequireShape(inputs, i, inputs[0].Shape);
        }

        var axis = OpAxes.One(inputs.Attributes.Dim("axis"), inputs[0].Rank + 1, inputs.Error);
        return [inputs[0] with { Shape = new Shape(inputs[0].Shape.Dims.Insert(axis, inputs.Operands.Length)) }];
    }

    private static OpValue Stack(OpBuilder b, ImmutableArray<OpValue> xs, Attributes a)
    {
        var axis = OpAxes.One(a, xs[0].Shape.Rank + 1);
        return b.Apply(OpCode.Concat, Attributes.Empty.With("axis", (long)axis), [.. xs.Select(x => b.Reshape(x, new Shape(x.Shape.Dims.Insert(axis, 1))))]);
    }

    private static ImmutableArray<TensorType> InferOuter(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Numeric);
        InferRules.SameDType(inputs, 0, 1);
        return inputs[0].Rank == 1 && inputs[1].Rank == 1
            ? [inputs[0] with { Shape = Shape.From(inputs[0].Shape[0], inputs[1].Shape[0]) }]
            : throw inputs.Error("needs two vectors");
    }

    private static ImmutableArray<TensorType> InferDot(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Numeric);
        InferRules.SameDType(inputs, 0, 1);
        InferRules.RequireShape(inputs, 1, inputs[0].Shape);
        return inputs[0].Rank == 1 ? [inputs[0] with { Shape = Shape.Scalar }] : throw inputs.Error("needs two vectors");
    }

    private static ImmutableArray<TensorType> InferEye(OpInputs inputs) =>
        [new TensorType(inputs.Attributes.DType("dtype"), Shape.From(inputs.Attributes.Dim("rows"), inputs.Attributes.Dim("columns")))];

    private static OpValue Linspace(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (start, stop, count) = (a.Float("start"), a.Float("stop"), a.Int("count"));
        var steps = b.Cast(b.Iota(Shape.Of(count), 0, DType.I64), a.DType("dtype"));
        return (steps * ((stop - start) / Math.Max(1, count - 1))) + start;
    }

    private static ImmutableArray<TensorType> InferOneHot(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Index);
        return [new TensorType(inputs.Attributes.DType("dtype"), new Shape(inputs[0].Shape.Dims.Add(inputs.Attributes.Int("depth"))))];
    }

    private static OpValue OneHot(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var places = b.Iota(Shape.Of(a.Int("depth")), 0, x[0].DType);
        return b.Cast(b.Apply(OpCode.Equal, places, b.Reshape(x[0], new Shape(x[0].Shape.Dims.Add(1)))), a.DType("dtype"));
    }
}
