using Unified.Ir;
using Unified.Lowering.Passes;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

/// <summary>Policies of mixed precision: where casts come, and that a weight is cast once.</summary>
public class PrecisionTests
{
    private static readonly PrecisionPolicy s_o1 = new(DType.BF16, PrecisionLevel.O1);

    [Fact]
    public void Casts_stand_before_the_ops_that_want_them()
    {
        var f = new FunctionWriter("M:F");
        var (x, w) = (f.Load(f.Parameter("x")), f.Load(f.Parameter("w")));
        var product = f.Apply(OpCode.MatMul, ("x", x), ("y", w));
        var sum = f.Apply(OpCode.Add, ("x", product), ("y", x));
        f.Return(f.Apply(OpCode.Softmax, ("x", sum)));
        var graph = Specialized(f, s_o1).Root;
        Assert.Equal(["cast", "cast", "mat_mul", "cast", "add", "softmax"], Graphs.Ops(graph));
        Assert.Equal(DType.F32, graph.TypeOf(graph.Outputs[0].Value).DType);
        Assert.Equal(["mat_mul", "add", "softmax"], Graphs.Ops(Specialized(f, PrecisionPolicy.None).Root));
        Assert.Equal(["cast", "cast", "mat_mul", "cast", "add", "cast", "softmax"], Graphs.Ops(Specialized(f, new PrecisionPolicy(DType.F16, PrecisionLevel.O2)).Root));
        Assert.Equal(["cast", "cast", "mat_mul", "cast", "add", "softmax"], Graphs.Ops(Specialized(f, new PrecisionPolicy(DType.F16, PrecisionLevel.O3)).Root));
    }

    [Fact]
    public void A_number_is_made_in_the_dtype_that_the_op_sees()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var product = f.Apply(OpCode.MatMul, ("x", x), ("y", x));
        f.Return(f.Apply(OpCode.Pow, ("x", product), ("y", f.Literal(0.3))));
        var graph = Specialized(f, s_o1).Root;
        var constant = Assert.Single(graph.Nodes, n => n.Op.Code == OpCode.Constant);
        Assert.Equal(DType.F32, graph.TypeOf(constant.Results[0]).DType);
    }

    [Fact]
    public void A_weight_that_is_used_twice_is_cast_once()
    {
        var f = new FunctionWriter("M:F");
        var (x, w) = (f.Load(f.Parameter("x")), f.Load(f.Parameter("w")));
        var once = f.Apply(OpCode.MatMul, ("x", x), ("y", w));
        f.Return(f.Apply(OpCode.MatMul, ("x", once), ("y", w)));
        var module = Pipeline.Run(Specialized(f, s_o1), new PassContext(Verify: true));
        Assert.Equal(2, module.Root.Nodes.Count(n => n.Op.Code == OpCode.Cast));
    }

    [Fact]
    public void The_same_callee_is_another_graph_under_another_policy()
    {
        var callee = new FunctionWriter("M:Square");
        var y = callee.Load(callee.Parameter("y"));
        callee.Return(callee.Apply(OpCode.MatMul, ("x", y), ("y", y)));
        var square = callee.Build();

        var f = new FunctionWriter("M:F") { Result = FunctionWriter.List };
        var x = f.Load(f.Parameter("x"));
        var (plain, low) = (f.Local("plain"), f.Local("low"));
        f.Store(plain, f.Call(square, x));
        f.Do(new PrecisionInstruction([f.Thunk("_policy", (_, _) => s_o1)], f.Block(() => f.Store(low, f.Call(square, x)))));
        f.Store(plain, f.Apply(OpCode.Add, ("x", f.Load(plain)), ("y", f.Call(square, x))));
        f.Return(f.MakeList(f.Load(plain), f.Load(low)));
        var module = Specialized(f, PrecisionPolicy.None);
        Assert.Equal(3, module.Graphs.Length);
        Assert.Equal([DType.F32, DType.BF16], module.Root.Outputs.Select(o => module.Root.TypeOf(o.Value).DType));
    }

    private static GraphModule Specialized(FunctionWriter f, PrecisionPolicy policy)
    {
        var function = f.Build();
        var specialized = Specializer.Specialize(
            function, null, [.. function.Function.Parameters.Select(_ => (ArgumentSpec)new TensorSpec(Graphs.F32(4, 4)))], precision: policy);
        GraphVerifier.Check(specialized.Module);
        return specialized.Module;
    }
}
