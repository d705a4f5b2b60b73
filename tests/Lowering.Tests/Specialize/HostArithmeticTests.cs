using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class HostArithmeticTests
{
    private static readonly Dim B = Dim.Named("B");
    private static readonly Dim T = Dim.Named("T");

    [Theory]
    [InlineData("add", "int", int.MaxValue, 1, int.MinValue)]
    [InlineData("mul", "int", 65536, 65536, 0)]
    [InlineData("sub", "long", 5L, 7L, -2L)]
    [InlineData("div", "int", -7, 2, -3)]
    [InlineData("rem", "int", -7, 2, -1)]
    [InlineData("div", "double", 1.0, 4.0, 0.25)]
    [InlineData("div", "float", 1f, 3f, 1f / 3f)]
    [InlineData("add", "double", 1, 0.5, 1.5)]
    [InlineData("min", "int", 3, 4, 3)]
    [InlineData("max", "float", 3f, 4f, 4f)]
    [InlineData("pow", "double", 2.0, 10.0, 1024.0)]
    [InlineData("and", "bool", true, false, false)]
    [InlineData("or", "bool", true, false, true)]
    [InlineData("xor", "bool", true, true, false)]
    [InlineData("xor", "int", 6, 3, 5)]
    [InlineData("lt", "bool", 1, 1.5, true)]
    [InlineData("ge", "bool", 2, 3, false)]
    [InlineData("eq", "bool", "a", "a", true)]
    [InlineData("ne", "bool", null, "a", true)]
    [InlineData("eq", "bool", double.NaN, double.NaN, false)]
    [InlineData("neg", "int", 5, null, -5)]
    [InlineData("not", "bool", true, null, false)]
    [InlineData("abs", "double", -1.5, null, 1.5)]
    [InlineData("sqrt", "float", 2f, null, 1.41421354f)]
    [InlineData("exp", "double", 0.0, null, 1.0)]
    [InlineData("to_int", "int", -2.9, null, -2)]
    [InlineData("to_int", "int", 1L << 32, null, 0)]
    [InlineData("to_double", "double", 3, null, 3.0)]
    [InlineData("to_float", "float", 0.1, null, 0.1f)]
    public void Known_numbers_follow_csharp(string name, string type, object? a, object? b, object expected)
    {
        var isUnary = name is "neg" or "not" or "abs" or "sqrt" or "exp" || name.StartsWith("to_", StringComparison.Ordinal);
        object? seen = null;
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        var x = f.Literal(a);
        var operands = isUnary ? new[] { x } : [x, f.Literal(b)];
        f.Thunk("probe", (_, arguments) => seen = arguments[0], f.HostOp(name, type, operands));
        f.Specialize();
        Assert.Equal(expected, seen);
        Assert.Equal(expected.GetType(), seen!.GetType());
    }

    [Fact]
    public void A_division_by_zero_is_the_users_own_exception()
    {
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        f.HostOp("div", "int", f.Literal(1), f.Literal(0));
        Assert.Throws<DivideByZeroException>(() => f.Specialize());
    }

    [Theory]
    [InlineData("add", 1, "B+1")]
    [InlineData("sub", 1, "B-1")]
    [InlineData("mul", 3, "3*B")]
    [InlineData("div", 2, "floordiv(B, 2)")]
    [InlineData("min", 4, "min(4, B)")]
    [InlineData("max", 4, "max(4, B)")]
    public void Sizes_stay_symbolic(string name, int number, string expected)
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var size = f.HostOp(name, "int", f.Dim(x, 0), f.Literal(number));
        f.Return(Full(f, size));
        Assert.Equal($"[{expected}]", Graphs.ResultType(f.Specialize(Graphs.F32(B)).Module.Root).Shape.ToString());
    }

    [Fact]
    public void A_product_divides_back_exactly()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var product = f.HostOp("mul", "int", f.Dim(x, 0), f.Dim(x, 1));
        f.Return(Full(f, f.HostOp("div", "int", product, f.Dim(x, 1))));
        Assert.Equal(Graphs.F32(B), Graphs.ResultType(f.Specialize(Graphs.F32(B, T)).Module.Root));
    }

    [Fact]
    public void A_remainder_is_what_the_quotient_leaves()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        f.Return(Full(f, f.HostOp("rem", "int", f.Dim(x, 0), f.Literal(8))));
        var dim = Graphs.ResultType(f.Specialize(Graphs.F32(B)).Module.Root).Shape[0];
        foreach (var size in new long[] { 0, 1, 7, 8, 9, 100 })
        {
            Assert.Equal(size % 8, dim.Evaluate(new Dictionary<string, long> { ["B"] = size }));
        }
    }

    [Fact]
    public void What_is_divided_must_not_be_negative_and_the_runtime_is_told()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        f.Return(Full(f, f.HostOp("div", "int", f.HostOp("sub", "int", f.Dim(x, 0), f.Literal(5)), f.Literal(2))));
        var requirement = Assert.Single(f.Specialize(Graphs.F32(B)).Requirements);
        Assert.Equal(B - 5, requirement.NonNegative);
    }

    [Fact]
    public void A_constant_size_is_a_number()
    {
        object? seen = null;
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        var x = f.Load(f.Parameter("x"));
        f.Thunk("probe", (_, arguments) => seen = arguments[0], f.Dim(x, 1));
        f.Specialize(Graphs.F32(B, 7));
        Assert.Equal(7, seen);
    }

    [Fact]
    public void A_thunk_of_a_symbolic_size_asks_for_its_value()
    {
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        var x = f.Load(f.Parameter("x"));
        var sum = f.HostOp("add", "int", f.Dim(x, 0), f.Dim(x, 1));
        f.Thunk("Table[n]", (_, _) => null, sum);
        var e = Assert.Throws<SymbolicDimException>(() => f.Specialize(Graphs.F32(B, T)));
        Assert.Equal(["B", "T"], e.Dims);
        Assert.True(e.EagerIsPossible);
        Assert.Contains("'Table[n]'", e.Message, StringComparison.Ordinal);
        Assert.Contains("Model.cs(", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_square_root_of_a_symbolic_size_asks_for_its_value()
    {
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        var x = f.Load(f.Parameter("x"));
        f.HostOp("sqrt", "double", f.HostOp("to_double", "double", f.Dim(x, 0)));
        Assert.Equal(["B"], Assert.Throws<SymbolicDimException>(() => f.Specialize(Graphs.F32(B))).Dims);
    }

    [Fact]
    public void A_size_used_as_an_operand_becomes_a_tensor()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        f.Return(f.Apply(OpCode.Div, ("x", x), ("y", f.HostOp("to_float", "float", f.Dim(x, 0)))));
        Assert.Equal(["dim_size", "cast", "div"], Graphs.Ops(f.Specialize(Graphs.F32(B)).Module.Root));
    }

    internal static int Full(FunctionWriter f, params int[] shape) => f.Apply(
        OpCode.Full, ("shape", f.MakeList(shape)), ("value", f.Literal(1f)), ("dtype", f.Thunk("dtype", (_, _) => DType.F32)));
}
