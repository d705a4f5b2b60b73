namespace Unified.Ir.Tests;

/// <summary>The rule of mixed precision.</summary>
public class PrecisionPolicyTests
{
    [Fact]
    public void Every_op_has_a_row_that_decides()
    {
        foreach (var op in OpTable.All.Where(o => !o.Has(OpTraits.Structural)))
        {
            Assert.True(Enum.IsDefined(op.Precision), op.Name);

            // Scales of groups are worth more than the numbers: they stay as they are.
            Assert.True(!op.Has(OpTraits.Contraction) || op.Precision == (op.Code == OpCode.QuantizedMatMul ? OpPrecision.Full : OpPrecision.Low), op.Name);
        }

        // What loses digits or range, whatever else the table says.
        OpCode[] full = [OpCode.Exp, OpCode.Log, OpCode.Pow, OpCode.Sum, OpCode.Mean, OpCode.Variance, OpCode.Softmax, OpCode.LayerNorm, OpCode.BatchNorm, OpCode.CrossEntropy, OpCode.MseLoss];
        Assert.All(full, c => Assert.Equal(OpPrecision.Full, OpTable.Get(c).Precision));
        OpCode[] low = [OpCode.MatMul, OpCode.Linear, OpCode.Convolution, OpCode.Attention, OpCode.Einsum];
        Assert.All(low, c => Assert.Equal(OpPrecision.Low, OpTable.Get(c).Precision));
        OpCode[] follow = [OpCode.Add, OpCode.Gelu, OpCode.Relu, OpCode.Cast, OpCode.Reshape, OpCode.Gather, OpCode.Concat, OpCode.ReduceMax];
        Assert.All(follow, c => Assert.Equal(OpPrecision.Follow, OpTable.Get(c).Precision));
    }

    [Fact]
    public void Integers_and_doubles_are_left_alone()
    {
        foreach (var op in OpTable.All)
        {
            foreach (var level in Enum.GetValues<PrecisionLevel>())
            {
                var policy = new PrecisionPolicy(level == PrecisionLevel.O0 ? DType.F32 : DType.BF16, level);
                Assert.Null(policy.OperandType(op, FloatTypes.None));
                Assert.Null(policy.OperandType(op, FloatTypes.F64 | FloatTypes.F32));
            }
        }
    }

    [Fact]
    public void Two_short_dtypes_meet_in_f32_or_in_the_policys_own()
    {
        var add = OpTable.Get(OpCode.Add);
        Assert.Equal(DType.F32, new PrecisionPolicy(DType.BF16, PrecisionLevel.O1).OperandType(add, FloatTypes.BF16 | FloatTypes.F16));
        Assert.Equal(DType.BF16, new PrecisionPolicy(DType.BF16, PrecisionLevel.O2).OperandType(add, FloatTypes.BF16 | FloatTypes.F16));
        Assert.Null(new PrecisionPolicy(DType.BF16, PrecisionLevel.O2).OperandType(add, FloatTypes.F16));
        Assert.Equal(DType.BF16, new PrecisionPolicy(DType.BF16, PrecisionLevel.O1).OperandType(OpTable.Get(OpCode.MatMul), FloatTypes.F16));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("bf16 O1")]
    [InlineData("f16 O3")]
    public void A_text_is_a_policy_and_back(string text) => Assert.Equal(text, PrecisionPolicy.Parse(text)!.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("bf16")]
    [InlineData("bf16 O0")]
    [InlineData("bf16 O4")]
    [InlineData("bf16 1")]
    [InlineData("f32 O1")]
    [InlineData("i32 O1")]
    public void Other_texts_are_none(string text) => Assert.Null(PrecisionPolicy.Parse(text));

    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.F64)]
    [InlineData(DType.I32)]
    public void Only_halves_are_low(DType dtype) =>
        Assert.Contains(dtype.Text(), Assert.Throws<ArgumentException>(() => new PrecisionPolicy(dtype, PrecisionLevel.O2)).Message, StringComparison.Ordinal);
}
