using System.Collections.Immutable;

namespace Unified.Ir.Tests.Ops;

/// <summary>Legal calls of every op that has a shape rule: constant and named dims, broadcasting, each attribute.</summary>
internal static class OpSamples
{
    private static readonly Dim B = Dim.Named("B"), T = Dim.Named("T"), D = Dim.Named("D");

    private static readonly Attributes None = Attributes.Empty;

    public static ImmutableArray<OpSample> All => [.. Written, .. FromRows];

    private static IEnumerable<OpSample> FromRows =>
        from op in OpTable.All
        where !op.Has(OpTraits.Structural) && !Written.Any(s => s.Code == op.Code)
        from example in OpExamples.Of(op)
        select new OpSample(op.Code, [.. example.Operands.Select(OpSample.Type)], example.Attributes, op.Domain.Low, op.Domain.High);

    private static ImmutableArray<OpSample> Written { get; } =
    [
        .. Each([OpCode.Neg, OpCode.Abs, OpCode.Sign, OpCode.Exp, OpCode.Sin, OpCode.Cos, OpCode.Tanh, OpCode.Erf, OpCode.Floor,
            OpCode.Ceil, OpCode.Round, OpCode.StopGradient, OpCode.Relu, OpCode.Sigmoid, OpCode.Silu, OpCode.Gelu, OpCode.GeluTanh,
            OpCode.Square], None, -2, 2, "f32[B,3]"),
        .. Each([OpCode.Log, OpCode.Sqrt, OpCode.Rsqrt], None, 0.3, 3, "f32[B,3]"),
        .. Each([OpCode.LogicalNot], None, 0, 1, "bool[B,3]"),
        .. Each([OpCode.Cast], None.With("dtype", DType.F64), -2, 2, "f32[B,3]"),
        .. Each([OpCode.Cast], None.With("dtype", DType.I64), -2, 2, "f32[B,3]"),
        .. Each([OpCode.Clamp], None.With("min", -0.7).With("max", 0.9), -2, 2, "f32[B,3]"),

        .. Binary([OpCode.Add, OpCode.Sub, OpCode.Mul, OpCode.Maximum, OpCode.Minimum, OpCode.Equal, OpCode.NotEqual, OpCode.Less,
            OpCode.LessEqual, OpCode.Greater, OpCode.GreaterEqual], -2, 2),
        .. Binary([OpCode.Div, OpCode.Pow], 0.4, 2),
        .. Binary([OpCode.Remainder], 0.4, 3),
        .. Each([OpCode.LogicalAnd, OpCode.LogicalOr, OpCode.LogicalXor], None, 0, 1, "bool[B,3]", "bool[3]"),
        .. Each([OpCode.Select], None, -2, 2, "bool[B,1,3]", "f32[T,3]", "f32[3]"),

        .. Reductions(OpCode.Sum, None), .. Reductions(OpCode.ReduceMax, None), .. Reductions(OpCode.ReduceMin, None),
        .. Reductions(OpCode.Mean, None), .. Reductions(OpCode.Variance, None), .. Reductions(OpCode.Variance, None.With("correction", 1L)),
        .. Along(OpCode.ArgMax), .. Along(OpCode.LogSumExp),
        .. Each([OpCode.Softmax, OpCode.LogSoftmax], None, -2, 2, "f32[B,T,4]"),
        .. Each([OpCode.Softmax, OpCode.LogSoftmax], None.With("axis", 1L), -2, 2, "f32[B,T,4]"),

        .. Each([OpCode.Reshape], None.With("shape", [B, -1]), -2, 2, "f32[B,T,4]"),
        .. Each([OpCode.Reshape], None.With("shape", [T * B, 2, 2]), -2, 2, "f32[B,T,4]"),
        .. Each([OpCode.Transpose], None.With("permutation", [2, 0, 1]), -2, 2, "f32[B,T,4]"),
        .. Each([OpCode.BroadcastTo], None.With("shape", [B, T, 4]), -2, 2, "f32[T,1]"),
        .. Each([OpCode.Slice], Slice([0, 1, 1], [B, T - 1, 2], [1, 1, 1]), -2, 2, "f32[B,T,4]"),
        .. Each([OpCode.Slice], Slice([0, 1], [B, 3], [1, 3]), -2, 2, "f32[B,9]"),
        .. Each([OpCode.Slice], Slice([0, 0], [T, 2], [1, 2]), -2, 2, "f32[6,3]"),

        .. Each([OpCode.Concat], None.With("axis", 1L), -2, 2, "f32[B,T]", "f32[B,2]", "f32[B,T]"),
        .. Each([OpCode.Pad], None.With("low", [1, 0]).With("high", [T, 2]).With("value", 7.0), -2, 2, "f32[B,3]"),
        .. Each([OpCode.Gather], None, -2, 2, "f32[D,3]", "i64[B,T]"),
        .. Each([OpCode.Gather], None.With("axis", 1L), -2, 2, "f32[B,3,T]", "i32[D,2]"),
        .. Each([OpCode.Gather], None.With("axis", -1L), -2, 2, "f32[B,T,4]", "i32[]"),
        .. Each([OpCode.ScatterAdd], None.With("size", D), -2, 2, "i64[B,T]", "f32[B,T,2]"),

        .. MatMuls(), .. Layers(),

        .. Each([OpCode.Constant], None.With("value", 2.5).With("dtype", DType.F32), 0, 1),
        .. Each([OpCode.Full], None.With("shape", [B, 3]).With("value", 2.5).With("dtype", DType.F32), 0, 1),
        .. Each([OpCode.Iota], None.With("shape", [B, 3]).With("axis", 1L).With("dtype", DType.I64), 0, 1),
        .. Each([OpCode.DimSize], None.With("dim", B * T), 0, 1),
        .. Each([OpCode.RandomUniform], None.With("shape", [B, 3]), 0, 1, "i64[2]"),
        .. Each([OpCode.RandomAdvance], None.With("shape", [B, T, 3]), 0, 1, "i64[2]"),
    ];

    private static IEnumerable<OpSample> Each(OpCode[] codes, Attributes attributes, double low, double high, params string[] types) =>
        codes.Select(code => new OpSample(code, [.. types.Select(OpSample.Type)], attributes, low, high));

    private static IEnumerable<OpSample> Binary(OpCode[] codes, double low, double high) =>
    [
        .. Each(codes, None, low, high, "f32[B,3]", "f32[B,3]"),
        .. Each(codes, None, low, high, "f32[B,T,3]", "f32[T,1]"),
        .. Each(codes, None, low, high, "f32[]", "f32[B]"),
    ];

    private static IEnumerable<OpSample> Reductions(OpCode code, Attributes attributes) =>
    [
        .. Each([code], attributes, -2, 2, "f32[B,T,4]"),
        .. Each([code], attributes.With("axes", [-1]), -2, 2, "f32[B,T,4]"),
        .. Each([code], attributes.With("axes", [2, 0]).With("keepDims", true), -2, 2, "f32[B,T,4]"),
    ];

    private static IEnumerable<OpSample> Along(OpCode code) =>
    [
        .. Each([code], None.With("axis", -1L), -2, 2, "f32[B,T,4]"),
        .. Each([code], None.With("axis", 0L).With("keepDims", true), -2, 2, "f32[B,T,4]"),
    ];

    private static Attributes Slice(Dim[] starts, Dim[] sizes, Dim[] steps) =>
        None.With("starts", starts).With("sizes", sizes).With("steps", steps);

    private static IEnumerable<OpSample> MatMuls()
    {
        foreach (var (a, b) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            var attributes = None.With("transposeA", a).With("transposeB", b);
            foreach (var (x, y) in new[] { ("", ""), ("B,T,", ""), ("B,1,", "T,"), ("", "B,") })
            {
                yield return Each([OpCode.MatMul], attributes, -2, 2, $"f32[{x}{(a ? "4,2" : "2,4")}]", $"f32[{y}{(b ? "3,4" : "4,3")}]").Single();
            }
        }
    }

    private static IEnumerable<OpSample> Layers() =>
    [
        .. Each([OpCode.Linear], None, -2, 2, "f32[B,T,3]", "f32[D,3]", "f32[D]"),
        .. Each([OpCode.Linear], None, -2, 2, "f32[B,3]", "f32[2,3]"),
        .. Each([OpCode.Linear], None, -2, 2, "f32[3]", "f32[2,3]", "f32[2]"),
        .. Each([OpCode.LayerNorm], None, -2, 2, "f32[B,T,4]", "f32[4]", "f32[4]"),
        .. Each([OpCode.LayerNorm], None.With("epsilon", 0.1), -2, 2, "f32[B,D]", "f32[D]", "f32[D]"),
        .. Each([OpCode.RmsNorm], None, -2, 2, "f32[B,T,4]", "f32[4]"),
        .. Each([OpCode.RmsNorm], None.With("epsilon", 0.1), -2, 2, "f32[D]", "f32[D]"),
        .. Each([OpCode.Embedding], None, -2, 2, "f32[D,3]", "i32[B,T]"),
        .. Each([OpCode.CrossEntropy], None, -2, 2, "f32[B,T,4]", "i32[B,T]"),
        .. Each([OpCode.CrossEntropy], None, -2, 2, "f32[D]", "i64[]"),
    ];
}
