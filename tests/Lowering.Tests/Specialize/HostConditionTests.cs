using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class HostConditionTests
{
    private static readonly Dim B = Dim.Named("B");
    private static readonly Dim T = Dim.Named("T");

    [Theory]
    [InlineData("ge", 0, true)]
    [InlineData("lt", 0, false)]
    [InlineData("gt", -1, true)]
    [InlineData("eq", -1, false)]
    [InlineData("ne", -3, true)]
    public void A_comparison_that_holds_for_every_size_is_decided(string name, int number, bool expected)
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        Choose(f, x, f.HostOp(name, "bool", f.Dim(x, 0), f.Literal(number)));
        Assert.Equal([expected ? "exp" : "log"], Graphs.Ops(f.Specialize(Graphs.F32(B)).Module.Root));
    }

    [Theory]
    [InlineData("eq", true)]
    [InlineData("ne", false)]
    [InlineData("le", true)]
    [InlineData("lt", false)]
    public void Equal_sizes_are_known_to_be_equal(string name, bool expected)
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        Choose(f, x, f.HostOp(name, "bool", f.Dim(x, 0), f.Dim(x, 1)));
        Assert.Equal([expected ? "exp" : "log"], Graphs.Ops(f.Specialize(Graphs.F32(B, B)).Module.Root));
    }

    [Theory]
    [InlineData("eq")]
    [InlineData("ne")]
    [InlineData("lt")]
    [InlineData("ge")]
    public void An_open_comparison_asks_for_the_sizes(string name)
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        Choose(f, x, f.HostOp(name, "bool", f.Dim(x, 0), f.Dim(x, 1)));
        Assert.Equal(["B", "T"], Assert.Throws<SymbolicDimException>(() => f.Specialize(Graphs.F32(B, T))).Dims);
        Assert.Single(f.Specialize(Graphs.F32(3, 4)).Module.Root.Nodes);
    }

    [Fact]
    public void A_check_that_throws_becomes_a_requirement()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        ThrowIf(f, f.HostOp("gt", "bool", f.Dim(x, 0), f.Literal(1024)));
        f.Return(f.Apply(OpCode.Exp, ("x", x)));
        var requirement = Assert.Single(f.Specialize(Graphs.F32(T)).Requirements);
        Assert.Equal(1024 - T, requirement.NonNegative);
        Assert.Equal("if", requirement.Source!.Text);
    }

    [Fact]
    public void A_check_of_two_sizes_becomes_two_requirements()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var tooLong = f.HostOp("gt", "bool", f.Dim(x, 1), f.Literal(8));
        var isEmpty = f.HostOp("lt", "bool", f.Dim(x, 0), f.Literal(1));
        ThrowIf(f, f.HostOp("or", "bool", tooLong, isEmpty));
        f.Return(x);
        Assert.Equal([8 - T, B - 1], f.Specialize(Graphs.F32(B, T)).Requirements.Select(r => r.NonNegative));
    }

    [Fact]
    public void A_check_that_fails_throws_the_users_exception()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        ThrowIf(f, f.HostOp("gt", "bool", f.Dim(x, 0), f.Literal(1024)));
        f.Return(x);
        Assert.Equal("too long", Assert.Throws<ArgumentException>(() => f.Specialize(Graphs.F32(2000))).Message);
        Assert.Empty(f.Specialize(Graphs.F32(1000)).Requirements);
    }

    [Fact]
    public void A_tensor_as_a_condition_becomes_a_branch_of_the_graph()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        Choose(f, x, f.Apply(OpCode.Greater, ("x", x), ("y", f.Literal(0f))));
        var module = f.Specialize(Graphs.F32()).Module;
        GraphVerifier.Check(module);
        Assert.Equal(["F_else", "F_then"], module.Root.Nodes.Where(n => n.Op.Code == OpCode.If).Select(n => n.Callee));
    }

    [Fact]
    public void A_condition_of_several_elements_says_what_to_write()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        Choose(f, x, f.Apply(OpCode.Greater, ("x", x), ("y", f.Literal(0f))));
        var e = Assert.Throws<GraphCompileException>(() => f.Specialize(Graphs.F32(3)));
        Assert.True(e.EagerIsPossible);
        Assert.Equal("if", e.Place!.Text);
        Assert.Contains("a condition has one element, not bool[3]; reduce it", e.Message, StringComparison.Ordinal);
    }

    private static void Choose(FunctionWriter f, int x, int condition) =>
        f.If(condition, () => f.Return(f.Apply(OpCode.Exp, ("x", x))), () => f.Return(f.Apply(OpCode.Log, ("x", x))));

    private static void ThrowIf(FunctionWriter f, int condition)
    {
        var exception = f.DeclareThunk("new ArgumentException", (_, _) => new ArgumentException("too long"));
        f.If(condition, () => f.Do(new ThrowInstruction(exception, [])));
    }
}
