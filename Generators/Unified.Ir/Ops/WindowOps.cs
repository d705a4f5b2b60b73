using System.Collections.Immutable;
using static Unified.Ir.CompositeRow;

namespace Unified.Ir;

/// <summary>
/// Convolution and pooling over one to three spatial axes, shape [N,C,…]. Convolutions are window products with channels last, pooling a
/// sum (or maximum) over the window's places of strided slices. Spatial sizes may be named; the window's own sizes are constants.
/// </summary>
internal static class WindowOps
{
    public static ImmutableArray<Op> Rows { get; } =
    [
        Of(OpCode.Convolution, [new("x"), new("weight"), new("bias", Optional: true)], InferConvolution, Convolution) with
        {
            Precision = OpPrecision.Low,
            Attributes = [List("strides"), List("padding"), List("dilations"), Whole("groups", 1)],
            Examples =
            [
                new("f32[B,2,5]", "f32[3,2,3]", "f32[3]"),
                new(A.With("strides", [2, 1]).With("padding", [1, 2]), "f32[B,2,5,4]", "f32[3,2,3,2]"),
                new(A.With("groups", 2L).With("dilations", [2, 1]), "f32[B,4,6,4]", "f32[2,2,2,3]", "f32[2]"),
                new("f32[1,1,3,3,4]", "f32[2,1,2,2,2]"),
            ],
        },
        Of(OpCode.ConvolutionTranspose, [new("x"), new("weight"), new("bias", Optional: true)], InferTransposed, Transposed) with
        {
            Precision = OpPrecision.Low,
            Attributes = [List("strides"), List("padding")],
            Examples =
            [
                new("f32[B,2,4]", "f32[2,3,3]", "f32[3]"),
                new(A.With("strides", [2, 3]).With("padding", [1, 0]), "f32[B,2,3,2]", "f32[2,1,3,2]"),
            ],
        },
        Pool(OpCode.MaxPool, (b, x, window) => window.Places().Select(at => window.Slice(b, window.Padded(b, x, Lowest(x.DType)), at)).Aggregate((y, z) => Max(b, y, z))),
        Pool(OpCode.AveragePool, AveragePool),
        Global(OpCode.GlobalAveragePool, "GlobalAveragePool", OpCode.Mean),
        Global(OpCode.GlobalMaxPool, "GlobalMaxPool", OpCode.ReduceMax),
    ];

    private static Attributes A => Attributes.Empty;

    private static AttributeSpec List(string name) => new(name, AttributeKind.Dims, new DimsAttribute([]));

    // Padding must lose against any number, and may not make a NaN of a gradient.
    private static double Lowest(DType dtype) => dtype == DType.F16 ? -65504 : -3e38;

    private static Op Pool(OpCode code, Func<OpBuilder, OpValue, Window, OpValue> formula) =>
        Of(code, ElementwiseOps.X, i => [i[0] with { Shape = PoolWindow(i[0], i.Attributes, i.Error).Result(i[0].Shape[1]) }],
            (b, x, a) => formula(b, x[0], PoolWindow(x[0].Type, a, why => new ShapeException(why)))) with
        {
            Attributes = [new("kernel", AttributeKind.Dims), List("strides"), List("padding")],
            Examples =
            [
                new(A.With("kernel", [3]), "f32[B,2,7]"),
                new(A.With("kernel", [2, 3]).With("strides", [2, 1]).With("padding", [1, 1]), "f32[B,2,5,4]"),
            ],
        };

    private static Op Global(OpCode code, string onnx, OpCode fold) =>
        Of(code, ElementwiseOps.X, i =>
        {
            InferRules.Require(i, 0, DTypeSet.Float);
            InferRules.RequireRank(i, 0, 3);
            return [i[0] with { Shape = OpAxes.Fold(i[0].Shape, Spatial(i[0].Rank), keepDims: true) }];
        }, (b, x, a) => b.Reduce(fold, x[0], Spatial(x[0].Shape.Rank), keepDims: true)) with
        {
            Onnx = onnx,
            Examples = [new("f32[B,2,T,4]"), new("f32[B,2,5]")],
        };

    private static ImmutableArray<int> Spatial(int rank) => [.. Enumerable.Range(2, rank - 2)];

    private static Window PoolWindow(TensorType x, Attributes a, Func<string, Exception> error)
    {
        if (!x.DType.IsFloat())
        {
            throw error("operand x must have a floating-point dtype");
        }

        return Window.Of(x.Shape, a.Dims("kernel"), a, dilated: false, error);
    }

    private static OpValue AveragePool(OpBuilder b, OpValue x, Window window)
    {
        OpValue Sum(OpValue y) => window.Places().Select(at => window.Slice(b, window.Padded(b, y, 0), at)).Aggregate((u, v) => u + v);

        // What lies in the padding does not count.
        var spatial = new Shape([1, 1, .. x.Shape.Skip(2)]);
        var ones = window with { Shape = spatial };
        var counts = ones.Places().Select(at => ones.Slice(b, ones.Padded(b, b.Full(spatial, x.DType, 1), 0), at)).Aggregate((u, v) => u + v);
        return Sum(x) / counts;
    }

    private static Window ConvolutionWindow(ImmutableArray<TensorType> types, Attributes a, Func<string, Exception> error)
    {
        var (x, weight) = (types[0], types[1]);
        if (!x.DType.IsFloat() || types.Any(t => t.DType != x.DType))
        {
            throw error("the operands must have one floating-point dtype");
        }

        return weight.Rank == x.Rank
            ? Window.Of(x.Shape, [.. weight.Shape.Skip(2)], a, dilated: true, error)
            : throw error($"the weight must have rank {x.Rank}, as x has, not {weight.Rank}");
    }

    private static ImmutableArray<TensorType> InferConvolution(OpInputs i)
    {
        var window = ConvolutionWindow(i.Operands, i.Attributes, i.Error);
        var (x, weight, groups) = (i[0].Shape, i[1].Shape, i.Attributes.Int("groups"));
        if (groups < 1 || weight[0].TryDivide(groups) is null)
        {
            throw i.Error($"{weight[0]} result channels do not divide into {groups} groups");
        }

        InferRules.RequireEqual(i, x[1], weight[1] * groups, "channels of x, and groups times those of the weight");
        Bias(i, weight[0]);
        return [i[0] with { Shape = window.Result(weight[0]) }];
    }

    private static void Bias(OpInputs i, Dim channels)
    {
        if (i.Operands.Length > 2)
        {
            InferRules.RequireShape(i, 2, Shape.From(channels));
        }
    }

    private static OpValue Convolution(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var window = ConvolutionWindow([.. x.Select(v => v.Type)], a, why => new ShapeException(why));
        var (weight, groups) = (x[1], a.Int("groups"));
        var perGroup = weight.Shape[0].TryDivide(groups)!;
        var input = ChannelsLast(b, window.Padded(b, x[0], 0));
        var result = groups > 1 && perGroup.Is(1) && weight.Shape[1].Is(1) ? Depthwise(b, window, input, weight)
            : groups > 1 ? Grouped(b, window, input, weight, groups)
            : Product(b, window, input, b.Transpose(weight, [.. Spatial(weight.Shape.Rank), 1, 0]));
        return Biased(b, ChannelsFirst(b, result), x);
    }

    private static OpValue Product(OpBuilder b, Window window, OpValue x, OpValue weight) =>
        b.Apply(OpCode.WindowProduct, A.With("strides", window.Strides).With("dilations", window.Dilations), x, weight);

    // Each group is a batch: [N,S…,G·C] as [G,N,S…,C].
    private static OpValue Grouped(OpBuilder b, Window window, OpValue x, OpValue weight, long groups)
    {
        var rank = x.Shape.Rank;
        var (channels, outputs) = (weight.Shape[1], weight.Shape[0].TryDivide(groups)!);
        var apart = b.Reshape(x, new Shape([.. x.Shape.Dims[..^1], groups, channels]));
        var factors = b.Reshape(weight, new Shape([groups, outputs, .. weight.Shape.Skip(1)]));
        var product = Product(
            b, window, b.Transpose(apart, [rank - 1, .. Enumerable.Range(0, rank - 1), rank]),
            b.Transpose(factors, [0, .. Enumerable.Range(3, rank - 2), 2, 1]));
        var joined = b.Transpose(product, [.. Enumerable.Range(1, rank - 1), 0, rank]);
        return b.Reshape(joined, new Shape([.. joined.Shape.Dims[..^2], weight.Shape[0]]));
    }

    // One channel a group: no sum over channels, so no product of matrices, but elementwise work along the channels.
    private static OpValue Depthwise(OpBuilder b, Window window, OpValue x, OpValue weight)
    {
        var channels = weight.Shape[0];
        var places = window.Places().ToList();
        OpValue[] corners = [.. places.Select(at => b.Reshape(Corner(b, weight, at), Shape.From(1, channels)))];
        var factors = corners.Length == 1 ? corners[0] : b.Apply(OpCode.Concat, A.With("axis", 0L), corners);
        var result = window.Result(channels);
        Dim[] sizes = [result[0], .. result.Skip(2), channels];
        return places.Select((at, p) => b.Slice(x, [0, .. at.Select((q, axis) => window.Dilations[axis] * q), 0], sizes, [1, .. window.Strides, 1])
            * b.Slice(factors, [p, 0], [1, channels])).Aggregate((y, z) => y + z);
    }

    private static OpValue ChannelsLast(OpBuilder b, OpValue x) => b.Transpose(x, [0, .. Spatial(x.Shape.Rank), 1]);

    private static OpValue ChannelsFirst(OpBuilder b, OpValue x) => b.Transpose(x, [0, x.Shape.Rank - 1, .. Enumerable.Range(1, x.Shape.Rank - 2)]);

    private static OpValue Corner(OpBuilder b, OpValue weight, int[] at) => b.Slice(
        weight, [Dim.Zero, Dim.Zero, .. at.Select(p => (Dim)p)], [weight.Shape[0], weight.Shape[1], .. at.Select(_ => Dim.One)]);

    private static OpValue Biased(OpBuilder b, OpValue y, ImmutableArray<OpValue> x) =>
        x.Length > 2 ? y + b.Reshape(x[2], new Shape([x[2].Shape[0], .. y.Shape.Skip(2).Select(_ => Dim.One)])) : y;

    private static ImmutableArray<TensorType> InferTransposed(OpInputs i)
    {
        ConvolutionWindow(i.Operands, i.Attributes, i.Error);
        InferRules.RequireEqual(i, i[0].Shape[1], i[1].Shape[0], "channels of x and of the weight");
        Bias(i, i[1].Shape[1]);
        return [i[0] with { Shape = TransposedShape(i[0].Shape, i[1].Shape, i.Attributes) }];
    }

    private static Shape TransposedShape(Shape x, Shape weight, Attributes a)
    {
        var (strides, padding) = (Window.Filled(a.Dims("strides"), x.Rank - 2, 1), Window.Filled(a.Dims("padding"), x.Rank - 2, 0));
        return new Shape([x[0], weight[1], .. x.Skip(2).Select((d, i) => ((d - 1) * strides[i]) + weight[i + 2] - (padding[i] * 2))]);
    }

    // The adjoint of a convolution without padding; what lies in the padding is then cut off.
    private static OpValue Transposed(OpBuilder b, ImmutableArray<OpValue> x, Attributes a)
    {
        var (input, weight) = (x[0].Shape, x[1].Shape);
        var rank = input.Rank - 2;
        var (strides, padding) = (Window.Filled(a.Dims("strides"), rank, 1), Window.Filled(a.Dims("padding"), rank, 0));
        var whole = TransposedShape(input, weight, A.With("strides", strides).With("padding", padding.Select(_ => Dim.Zero)));
        var factors = b.Transpose(x[1], [.. Spatial(rank + 2), 1, 0]);
        var sum = WindowProductOps.Spread(
            b, new Shape([whole[0], .. whole.Skip(2), whole[1]]), ChannelsLast(b, x[0]), factors, A.With("strides", strides).With("dilations", strides.Select(_ => Dim.One)));
        return Biased(b, b.Slice(ChannelsFirst(b, sum), [0, 0, .. padding], TransposedShape(input, weight, a).Dims), x);
    }
}
