using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>Values between the elements of an image: interpolation to another size, and at places of a grid.</summary>
internal static class SamplingOps
{
    /// <summary>A place along an axis: indices inside the axis, and what each element there counts.</summary>
    private sealed record Tap(OpValue Index, OpValue? Weight);

    public static ImmutableArray<Op> Rows { get; } =
    [
        Of(OpCode.Interpolate, ElementwiseOps.X, InferInterpolate, Interpolate) with
        {
            Precision = OpPrecision.Full,
            Attributes = [new("size", AttributeKind.Dims), new("mode", AttributeKind.String, new StringAttribute("nearest")), Flag("alignCorners")],
            Examples =
            [
                new(A("nearest", 8), "f32[B,2,5]"), new(A("linear", 7, 3), "f32[B,2,4,5]"), new(A("cubic", 6, 7), "f32[B,1,4,5]"),
                new(A("linear", 7, 3).With("alignCorners", true), "f32[B,2,4,5]"),
            ],
        },
        Of(OpCode.GridSample, [new("x"), new("grid")], InferGridSample, GridSample) with
        {
            Precision = OpPrecision.Full,
            Attributes = [new("mode", AttributeKind.String, new StringAttribute("linear")), new("padding", AttributeKind.String, new StringAttribute("zeros")), Flag("alignCorners")],
            Examples =
            [
                new("f32[B,2,4,5]", "f32[B,3,2,2]"),
                new(Attributes.Empty.With("mode", new StringAttribute("nearest")).With("padding", new StringAttribute("border")).With("alignCorners", true), "f32[B,2,4,5]", "f32[B,3,2,2]"),
            ],
            Domain = (-1.2, 1.2),
        },
    ];

    private static Attributes A(string mode, params long[] size) =>
        Attributes.Empty.With("size", size.Select(s => (Dim)s)).With("mode", new StringAttribute(mode));

    private static ImmutableArray<TensorType> InferInterpolate(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.RequireRank(inputs, 0, 3);
        var size = InferRules.Sizes(inputs, "size");
        var mode = Mode(inputs.Attributes);
        return size.Rank != inputs[0].Rank - 2 ? throw inputs.Error($"size {size} has {size.Rank} entries for {inputs[0].Rank - 2} spatial axes")
            : mode is not ("nearest" or "linear" or "cubic") ? throw inputs.Error($"mode must be nearest, linear or cubic, not {mode}")
            : inputs[0].Shape.Skip(2).Any(d => d.Is(0)) ? throw inputs.Error("there is nothing to interpolate between")
            : [inputs[0] with { Shape = new Shape([.. inputs[0].Shape.Take(2), .. size]) }];
    }

    private static string Mode(Attributes a) => ((StringAttribute)a.Find("mode")!).Value;

    // Separable: one axis after the other.
    private static OpValue Interpolate(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var result = x[0];
        for (var axis = 2; axis < result.Shape.Rank; axis++)
        {
            if (result.Shape[axis] != a.Dims("size")[axis - 2])
            {
                result = Along(b, result, axis, Taps(b, Mode(a), a.Bool("alignCorners"), result.Shape[axis], a.Dims("size")[axis - 2]));
            }
        }

        return result;
    }

    private static OpValue Along(OpBuilder b, OpValue x, int axis, IEnumerable<Tap> taps) => taps.Select(tap =>
    {
        var found = b.Apply(OpCode.Gather, Attributes.Empty.With("axis", (long)axis), x, tap.Index);
        return tap.Weight is null ? found : found * b.Reshape(b.Cast(tap.Weight, x.DType), new Shape([tap.Weight.Shape[0], .. Enumerable.Repeat(Dim.One, x.Shape.Rank - axis - 1)]));
    }).Aggregate((u, v) => u + v);

    /// <summary>For each of <paramref name="to"/> places, which of <paramref name="from"/> elements count how much.</summary>
    private static IEnumerable<Tap> Taps(OpBuilder b, string mode, bool alignCorners, Dim from, Dim to)
    {
        var place = b.Iota(new Shape([to]), 0, DType.F64);
        var (n, m) = (b.DimSize(from, DType.F64), b.DimSize(to, DType.F64));
        if (mode == "nearest")
        {
            return [new(Inside(b, b.Apply(OpCode.Floor, place * n / m), from), null)];
        }

        var at = alignCorners ? place * ((n - 1.0) / Max(b, m - 1.0, 1)) : ((place + 0.5) * (n / m)) - 0.5;
        at = mode == "linear" ? Max(b, at, 0) : at;
        var left = b.Apply(OpCode.Floor, at);
        var t = at - left;
        return mode == "linear"
            ? [new(Inside(b, left, from), 1.0 - t), new(Inside(b, left + 1.0, from), t)]
            : [.. Enumerable.Range(-1, 4).Select(k => new Tap(Inside(b, left + k, from), Cubic(t, k)))];
    }

    /// <summary>The convolution kernel of Keys (1981) with a = -0.75, at distance |k - t|.</summary>
    private static OpValue Cubic(OpValue t, int k)
    {
        const double A = -0.75;
        var d = k <= 0 ? t - k : k - t;
        return k is 0 or 1
            ? (((d * (A + 2)) - (A + 3)) * d * d) + 1.0
            : (((((d * A) - (5 * A)) * d) + (8 * A)) * d) - (4 * A);
    }

    private static OpValue Inside(OpBuilder b, OpValue index, Dim size) =>
        b.Cast(b.Apply(OpCode.Minimum, Max(b, index, 0), b.DimSize(size, index.DType) - 1.0), DType.I64);

    private static ImmutableArray<TensorType> InferGridSample(OpInputs inputs)
    {
        InferRules.Require(inputs, 0, DTypeSet.Float);
        InferRules.SameDType(inputs, 0, 1);
        var (x, grid) = (inputs[0].Shape, inputs[1].Shape);
        if (x.Rank != 4 || grid.Rank != 4 || !grid[3].Is(2))
        {
            throw inputs.Error("takes x [N,C,H,W] and grid [N,height,width,2], a place (x, y) in -1 … 1 for each element of the result");
        }

        InferRules.RequireEqual(inputs, x[0], grid[0], "axis 0");
        var padding = Text(inputs.Attributes, "padding");
        return Mode(inputs.Attributes) is var mode && mode is not ("nearest" or "linear") ? throw inputs.Error($"mode must be nearest or linear, not {mode}")
            : padding is not ("zeros" or "border") ? throw inputs.Error($"padding must be zeros or border, not {padding}")
            : [inputs[0] with { Shape = new Shape([x[0], x[1], grid[1], grid[2]]) }];
    }

    private static string Text(Attributes a, string name) => ((StringAttribute)a.Find(name)!).Value;

    private static OpValue GridSample(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (image, grid) = (x[0], x[1]);
        var (n, height, width) = (image.Shape[0], image.Shape[2], image.Shape[3]);
        var places = new Shape([n, grid.Shape[1], grid.Shape[2]]);
        OpValue Coordinate(int which, Dim size)
        {
            var at = b.Reshape(b.Slice(grid, [0, 0, 0, which], [.. places.Dims, Dim.One]), places);
            var length = b.DimSize(size, at.DType);
            at = a.Bool("alignCorners") ? (at + 1.0) * ((length - 1.0) * 0.5) : (((at + 1.0) * length) - 1.0) * 0.5;
            return Text(a, "padding") == "border" ? b.Apply(OpCode.Minimum, Max(b, at, 0), length - 1.0) : at;
        }

        // A row for each pixel of each image, its channels side by side.
        var rows = b.Reshape(b.Transpose(image, [0, 2, 3, 1]), new Shape([n * height * width, image.Shape[1]]));
        var (across, down) = (Coordinate(0, width), Coordinate(1, height));
        var first = b.Reshape(b.Iota(new Shape([n]), 0, DType.I64), new Shape([n, 1, 1])) * b.DimSize(height * width, DType.I64);
        OpValue At(OpValue column, OpValue row, OpValue? weight)
        {
            var index = first + (Inside(b, row, height) * b.DimSize(width, DType.I64)) + Inside(b, column, width);
            var inside = b.Apply(OpCode.LogicalAnd, Within(b, column, width), Within(b, row, height));
            var counts = b.Select(inside, weight ?? b.ScalarLike(column, 1), b.ScalarLike(column, 0));
            return b.Apply(OpCode.Gather, rows, index) * b.Reshape(b.BroadcastTo(counts, places), new Shape([.. places.Dims, Dim.One]));
        }

        OpValue sampled;
        if (Mode(a) == "nearest")
        {
            sampled = At(b.Apply(OpCode.Round, across), b.Apply(OpCode.Round, down), null);
        }
        else
        {
            var (left, top) = (b.Apply(OpCode.Floor, across), b.Apply(OpCode.Floor, down));
            var (u, v) = (across - left, down - top);
            sampled = At(left, top, (1.0 - u) * (1.0 - v)) + At(left + 1.0, top, u * (1.0 - v)) + At(left, top + 1.0, (1.0 - u) * v) + At(left + 1.0, top + 1.0, u * v);
        }

        return b.Transpose(sampled, [0, 3, 1, 2]);
    }

    private static OpValue Within(OpBuilder b, OpValue index, Dim size) => b.Apply(
        OpCode.LogicalAnd, b.Apply(OpCode.GreaterEqual, index, b.ScalarLike(index, 0)), b.Apply(OpCode.Less, index, b.DimSize(size, index.DType)));
}
