using Unified.Ir;

namespace Unified.Tests;

/// <summary>A call of an op to differentiate numerically: f64 operands away from kinks, and others that carry no gradient.</summary>
internal sealed record GradientSample(OpCode Code, string Case, Tensor[] Operands, Attributes Attributes)
{
    public override string ToString() => $"{Code}: {Case}";
}

/// <summary>At least one call of every differentiable op.</summary>
internal static class GradientSamples
{
    public static IReadOnlyList<GradientSample> All => [.. Written, .. FromRows];

    // Every dim by a size of its own, so that none is taken for another.
    private static IEnumerable<GradientSample> FromRows =>
        from op in OpTable.All
        where !op.Has(OpTraits.NonDifferentiable) && !op.Has(OpTraits.Structural) && !Written.Any(s => s.Code == op.Code)
        from example in OpExamples.Of(op)
        select Call(op.Code, string.Join(", ", example.Operands), Sized(example.Attributes), [.. example.Operands.Select((t, i) => Draw(op, Sized(t), i))]);

    private static Dim? Size(string name) => name switch { "B" => 2, "T" => 3, "D" => 4, _ => 5 };

    private static TensorType Sized(string text)
    {
        var type = TensorTypeText.Parse(text);
        return new TensorType(type.DType == DType.F32 ? DType.F64 : type.DType, type.Shape.Substitute(Size));
    }

    private static Attributes Sized(Attributes attributes) => attributes.Items.Aggregate(Attributes.Empty, (all, item) => all.With(item.Key, item.Value switch
    {
        DimAttribute dim => new DimAttribute(dim.Value.Substitute(Size)),
        DimsAttribute dims => new DimsAttribute(new Shape(dims.Value).Substitute(Size).Dims),
        var other => other,
    }));

    private static Tensor Draw(Op op, TensorType type, int operand)
    {
        var x = Check.Random(
            type.DType, [.. type.Shape.Select(d => (int)d.Value)],
            type.DType.IsFloat() ? op.Domain.Low : 0, type.DType.IsFloat() ? op.Domain.High : type.DType == DType.Bool ? 2 : 3, operand + 11);
        if (type.DType == DType.F64)
        {
            InputDomains.Confine(op, operand, type.Shape, x.AsSpan<double>());
        }

        return x;
    }

    private static IReadOnlyList<GradientSample> Written { get; } =
    [
        .. Unary(OpCode.Neg, OpCode.Exp, OpCode.Sin, OpCode.Cos, OpCode.Tanh, OpCode.Erf, OpCode.Sigmoid, OpCode.Silu, OpCode.Gelu, OpCode.GeluTanh, OpCode.Square),
        .. Positive(OpCode.Log, OpCode.Sqrt, OpCode.Rsqrt),
        .. Apart(OpCode.Abs, OpCode.Relu),
        Call(OpCode.Clamp, "both bounds", Attributes.Empty.With("min", -1.0).With("max", 1.0), Kinked([2, 5])),
        Call(OpCode.Cast, "to the same", Attributes.Empty.With("dtype", DType.F64), F([2, 3])),
        .. Broadcasts(OpCode.Add, -2, 2),
        .. Broadcasts(OpCode.Sub, -2, 2),
        .. Broadcasts(OpCode.Mul, -2, 2),
        .. Broadcasts(OpCode.Div, 0.5, 2),
        .. Broadcasts(OpCode.Pow, 0.5, 2),
        .. Broadcasts(OpCode.Maximum, -2, 2),
        .. Broadcasts(OpCode.Minimum, -2, 2),
        Call(OpCode.Remainder, "away from multiples", Attributes.Empty, Tensor.From<double>([5.3, -2.6, 7.7]), Tensor.From<double>([2.0, 1.1, 3.1])),
        Call(OpCode.Select, "broadcast", Attributes.Empty, Check.Random(DType.F64, [3, 4], -1, 1) > 0, F([4]), F([3, 1], 2)),
        Call(OpCode.Sum, "all", Attributes.Empty, F([3, 4])),
        Call(OpCode.Sum, "one axis", Axes([1]), F([3, 4, 2])),
        Call(OpCode.Sum, "two axes kept", Axes([0, -1], keepDims: true), F([3, 4, 2])),
        Call(OpCode.ReduceMax, "one axis", Axes([1]), F([3, 4])),
        Call(OpCode.ReduceMin, "all", Axes([]), F([3, 4])),
        Call(OpCode.Mean, "one axis", Axes([0]), F([3, 4])),
        Call(OpCode.Variance, "one axis", Axes([-1]), F([3, 4])),
        Call(OpCode.Variance, "all, corrected", Axes([]).With("correction", 1L), F([3, 4])),
        Call(OpCode.Reshape, "split", Attributes.Empty.With("shape", [2, 2, -1]), F([4, 3])),
        Call(OpCode.Transpose, "three axes", Attributes.Empty.With("permutation", [2, 0, 1]), F([2, 3, 4])),
        Call(OpCode.BroadcastTo, "new and stretched", Attributes.Empty.With("shape", [2, 3, 4]), F([3, 1])),
        Call(OpCode.Slice, "with steps", Slice([1, 0], [2, 2], [1, 2]), F([4, 4])),
        Call(OpCode.Slice, "plain", Slice([0, 1], [4, 2], [1, 1]), F([4, 4])),
        Call(OpCode.Concat, "middle axis", Attributes.Empty.With("axis", 1L), F([2, 1, 3]), F([2, 4, 3], 2), F([2, 2, 3], 3)),
        Call(OpCode.Pad, "both sides", Attributes.Empty.With("low", [1, 0]).With("high", [2, 1]), F([2, 3])),
        Call(OpCode.Gather, "axis 0", Attributes.Empty, F([4, 3]), Tensor.From<int>([0, 2, 2, -1], 2, 2)),
        Call(OpCode.Gather, "axis 1", Attributes.Empty.With("axis", 1L), F([3, 4, 2]), Tensor.From<long>([3, 0, 3])),
        Call(OpCode.ScatterAdd, "rows", Attributes.Empty.With("size", 4L), Tensor.From<int>([0, 2, 2]), F([3, 2])),
        .. Products(),
        Call(OpCode.Softmax, "last", Attributes.Empty, F([3, 4])),
        Call(OpCode.Softmax, "first", Attributes.Empty.With("axis", 0L), F([3, 4])),
        Call(OpCode.LogSoftmax, "last", Attributes.Empty, F([3, 4])),
        Call(OpCode.LogSumExp, "last", Attributes.Empty, F([3, 4])),
        Call(OpCode.LogSumExp, "kept", Attributes.Empty.With("axis", 0L).With("keepDims", true), F([3, 4])),
        Call(OpCode.LayerNorm, "rows", Attributes.Empty, F([3, 5]), F([5], 2), F([5], 3)),
        Call(OpCode.RmsNorm, "rows", Attributes.Empty, F([2, 2, 5]), F([5], 2)),
        Call(OpCode.Linear, "with bias", Attributes.Empty, F([2, 2, 3]), F([4, 3], 2), F([4], 3)),
        Call(OpCode.Linear, "one row, no bias", Attributes.Empty, F([3]), F([4, 3], 2)),
        Call(OpCode.Embedding, "repeated rows", Attributes.Empty, F([5, 3]), Tensor.From<long>([1, 4, 1, 0], 2, 2)),
        Call(OpCode.CrossEntropy, "two axes", Attributes.Empty, F([2, 3, 4]), Tensor.From<int>([0, 3, 1, 2, 2, 0], 2, 3)),
        Call(OpCode.Attention, "plain", Attributes.Empty, F([2, 3, 4]), F([2, 5, 4], 2), F([2, 5, 3], 3)),
        Call(OpCode.Attention, "causal, scaled", Attributes.Empty.With("causal", true).With("scale", 0.7), F([2, 3, 4]), F([2, 3, 4], 2), F([2, 3, 4], 3)),
    ];

    private static GradientSample Call(OpCode code, string name, Attributes attributes, params Tensor[] operands) => new(code, name, operands, attributes);

    private static Attributes Axes(int[] axes, bool keepDims = false) => Attributes.Empty.With("axes", axes).With("keepDims", keepDims);

    private static Attributes Slice(int[] starts, int[] sizes, int[] steps) =>
        Attributes.Empty.With("starts", starts).With("sizes", sizes).With("steps", steps);

    private static Tensor F(int[] shape, int seed = 1) => Check.Random(DType.F64, shape, -2, 2, seed);

    // No value within 0.05 of -1, 0 or 1.
    private static Tensor Kinked(int[] shape)
    {
        var x = F(shape);
        var values = x.AsSpan<double>();
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Math.Abs(values[i] - Math.Round(values[i])) < 0.05 ? values[i] + 0.1 : values[i];
        }

        return x;
    }

    private static IEnumerable<GradientSample> Unary(params OpCode[] codes) =>
        codes.Select(c => Call(c, "elementwise", Attributes.Empty, F([2, 3])));

    private static IEnumerable<GradientSample> Positive(params OpCode[] codes) =>
        codes.Select(c => Call(c, "positive", Attributes.Empty, Check.Random(DType.F64, [2, 3], 0.5, 3)));

    private static IEnumerable<GradientSample> Apart(params OpCode[] codes) =>
        codes.Select(c => Call(c, "away from kinks", Attributes.Empty, Kinked([2, 5])));

    private static IEnumerable<GradientSample> Broadcasts(OpCode code, double low, double high) =>
    [
        Call(code, "same shape", Attributes.Empty, Check.Random(DType.F64, [2, 3], low, high), Check.Random(DType.F64, [2, 3], low, high, 2)),
        Call(code, "row", Attributes.Empty, Check.Random(DType.F64, [2, 3], low, high), Check.Random(DType.F64, [3], low, high, 2)),
        Call(code, "both stretched", Attributes.Empty, Check.Random(DType.F64, [2, 1], low, high), Check.Random(DType.F64, [1, 3], low, high, 2)),
        Call(code, "number", Attributes.Empty, Check.Random(DType.F64, [], low, high), Check.Random(DType.F64, [2, 2], low, high, 2)),
    ];

    private static IEnumerable<GradientSample> Products() =>
        from ta in (bool[])[false, true]
        from tb in (bool[])[false, true]
        from batch in ((int[] X, int[] Y)[])[([], []), ([2], []), ([2], [2]), ([2, 1], [3]), ([], [2])]
        select Call(
            OpCode.MatMul, $"{ta} {tb} {batch.X.Length} {batch.Y.Length}",
            Attributes.Empty.With("transposeA", ta).With("transposeB", tb),
            F([.. batch.X, .. (int[])(ta ? [3, 2] : [2, 3])]),
            F([.. batch.Y, .. (int[])(tb ? [4, 3] : [3, 4])], 2));
}
