using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class GradientTests
{
    private static readonly TensorType X = Graphs.F32(4);

    private static int ValueAndGrad(FunctionWriter f, int wrt, Func<int> loss)
    {
        var body = f.Block(loss);
        return f.Emit(r => new ValueAndGradInstruction(r, body, wrt, f.Place("ValueAndGrad")));
    }

    private static int Loss(FunctionWriter f, int x, int w) => f.Apply(OpCode.Mean, ("x", f.Mul(x, w)));

    [Fact]
    public void The_result_is_the_loss_and_one_gradient_per_tensor_of_the_list()
    {
        var (a, b) = (new FakeTensor("_a", 4), new FakeTensor("_b", 4));
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.List };
        var x = f.Load(f.Parameter("x"));
        var result = ValueAndGrad(f, f.Thunk("Parameters", (_, _) => new List<FakeTensor> { b, a }), () => Loss(f, f.Add(x, f.State(a)), f.State(b)));
        f.Return(result);
        var specialized = f.Specialize(X);
        var graph = specialized.Module.Root;
        Assert.Equal(["watch", "add", "mul", "mean", "gradient"], Graphs.Ops(graph));
        Assert.Equal([new ArgumentBinding(0), new TensorBinding(b), new TensorBinding(a)], specialized.Inputs);
        Assert.Equal([1, 2], graph.Nodes[0].Operands);
        Assert.Equal([graph.Nodes[3].Results[0], .. graph.Nodes[0].Results], graph.Nodes[4].Operands);
        Assert.Equal([graph.Nodes[3].Results[0], .. graph.Nodes[4].Results], graph.Outputs.Select(o => o.Value));
        Assert.Equal(3, specialized.ResultPositions);
    }

    [Fact]
    public void One_tensor_still_gives_a_list_of_gradients()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var result = ValueAndGrad(f, x, () => Loss(f, x, x));
        f.Return(f.Item(f.Item(result, 1), 0));
        Assert.Equal(X, Graphs.ResultType(f.Specialize(X).Module.Root));
    }

    [Fact]
    public void Gradients_are_at_the_values_before_the_body_ran()
    {
        var w = new FakeTensor("_w", 4);
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var result = ValueAndGrad(f, f.State(w), () =>
        {
            var loss = Loss(f, x, f.State(w));
            f.Assign(f.State(w), x);
            return loss;
        });
        f.Return(f.Item(result, 0));
        var graph = f.Specialize(X).Module.Root;
        Assert.Equal([1], graph.Nodes[0].Operands);
        Assert.Equal([graph.Nodes[2].Results[0], graph.Nodes[0].Results[0]], graph.Nodes[3].Operands);
        Assert.EndsWith("w := x", Graphs.Print(graph), StringComparison.Ordinal);
    }

    [Fact]
    public void A_parameter_used_only_in_a_call_is_an_input_of_both_graphs()
    {
        var w = new FakeTensor("_w", 4);
        var callee = new FunctionWriter("M:Net.Forward");
        callee.Return(Loss(callee, callee.Load(callee.Parameter("x")), callee.State(w)));
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.List };
        var x = f.Load(f.Parameter("x"));
        f.Return(ValueAndGrad(f, f.Thunk("Parameters", (_, _) => new[] { w }), () => f.Call(callee.Build(), x)));
        Assert.Equal(
            "%2 = watch(item0); %3 = Net_Forward(x, item0); %4 = gradient(%3, %2); return %3; return %4", Graphs.Print(f.Specialize(X).Module.Root));
    }

    [Fact]
    public void A_loss_that_is_no_scalar_says_so()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        ValueAndGrad(f, x, () => f.Mul(x, x));
        var e = Assert.Throws<GraphCompileException>(() => f.Specialize(X));
        Assert.Contains("f32[4]", e.Message, StringComparison.Ordinal);
        Assert.Equal("ValueAndGrad", e.Place!.Text);
    }

    [Fact]
    public void Integers_have_no_gradient()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        ValueAndGrad(f, f.Load(f.Parameter("n")), () => Loss(f, x, x));
        Assert.Contains("i64", Assert.Throws<GraphCompileException>(() => f.Specialize(X, new TensorType(DType.I64, Shape.Of(2)))).Message, StringComparison.Ordinal);
    }
}
