namespace Unified.Ir.Tests.Ops;

/// <summary>Result types and the message of every way to break a shape rule.</summary>
public sealed class OpInferTests
{
    private static readonly Dim B = Dim.Named("B"), T = Dim.Named("T");

    private static readonly Attributes None = Attributes.Empty;

    /// <summary>Op, operand types, attributes, expected result.</summary>
    private static readonly (OpCode Code, string Operands, Attributes Attributes, string Result)[] Legal =
    [
        (OpCode.Neg, "i32[3]", None, "i32[3]"),
        (OpCode.LogicalNot, "u8[3]", None, "u8[3]"),
        (OpCode.Cast, "bool[B]", None.With("dtype", DType.BF16), "bf16[B]"),
        (OpCode.Add, "f32[B,1,3] f32[T,1]", None, "f32[B,T,3]"),
        (OpCode.Add, "f32[] f32[B,T]", None, "f32[B,T]"),
        (OpCode.Less, "i64[B,T] i64[T]", None, "bool[B,T]"),
        (OpCode.Equal, "bool[B] bool[]", None, "bool[B]"),
        (OpCode.Select, "bool[T,1] f16[] f16[B,1,4]", None, "f16[B,T,4]"),
        (OpCode.Sum, "i32[B,T]", None, "i32[]"),
        (OpCode.Sum, "f32[B,T,4]", None.With("axes", [-1, 0]), "f32[T]"),
        (OpCode.Sum, "f32[B,T,4]", None.With("axes", [-1, 0]).With("keepDims", true), "f32[1,T,1]"),
        (OpCode.Sum, "f32[]", None, "f32[]"),
        (OpCode.ArgMax, "f32[B,T]", None.With("axis", -1L), "i64[B]"),
        (OpCode.Reshape, "f32[B,T,8]", None.With("shape", [B, -1, 2, 4]), "f32[B,T,2,4]"),
        (OpCode.Reshape, "f32[B,T,8]", None.With("shape", [-1]), "f32[8*B*T]"),
        (OpCode.Reshape, "f32[1]", None.With("shape", Array.Empty<Dim>()), "f32[]"),
        (OpCode.Transpose, "f32[B,T,4]", None.With("permutation", [1, 2, 0]), "f32[T,4,B]"),
        (OpCode.BroadcastTo, "f32[1,T]", None.With("shape", [4, B, T]), "f32[4,B,T]"),
        (OpCode.Slice, "f32[T,9]", Slice([0, 1], [T - 1, 3], [1, 3]), "f32[T-1,3]"),
        (OpCode.Slice, "f32[1024,4]", Slice([0, 4], [T, 0], [1, 1]), "f32[T,0]"),
        (OpCode.Concat, "f32[B,T] f32[B,3]", None.With("axis", -1L), "f32[B,T+3]"),
        (OpCode.Pad, "f32[T]", None.With("low", [1]).With("high", [T]), "f32[2*T+1]"),
        (OpCode.Gather, "f32[B,9,4] i32[T,2]", None.With("axis", 1L), "f32[B,T,2,4]"),
        (OpCode.ScatterAdd, "i64[B,T] f32[B,T,4]", None.With("size", 9L), "f32[9,4]"),
        (OpCode.MatMul, "f32[B,1,T,4] f32[3,4,T]", None, "f32[B,3,T,T]"),
        (OpCode.MatMul, "f32[4,B] f32[T,4]", None.With("transposeA", true).With("transposeB", true), "f32[B,T]"),
        (OpCode.Full, "", None.With("shape", [B, 2]).With("value", 1.0).With("dtype", DType.Bool), "bool[B,2]"),
        (OpCode.Full, "", None.With("shape", [B, 2]).With("value", 1L).With("dtype", DType.F32), "f32[B,2]"),
        (OpCode.DimSize, "", None.With("dim", B * T), "i64[]"),
        (OpCode.RandomUniform, "i64[2]", None.With("shape", [B]), "f32[B]"),
        (OpCode.RandomAdvance, "i64[2]", None.With("shape", [B]), "i64[2]"),
        (OpCode.LogSumExp, "f32[B,T]", None.With("axis", 0L).With("keepDims", true), "f32[1,T]"),
        (OpCode.Linear, "f32[B,T,3] f32[5,3] f32[5]", None, "f32[B,T,5]"),
        (OpCode.Linear, "f32[3] f32[5,3]", None, "f32[5]"),
        (OpCode.Embedding, "bf16[100,8] i32[B,T]", None, "bf16[B,T,8]"),
        (OpCode.CrossEntropy, "f32[B,T,9] i64[B,T]", None, "f32[]"),
        (OpCode.Attention, "f32[B,2,T,8] f32[B,2,5,8] f32[B,2,5,6]", None, "f32[B,2,T,6]"),
        (OpCode.Attention, "f32[B,3,2,T,8] f32[B,3,1,5,8] f32[B,3,1,5,6]", None.With("headAxes", 2L), "f32[B,T,3,2,6]"),
        (OpCode.AttentionGradient, "f32[B,2,T,8] f32[B,2,5,8] f32[B,2,5,6] f32[B,2,T,6]", None, "f32[B,2,8*T+70]"),
        (OpCode.AttentionGradient, "f32[B,2,T,8] f32[B,2,5,8] f32[B,2,5,6] f32[B,2,T,6]", None.With("headAxes", [1, 0, 2]), "f32[16*B*T+140*B]"),
    ];

    /// <summary>Op, operand types, attributes, what the message must say.</summary>
    private static readonly (OpCode Code, string Operands, Attributes Attributes, string[] Message)[] Illegal =
    [
        (OpCode.Neg, "bool[3]", None, ["neg(x: bool[3])", "numeric", "cast"]),
        (OpCode.Exp, "i32[3]", None, ["exp(x: i32[3])", "floating-point", "i32"]),
        (OpCode.LogicalNot, "f32[3]", None, ["logical_not", "bool or an integer"]),
        (OpCode.Neg, "f32[3] f32[3]", None, ["neg(", "takes 1 operands, not 2"]),
        (OpCode.Linear, "f32[3]", None, ["linear(", "takes 2 to 3 operands, not 1"]),
        (OpCode.Neg, "f32[3]", None.With("axis", 1L), ["neg", "no attribute 'axis'"]),
        (OpCode.Cast, "f32[3]", None, ["cast", "'dtype' is missing"]),
        (OpCode.Cast, "f32[3]", None.With("dtype", 1L), ["cast", "'dtype'", "DType"]),
        (OpCode.ArgMax, "f32[3]", None.With("axis", T), ["arg_max", "'axis'", "constant", "T"]),
        (OpCode.Add, "f32[3] f64[3]", None, ["add(x: f32[3], y: f64[3])", "f32 and f64 differ", "cast"]),
        (OpCode.Add, "f32[2,3] f32[2,4]", None, ["add(x: f32[2,3], y: f32[2,4])", "axis 1", "3 and 4 differ"]),
        (OpCode.Add, "f32[B,3] f32[T,3]", None, ["axis 0", "B and T cannot be shown equal"]),
        (OpCode.Add, "f32[B] f32[5]", None, ["B and 5 cannot be shown equal"]),
        (OpCode.LogicalAnd, "f32[B] f32[B]", None, ["logical_and", "bool or an integer"]),
        (OpCode.Less, "bool[B] bool[B]", None, ["less", "numeric"]),
        (OpCode.Select, "f32[3] f32[3] f32[3]", None, ["select(condition: f32[3]", "bool"]),
        (OpCode.Select, "bool[3] f32[3] f64[3]", None, ["f32 and f64 differ"]),
        (OpCode.Select, "bool[4] f32[3] f32[3]", None, ["axis 0", "4 and 3 differ"]),
        (OpCode.Sum, "bool[3]", None, ["sum(x: bool[3])", "numeric"]),
        (OpCode.Sum, "f32[3]", None.With("axes", [1]), ["sum", "axis 1 is out of range for rank 1"]),
        (OpCode.Sum, "f32[3,4]", None.With("axes", [1, -1]), ["axis 1 is named twice"]),
        (OpCode.Sum, "f32[3,4]", None.With("axes", [T]), ["axis T must be a constant"]),
        (OpCode.Mean, "i32[3]", None, ["mean", "floating-point"]),
        (OpCode.Softmax, "f32[]", None, ["softmax", "axis -1 is out of range for rank 0"]),
        (OpCode.Reshape, "f32[B,3]", None.With("shape", [-1, -1]), ["reshape", "more than one"]),
        (OpCode.Reshape, "f32[B,3]", None.With("shape", [-1, 2]), ["reshape(x: f32[B,3])", "[-1,2]", "3*B elements do not divide by 2"]),
        (OpCode.Reshape, "f32[2,3]", None.With("shape", [7]), ["6 elements do not fill shape [7]"]),
        (OpCode.Reshape, "f32[B,3]", None.With("shape", [T, 3]), ["cannot be shown to fill shape [T,3]"]),
        (OpCode.Reshape, "f32[2,3]", None.With("shape", [-2, -3]), ["negative"]),
        (OpCode.Transpose, "f32[2,3]", None.With("permutation", [0, 0]), ["transpose", "[0,0]", "once"]),
        (OpCode.Transpose, "f32[2,3]", None.With("permutation", [0]), ["transpose", "each axis 0 … 1"]),
        (OpCode.BroadcastTo, "f32[B,3]", None.With("shape", [1, 3]), ["broadcast_to", "[B,3] does not broadcast to [1,3]"]),
        (OpCode.BroadcastTo, "f32[2,3]", None.With("shape", [3]), ["[2,3] does not broadcast to [3]"]),
        (OpCode.BroadcastTo, "f32[3]", None.With("shape", [-1, 3]), ["negative"]),
        (OpCode.Slice, "f32[4,T]", Slice([1, 0], [4, T], [1, 1]), ["slice(x: f32[4,T])", "axis 0", "up to 5 are taken of 4"]),
        (OpCode.Slice, "f32[T]", Slice([2], [T], [1]), ["up to T+2 are taken of T"]),
        (OpCode.Slice, "f32[4]", Slice([0], [2], [0]), ["steps [0]", "below 1"]),
        (OpCode.Slice, "f32[4]", Slice([-1], [2], [1]), ["starts [-1]", "below 0"]),
        (OpCode.Slice, "f32[4]", Slice([0, 0], [2, 2], [1, 1]), ["starts has 2 entries for rank 1"]),
        (OpCode.Concat, "", None.With("axis", 0L), ["concat()", "1 or more operands"]),
        (OpCode.Concat, "f32[2] f32[2,1]", None.With("axis", 0L), ["concat(xs0: f32[2], xs1: f32[2,1])", "ranks 1 and 2 differ"]),
        (OpCode.Concat, "f32[2,B] f32[2,T]", None.With("axis", 0L), ["axis 1", "B and T cannot be shown equal"]),
        (OpCode.Concat, "f32[2] i32[2]", None.With("axis", 0L), ["f32 and i32 differ"]),
        (OpCode.Pad, "f32[2]", None.With("low", [-1]).With("high", [0]), ["pad", "low [-1]", "below 0"]),
        (OpCode.Gather, "f32[2,3] f32[2]", None, ["gather(x: f32[2,3], indices: f32[2])", "i32 or i64"]),
        (OpCode.Gather, "f32[2,3] i32[2]", None.With("axis", 2L), ["axis 2 is out of range for rank 2"]),
        (OpCode.ScatterAdd, "i32[4] f32[5,2]", None.With("size", 3L), ["scatter_add", "axis 0", "4 and 5 differ"]),
        (OpCode.ScatterAdd, "i32[4] f32[]", None.With("size", 3L), ["updates", "rank 1 or more"]),
        (OpCode.ScatterAdd, "i32[4] f32[4]", None.With("size", 3L).With("axis", 1L), ["axis 0 only"]),
        (OpCode.ScatterAdd, "i32[4] f32[4]", None.With("size", -3L), ["size -3 is negative"]),
        (OpCode.MatMul, "f32[2,3] f32[4,5]", None, ["mat_mul(x: f32[2,3], y: f32[4,5])", "summed axis", "3 and 4 differ"]),
        (OpCode.MatMul, "f32[2,3] f32[3]", None, ["operand y", "rank 2 or more, not 1"]),
        (OpCode.MatMul, "f32[B,2,3] f32[T,3,2]", None, ["B and T cannot be shown equal"]),
        (OpCode.MatMul, "f32[2,3] f64[3,2]", None, ["f32 and f64 differ"]),
        (OpCode.Iota, "", None.With("shape", [3]).With("axis", 1L).With("dtype", DType.I64), ["iota", "axis 1 is out of range"]),
        (OpCode.Iota, "", None.With("shape", [3]).With("axis", 0L).With("dtype", DType.Bool), ["iota", "not bool"]),
        (OpCode.Full, "", None.With("shape", [-3]).With("value", 0.0).With("dtype", DType.F32), ["full", "negative"]),
        (OpCode.RandomUniform, "f32[2]", None.With("shape", [3]), ["random_uniform(state: f32[2])", "i64[2]"]),
        (OpCode.RandomUniform, "i64[2]", None.With("shape", [3]).With("dtype", DType.I32), ["floating-point", "i32"]),
        (OpCode.RandomAdvance, "i64[3]", None.With("shape", [3]), ["random_advance", "i64[2]"]),
        (OpCode.Linear, "f32[B,784] f32[10,512]", None, ["linear(x: f32[B,784], weight: f32[10,512])", "784 and 512 differ"]),
        (OpCode.Linear, "f32[B,3] f32[3]", None, ["[out,in]", "[3]"]),
        (OpCode.Linear, "f32[B,3] f32[5,3] f32[3]", None, ["bias", "[5]", "[3]"]),
        (OpCode.LayerNorm, "f32[B,4] f32[4] f32[3]", None, ["layer_norm", "operand bias", "[4], not [3]"]),
        (OpCode.RmsNorm, "f32[B,4] f32[T]", None, ["rms_norm", "operand weight", "[4], not [T]"]),
        (OpCode.Embedding, "f32[9] i32[3]", None, ["embedding", "[V,D]"]),
        (OpCode.Embedding, "f32[9,2] f32[3]", None, ["indices", "i32 or i64"]),
        (OpCode.CrossEntropy, "f32[B,T,9] i64[B]", None, ["cross_entropy", "operand targets", "[B,T], not [B]"]),
        (OpCode.CrossEntropy, "f32[B,9] f32[B]", None, ["targets", "i32 or i64"]),
        (OpCode.Attention, "f32[B,T,8] f32[B,T,4] f32[B,T,4]", None, ["attention(query: f32[B,T,8]", "8 and 4 differ"]),
        (OpCode.Attention, "f32[4,8] f32[4,8] f32[5,8]", None, ["sequence axis", "4 and 5 differ"]),
        (OpCode.Attention, "f32[B,4,8] f32[B,4,8] f32[B,4,8]", None.With("headAxes", 2L), ["headAxes must be from 0 to 1", "not 2"]),
        (OpCode.Attention, "f32[B,4,8] f32[B,4,8] f32[B,4,8]", None.With("headAxes", T), ["headAxes", "T"]),
        (OpCode.AttentionGradient, "f32[B,4,8] f32[B,4,8] f32[B,4,8] f32[B,4,8]", None.With("headAxes", [1, 2, 0]), ["headAxes must be three numbers from 0 to 1", "[1, 2, 0]"]),
        (OpCode.AttentionGradient, "f32[B,4,8] f32[B,4,8] f32[B,4,8] f32[B,4,8]", None.With("headAxes", [1]), ["headAxes must be three numbers", "[1]"]),
        (OpCode.Attention, "f32[5,8] f32[4,8] f32[4,8]", None.With("causal", true), ["causal", "at least as many keys"]),
    ];

    public static TheoryData<int> LegalCalls => [.. Enumerable.Range(0, Legal.Length)];

    public static TheoryData<int> IllegalCalls => [.. Enumerable.Range(0, Illegal.Length)];

    [Theory]
    [MemberData(nameof(LegalCalls))]
    public void Infers(int index)
    {
        var (code, operands, attributes, result) = Legal[index];
        Assert.Equal(result, Assert.Single(Infer(code, operands, attributes)).ToString());
    }

    [Theory]
    [MemberData(nameof(IllegalCalls))]
    public void Refuses(int index)
    {
        var (code, operands, attributes, message) = Illegal[index];
        var error = Assert.Throws<ShapeException>(() => Infer(code, operands, attributes));
        Assert.All(message, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(OpCode.Gradient)]
    [InlineData(OpCode.Call)]
    [InlineData(OpCode.Unwind)]
    public void Structural_ops_are_typed_by_the_builder_only(OpCode code)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Infer(code, "f32[]", None));
        Assert.Contains(nameof(GraphBuilder), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_are_filled_in()
    {
        var attributes = OpTable.Get(OpCode.Sum).Complete(None);
        Assert.Empty(attributes.Dims("axes"));
        Assert.False(attributes.Bool("keepDims"));
        Assert.Equal(-1, OpTable.Get(OpCode.Softmax).Complete(None).Int("axis"));
        Assert.Equal(1e-5, OpTable.Get(OpCode.LayerNorm).Complete(None).Float("epsilon"));
        Assert.Equal(1e-6, OpTable.Get(OpCode.RmsNorm).Complete(None).Float("epsilon"));
    }

    [Fact]
    public void A_slice_without_steps_takes_neighbours()
    {
        var attributes = None.With("starts", [1, 0]).With("sizes", [2, T]);
        Assert.Equal("f32[2,T]", OpTable.Get(OpCode.Slice).InferTypes([OpSample.Type("f32[3,T]")], ref attributes)[0].ToString());
        Assert.Equal([1, 1], attributes.Ints("steps"));
    }

    [Fact]
    public void Axes_are_normalised_for_users()
    {
        Assert.Equal([0, 1, 2], OpAxes.Of(OpTable.Get(OpCode.Sum).Complete(None), 3));
        Assert.Equal([0, 2], OpAxes.Of(None.With("axes", [-1, 0]), 3));
        Assert.Equal(1, OpAxes.One(None.With("axis", -1L), 2));
        Assert.Throws<ShapeException>(() => OpAxes.Of(None.With("axes", [3]), 3));
        Assert.Throws<ShapeException>(() => OpAxes.One(None.With("axis", -3L), 2));
    }

    [Fact]
    public void A_slice_tells_which_bounds_are_open()
    {
        var bound = Assert.Single(SliceBounds.Open(Shape.Of(1024, 4), Slice([0, 1], [T, 2], [1, 1])));
        Assert.Equal(new SliceBound(0, T, 1024), bound);
    }

    private static Attributes Slice(Dim[] starts, Dim[] sizes, Dim[] steps) =>
        None.With("starts", starts).With("sizes", sizes).With("steps", steps);

    private static TensorType[] Infer(OpCode code, string operands, Attributes attributes) =>
        [.. OpTable.Get(code).InferTypes([.. operands.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(OpSample.Type)], ref attributes)];
}
