using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class ApplyTests
{
    private static readonly Dim B = Dim.Named("B");

    [Fact]
    public void A_host_number_becomes_a_constant_of_the_tensors_dtype()
    {
        var f = new FunctionWriter("M:F");
        f.Return(f.Mul(f.Literal(3), f.Load(f.Parameter("x"))));
        var graph = f.Specialize(new TensorType(DType.F64, Shape.Of(2))).Module.Root;
        Assert.Equal("%1 = constant(); %2 = mul(%1, x); return %2", Graphs.Print(graph));
        Assert.Equal(DType.F64, graph.TypeOf(1).DType);
        Assert.Equal(3.0, graph.Nodes[0].Attributes.Float("value"));
    }

    [Fact]
    public void A_number_beside_a_mask_takes_the_dtype_of_the_numbers()
    {
        var f = new FunctionWriter("M:F");
        var (mask, x) = (f.Load(f.Parameter("mask")), f.Load(f.Parameter("x")));
        f.Return(f.Apply(OpCode.Select, ("condition", mask), ("x", f.Literal(0.0)), ("y", x)));
        var graph = f.Specialize(new TensorType(DType.Bool, Shape.Of(4)), new TensorType(DType.F16, Shape.Of(4))).Module.Root;
        Assert.Equal(DType.F16, graph.TypeOf(graph.Nodes[0].Results[0]).DType);
    }

    [Fact]
    public void A_bool_becomes_a_bool_constant()
    {
        var f = new FunctionWriter("M:F");
        f.Return(f.Apply(OpCode.LogicalAnd, ("x", f.Load(f.Parameter("x"))), ("y", f.Literal(true))));
        Assert.Equal(DType.Bool, Graphs.ResultType(f.Specialize(new TensorType(DType.Bool, Shape.Of(4))).Module.Root).DType);
    }

    [Fact]
    public void Null_for_an_optional_operand_means_absent()
    {
        var f = new FunctionWriter("M:F");
        var (x, w) = (f.Load(f.Parameter("x")), f.Load(f.Parameter("w")));
        f.Return(f.Apply(OpCode.Linear, ("x", x), ("weight", w), ("bias", f.Thunk("_bias", (_, _) => null))));
        Assert.Equal("%2 = linear(x, w); return %2", Graphs.Print(f.Specialize(Graphs.F32(B, 3), Graphs.F32(5, 3)).Module.Root));
    }

    [Fact]
    public void Null_for_a_needed_operand_names_it()
    {
        var f = new FunctionWriter("M:F");
        f.Return(f.Apply(OpCode.Add, ("x", f.Load(f.Parameter("x"))), ("y", f.Literal(null))));
        Assert.Contains("operand 'y'", Assert.Throws<GraphCompileException>(() => f.Specialize(Graphs.F32(2))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Arguments_are_bound_by_name_in_any_order()
    {
        var f = new FunctionWriter("M:F");
        var (a, b) = (f.Load(f.Parameter("a")), f.Load(f.Parameter("b")));
        f.Return(f.Apply(OpCode.MatMul, ("transposeB", f.Literal(true)), ("y", b), ("x", a)));
        var node = Assert.Single(f.Specialize(Graphs.F32(B, 3), Graphs.F32(5, 3)).Module.Root.Nodes);
        Assert.Equal([0, 1], node.Operands);
        Assert.True(node.Attributes.Bool("transposeB"));
        Assert.False(node.Attributes.Bool("transposeA"));
    }

    [Fact]
    public void A_variadic_operand_takes_an_aggregate_or_a_host_list()
    {
        var state = new FakeTensor("s", 2);
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var joined = f.Apply(OpCode.Concat, ("xs", f.MakeList(x, x)), ("axis", f.Literal(0)));
        var states = f.Apply(OpCode.Concat, ("xs", f.Thunk("_all", (_, _) => new[] { state, state })), ("axis", f.Literal(0)));
        f.Return(f.Add(joined, states));
        Assert.Equal("%2 = concat(x, x); %3 = concat(item0, item0); %4 = add(%2, %3); return %4", Graphs.Print(f.Specialize(Graphs.F32(2)).Module.Root));
    }

    public static TheoryData<object> Shapes => [new[] { 2, 3 }, new[] { 2L, 3L }, new List<int> { 2, 3 }, Shape.Of(2, 3), (2, 3)];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Host_lists_of_ints_are_shapes(object shape)
    {
        var f = new FunctionWriter("M:F");
        f.Return(f.Apply(OpCode.Reshape, ("x", f.Load(f.Parameter("x"))), ("shape", f.Thunk("shape", (_, _) => shape))));
        Assert.Equal(Graphs.F32(2, 3), Graphs.ResultType(f.Specialize(Graphs.F32(6)).Module.Root));
    }

    [Fact]
    public void The_shape_of_a_tensor_is_a_shape()
    {
        var f = new FunctionWriter("M:F");
        var (x, y) = (f.Load(f.Parameter("x")), f.Load(f.Parameter("y")));
        f.Return(f.Apply(OpCode.BroadcastTo, ("x", x), ("shape", f.Emit(r => new ShapeInstruction(r, y)))));
        Assert.Equal(Graphs.F32(B, 3), Graphs.ResultType(f.Specialize(Graphs.F32(3), Graphs.F32(B, 3)).Module.Root));
    }

    [Fact]
    public void One_int_is_a_list_of_axes_and_a_float_a_float_attribute()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var mean = f.Apply(OpCode.Mean, ("x", x), ("axes", f.Literal(-1)), ("keepDims", f.Literal(true)));
        f.Return(f.Apply(OpCode.Clamp, ("x", mean), ("min", f.Literal(0)), ("max", f.Literal(1.5f))));
        var graph = f.Specialize(Graphs.F32(B, 3)).Module.Root;
        Assert.Equal(Graphs.F32(B, 1), Graphs.ResultType(graph));
        Assert.Equal(1.5, graph.Nodes[1].Attributes.Float("max"));
    }

    [Fact]
    public void An_attribute_of_the_wrong_kind_says_what_it_must_be()
    {
        var f = new FunctionWriter("M:F");
        f.Return(f.Apply(OpCode.MatMul, ("x", f.Load(f.Parameter("x"))), ("y", f.Load(f.Parameter("y"))), ("transposeA", f.Literal(1))));
        var e = Assert.Throws<GraphCompileException>(() => f.Specialize(Graphs.F32(2, 2), Graphs.F32(2, 2)));
        Assert.Contains("'transposeA' must be a bool", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_argument_lists_what_there_is()
    {
        var f = new FunctionWriter("M:F") { IsIllegal = true };
        f.Return(f.Apply(OpCode.Exp, ("x", f.Load(f.Parameter("x"))), ("y", f.Literal(1))));
        Assert.Contains("'y'; it has x", Assert.Throws<GraphCompileException>(() => f.Specialize(Graphs.F32(2))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_shape_rule_names_the_expression_and_both_shapes()
    {
        var f = new FunctionWriter("M:F");
        f.Return(f.Apply(OpCode.MatMul, ("x", f.Load(f.Parameter("x"))), ("y", f.Load(f.Parameter("y")))));
        var e = Assert.Throws<GraphCompileException>(() => f.Specialize(Graphs.F32(B, 784), Graphs.F32(512, 10)));
        Assert.StartsWith("Model.cs(1,5): ", e.Message, StringComparison.Ordinal);
        Assert.Contains("[B,784]", e.Message, StringComparison.Ordinal);
        Assert.Contains("[512,10]", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("in: MatMul", e.Message, StringComparison.Ordinal);
        Assert.False(e.EagerIsPossible);
        Assert.IsType<ShapeException>(e.InnerException);
    }

    [Fact]
    public void Nodes_carry_the_expression_they_came_from()
    {
        var f = new FunctionWriter("M:F");
        f.Return(f.Apply(OpCode.Exp, ("x", f.Load(f.Parameter("x")))));
        Assert.Equal("Exp", Assert.Single(f.Specialize(Graphs.F32(2)).Module.Root.Nodes).Source!.Text);
    }
}
