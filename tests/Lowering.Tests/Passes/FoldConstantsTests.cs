using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class FoldConstantsTests
{
    [Fact]
    public void Random_modules_keep_their_values() => Modules.KeepsValues(m => new FoldConstants().Run(m));

    [Fact]
    public void Arithmetic_on_constants_is_done_at_once()
    {
        Assert.Equal(7.0, Folded(DType.F64, b => (b.Scalar(DType.F64, 3) * 2) + 1));
        Assert.Equal(-0.25, Folded(DType.F64, b => -(b.Scalar(DType.F64, 1) / 4)));
        Assert.Equal(3.0, Folded(DType.F64, b => b.Apply(OpCode.Sqrt, b.Apply(OpCode.Abs, b.Scalar(DType.F64, -9)))));
    }

    [Fact]
    public void Results_are_rounded_to_the_dtype()
    {
        Assert.Equal((double)(0.1f + 0.2f), Folded(DType.F32, b => b.Scalar(DType.F32, 0.1) + b.Scalar(DType.F32, 0.2)));
        Assert.Equal((double)((Half)0.1 * (Half)3.0), Folded(DType.F16, b => b.Scalar(DType.F16, 0.1) * b.Scalar(DType.F16, 3)));
        Assert.Equal(double.PositiveInfinity, Folded(DType.F32, b => b.Scalar(DType.F32, 3e38) * 10));
        Assert.Equal(0.75, Folded(DType.BF16, b => b.Scalar(DType.BF16, 1.5) * 0.5));
    }

    [Fact]
    public void Integers_fold_while_they_fit()
    {
        Assert.Equal(-6.0, Folded(DType.I32, b => b.Scalar(DType.I32, 2) * b.Scalar(DType.I32, -3)));
        Assert.Equal(0L, BitConverter.DoubleToInt64Bits(Folded(DType.I64, b => b.Scalar(DType.I64, 0) * b.Scalar(DType.I64, -3))!.Value));
    }

    [Fact]
    public void What_wraps_rounds_or_divides_integers_is_left_to_the_op()
    {
        Assert.Null(Folded(DType.I8, b => b.Scalar(DType.I8, 100) + b.Scalar(DType.I8, 100)));
        Assert.Null(Folded(DType.I64, b => b.Scalar(DType.I64, 1L << 52) + b.Scalar(DType.I64, 1L << 52)));
        Assert.Null(Folded(DType.I32, b => b.Scalar(DType.I32, 7) / b.Scalar(DType.I32, 2)));
        Assert.Null(Folded(DType.F32, b => b.Apply(OpCode.Exp, b.Scalar(DType.F32, 1))));
        Assert.Null(Folded(DType.BF16, b => b.Scalar(DType.BF16, 1) / 3));
    }

    [Fact]
    public void Constant_tensors_fold_into_constant_tensors()
    {
        var b = Modules.Graph();
        var ones = b.Full(Shape.From(Dim.Named("B"), 4), DType.F64, 1);
        b.Returning(ones + (b.Scalar(DType.F64, 3) * 2));
        var after = new FoldConstants().Run(b.Module());
        var last = after.Root.Nodes[^1];
        Assert.Equal((OpCode.Full, 7.0), (last.Op.Code, last.Attributes.Float("value")));
        Evaluation.Same(b.Module(), after);
    }

    // The folded value, or null where the last node is still an op.
    private static double? Folded(DType dtype, Func<GraphBuilder, OpValue> make)
    {
        var b = Modules.Graph();
        b.Returning(make(b));
        var last = new FoldConstants().Run(b.Module()).Root.Nodes[^1];
        Assert.True(last.Op.Code != OpCode.Constant || last.Attributes.DType("dtype") == dtype);
        return last.Op.Code == OpCode.Constant ? last.Attributes.Float("value") : null;
    }
}
