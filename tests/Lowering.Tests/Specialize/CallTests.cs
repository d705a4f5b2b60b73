using Unified.Ir;
using Unified.Lowering.Specialize;

namespace Unified.Lowering.Tests.Specialize;

public class CallTests
{
    private static readonly Dim B = Dim.Named("B");
    private static readonly TensorType X = Graphs.F32(B, 8);

    private sealed class LinearLayer(long outputs, long inputs)
    {
        public FakeTensor Weight { get; } = new("weight", outputs, inputs);

        public FakeTensor? Bias { get; init; } = new("bias", outputs);
    }

    private sealed class Block(int width)
    {
        public LinearLayer Up { get; } = new(4 * width, width);

        public LinearLayer Down { get; } = new(width, 4 * width);
    }

    private static readonly FunctionDefinition Linear = BuildLinear();

    private static readonly FunctionDefinition BlockForward = BuildBlock();

    private static FunctionDefinition BuildLinear()
    {
        var f = new FunctionWriter("M:Ns.Linear.Forward(Tensor)");
        f.This();
        var x = f.Load(f.Parameter("x"));
        var weight = f.Thunk("Weight", (self, _) => ((LinearLayer)self!).Weight);
        var bias = f.Thunk("Bias", (self, _) => ((LinearLayer)self!).Bias);
        f.Return(f.Apply(OpCode.Linear, ("x", x), ("weight", weight), ("bias", bias)));
        return f.Build();
    }

    private static FunctionDefinition BuildBlock()
    {
        var f = new FunctionWriter("M:Ns.Block.Forward(Tensor)");
        f.This();
        var x = f.Load(f.Parameter("x"));
        var up = f.Call(Linear, f.Thunk("Up", (self, _) => ((Block)self!).Up), x);
        var down = f.Call(Linear, f.Thunk("Down", (self, _) => ((Block)self!).Down), f.Apply(OpCode.Gelu, ("x", up)));
        f.Return(f.Add(x, down));
        return f.Build();
    }

    private static FunctionWriter Stack(IReadOnlyList<Block> blocks)
    {
        var f = new FunctionWriter("M:Ns.Net.Forward(Tensor)");
        var x = f.Parameter("x");
        var block = f.Local("block", FunctionWriter.Host);
        f.Do(new ForEachInstruction(block, f.Thunk("_blocks", (_, _) => blocks), f.Block(() =>
            f.Store(x, f.Call(BlockForward, f.Load(block), f.Load(x))))));
        f.Return(f.Load(x));
        return f;
    }

    [Fact]
    public void A_call_is_a_sub_graph_with_arguments_then_state_as_inputs()
    {
        var layer = new LinearLayer(3, 8);
        var f = new FunctionWriter("M:Ns.Net.Forward(Tensor)");
        f.Return(f.Call(Linear, f.Thunk("_layer", (_, _) => layer), f.Load(f.Parameter("x"))));
        var specialized = f.Specialize(X);
        Assert.Equal("%3 = Linear_Forward(x, Weight, Bias); return %3", Graphs.Print(specialized.Module.Root));
        Assert.Equal("%3 = linear(x, Weight, Bias); return %3", Graphs.Print(specialized.Module.Get("Linear_Forward")));
        Assert.Equal([InputKind.Argument, InputKind.State, InputKind.State], specialized.Module.Graphs[1].Inputs.Select(i => i.Kind));
        Assert.Equal([new ArgumentBinding(0), new TensorBinding(layer.Weight), new TensorBinding(layer.Bias!)], specialized.Inputs);
        Assert.Equal(Graphs.F32(B, 3), Graphs.ResultType(specialized.Module.Root));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(48)]
    public void Equal_blocks_are_one_sub_graph(int count)
    {
        var specialized = Stack([.. Enumerable.Range(0, count).Select(_ => new Block(8))]).Specialize(X);
        Assert.Equal(["Net_Forward", "Linear_Forward", "Linear_Forward_2", "Block_Forward"], specialized.Module.Graphs.Select(g => g.Name));
        Assert.Equal(count, specialized.Module.Root.Nodes.Length);
        Assert.Equal(1 + (4 * count), specialized.Inputs.Distinct().Count());
    }

    [Fact]
    public void Blocks_that_differ_are_different_sub_graphs()
    {
        var f = new FunctionWriter("M:Net.Forward");
        var x = f.Load(f.Parameter("x"));
        var (a, b) = (new LinearLayer(8, 8), new LinearLayer(8, 8) { Bias = null });
        var first = f.Call(Linear, f.Thunk("_a", (_, _) => a), x);
        f.Return(f.Call(Linear, f.Thunk("_b", (_, _) => b), first));
        Assert.Equal(3, f.Specialize(X).Module.Graphs.Length);
    }

    [Fact]
    public void One_layer_used_twice_is_two_calls_on_one_state()
    {
        var layer = new LinearLayer(8, 8);
        var f = new FunctionWriter("M:Net.Forward");
        var host = f.Thunk("_layer", (_, _) => layer);
        f.Return(f.Call(Linear, host, f.Call(Linear, host, f.Load(f.Parameter("x")))));
        var specialized = f.Specialize(X);
        Assert.Equal("%3 = Linear_Forward(x, Weight, Bias); %4 = Linear_Forward(%3, Weight, Bias); return %4", Graphs.Print(specialized.Module.Root));
    }

    [Fact]
    public void Host_arguments_and_host_results_pass_through()
    {
        var callee = new FunctionWriter("M:Sizes.Half") { Result = FunctionWriter.Host };
        callee.Return(callee.HostOp("div", "int", callee.Load(callee.Parameter("n", FunctionWriter.Host)), callee.Literal(2)));
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        f.Return(HostArithmeticTests.Full(f, f.Call(callee.Build(), f.Dim(x, 0))));
        var specialized = f.Specialize(X);
        Assert.Single(specialized.Module.Graphs);
        Assert.Equal("[floordiv(B, 2)]", Graphs.ResultType(specialized.Module.Root).Shape.ToString());
    }

    [Fact]
    public void A_callee_that_hands_its_argument_back_costs_nothing()
    {
        var callee = new FunctionWriter("M:Dropout.Forward");
        callee.Return(callee.Load(callee.Parameter("x")));
        var f = new FunctionWriter("M:F");
        var y = f.Apply(OpCode.Exp, ("x", f.Load(f.Parameter("x"))));
        f.Return(f.Apply(OpCode.Log, ("x", f.Call(callee.Build(), y))));
        var module = f.Specialize(X).Module;
        Assert.Single(module.Graphs);
        Assert.Equal(["exp", "log"], Graphs.Ops(module.Root));
    }

    /// <summary><c>void Update(p, g) { p.Assign(p - g); _steps.Assign(_steps + 1); }</c></summary>
    private static FunctionDefinition Update(FakeTensor steps)
    {
        var f = new FunctionWriter("M:Sgd.Update") { Result = FunctionWriter.Void };
        var (p, g) = (f.Load(f.Parameter("p")), f.Load(f.Parameter("g")));
        f.Assign(p, f.Apply(OpCode.Sub, ("x", p), ("y", g)));
        f.Assign(f.State(steps), f.Add(f.State(steps), f.Literal(1f)));
        return f.Build();
    }

    [Fact]
    public void Writes_of_a_callee_are_outputs_that_the_caller_sees_in_order()
    {
        var (w, steps) = (new FakeTensor("_w", 4), new FakeTensor("_steps"));
        var update = Update(steps);
        var f = new FunctionWriter("M:F");
        var g = f.Load(f.Parameter("g"));
        f.Call(update, f.State(w), g);
        f.Call(update, f.State(w), f.Mul(g, g));
        f.Return(f.Mul(f.State(w), f.State(steps)));
        var specialized = f.Specialize(Graphs.F32(4));
        Assert.Equal(
            "%3,%4 = Sgd_Update(w, g, steps); %5 = mul(g, g); %6,%7 = Sgd_Update(%3, %5, %4); %8 = mul(%6, %7); return %8; w := %6; steps := %7",
            Graphs.Print(specialized.Module.Root));
        var callee = specialized.Module.Get("Sgd_Update");
        Assert.Equal([(OutputKind.Assign, 0), (OutputKind.Assign, 2)], callee.Outputs.Select(o => (o.Kind, o.Input)));
        Assert.Equal([InputKind.State, InputKind.Argument, InputKind.State], callee.Inputs.Select(i => i.Kind));
    }

    /// <summary>An optimizer calls its update for each parameter: it is specialized once for each type, and each call writes its own tensor.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(48)]
    public void A_callee_is_specialized_once_for_calls_that_differ_in_their_tensors_alone(int count)
    {
        var runs = 0;
        var update = new FunctionWriter("M:Sgd.Update") { Result = FunctionWriter.Void };
        var (p, g) = (update.Load(update.Parameter("p")), update.Load(update.Parameter("g")));
        var rate = update.Thunk("_rate", (_, _) =>
        {
            runs++;
            return 0.5f;
        });
        update.Assign(p, update.Apply(OpCode.Sub, ("x", p), ("y", update.Mul(g, rate))));
        var definition = update.Build();
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.Void };
        var (x, y) = (f.Load(f.Parameter("x")), f.Load(f.Parameter("y")));
        FakeTensor[] few = [.. Enumerable.Range(0, count).Select(i => new FakeTensor($"_w{i}", 4))], other = [new FakeTensor("_v", 2, 3), new FakeTensor("_u", 2, 3)];
        foreach (var w in few)
        {
            f.Call(definition, f.State(w), x);
        }

        foreach (var w in other)
        {
            f.Call(definition, f.State(w), y);
        }

        var specialized = f.Specialize(Graphs.F32(4), Graphs.F32(2, 3));
        Assert.Equal(2, runs);
        Assert.Equal(3, specialized.Module.Graphs.Length);
        Assert.Equal([.. few, .. other], specialized.Inputs.OfType<TensorBinding>().Select(b => (FakeTensor)b.Tensor));
        Assert.Equal(count + 2, specialized.Outputs.Length);
    }

    [Fact]
    public void An_argument_and_a_field_that_are_one_tensor_are_one_input()
    {
        var w = new FakeTensor("_w", 4);
        var callee = new FunctionWriter("M:Tied.Forward");
        var x = callee.Load(callee.Parameter("x"));
        callee.Assign(callee.State(w), callee.Mul(x, x));
        callee.Return(callee.Apply(OpCode.Exp, ("x", x)));
        var f = new FunctionWriter("M:F");
        f.Return(f.Call(callee.Build(), f.State(w)));
        var specialized = f.Specialize();
        Assert.Equal("%1 = mul(x, x); %2 = exp(%1); return %2; x := %1", Graphs.Print(specialized.Module.Get("Tied_Forward")));
        Assert.Single(specialized.Inputs);
    }

    [Fact]
    public void A_callee_overwrites_what_its_caller_computed()
    {
        var callee = new FunctionWriter("M:Set.Forward") { Result = FunctionWriter.Void };
        var (to, by, value) = (callee.Load(callee.Parameter("to")), callee.Load(callee.Parameter("by")), callee.Load(callee.Parameter("value")));
        callee.Assign(to, callee.Mul(by, value));
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var y = f.Mul(x, x);
        f.Call(callee.Build(), y, y, x);
        f.Return(f.Apply(OpCode.Exp, ("x", y)));
        var module = f.Specialize(Graphs.F32(4)).Module;
        Assert.Equal("%2 = mul(to, value); to := %2", Graphs.Print(module.Get("Set_Forward")));
        Assert.Equal("%1 = mul(x, x); %2 = Set_Forward(%1, x); %3 = exp(%2); return %3", Graphs.Print(module.Root));
    }

    [Fact]
    public void Guards_of_callees_are_guards_of_the_root()
    {
        var callee = new FunctionWriter("M:Dropout.Forward");
        callee.This();
        callee.Guard("Training", (_, _) => false);
        callee.Return(callee.Load(callee.Parameter("x")));
        var definition = callee.Build();
        var module = new object();
        var f = new FunctionWriter("M:F");
        var host = f.Thunk("_dropout", (_, _) => module);
        f.Return(f.Call(definition, host, f.Call(definition, host, f.Load(f.Parameter("x")))));
        var guard = Assert.Single(f.Specialize(X).Guards);
        Assert.Same(definition, guard.Function);
        Assert.Same(module, guard.Self);
    }

    [Fact]
    public void Aggregates_are_passed_and_returned_item_by_item()
    {
        var callee = new FunctionWriter("M:Pair.Swap") { Result = FunctionWriter.List };
        var pair = callee.Load(callee.Parameter("pair", FunctionWriter.List));
        callee.Return(callee.MakeList(callee.Apply(OpCode.Exp, ("x", callee.Item(pair, 1))), callee.Item(pair, 0)));
        var f = new FunctionWriter("M:F") { Result = FunctionWriter.List };
        var (x, y) = (f.Load(f.Parameter("x")), f.Load(f.Parameter("y")));
        f.Return(f.Call(callee.Build(), f.MakeList(f.Mul(x, x), f.Mul(y, y))));
        Assert.Equal("%2 = mul(x, x); %3 = mul(y, y); %4 = Pair_Swap(%2, %3); return %4; return %2", Graphs.Print(f.Specialize(X, X).Module.Root));
    }

    [Fact]
    public void The_receiver_decides_which_override_is_called()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        var layer = f.Thunk("_layer", (_, _) => new LinearLayer(3, 8));
        f.Return(f.Call("M:Layer.Forward", r => r is LinearLayer ? Linear : null, layer, x));
        Assert.Equal("Linear_Forward", f.Specialize(X).Module.Graphs[1].Name);
    }

    [Fact]
    public void An_override_that_is_no_static_graph_runs_eagerly()
    {
        var f = new FunctionWriter("M:F");
        var x = f.Load(f.Parameter("x"));
        f.Return(f.Call("M:Layer.Forward", _ => null, f.Thunk("_layer", (_, _) => new LinearLayer(3, 8)), x));
        var e = Assert.Throws<GraphCompileException>(() => f.Specialize(X));
        Assert.True(e.EagerIsPossible);
        Assert.Contains("M:Layer.Forward is overridden in LinearLayer", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(1000, false)]
    public void Recursion_ends_on_a_host_condition_or_is_refused(int depth, bool works)
    {
        FunctionDefinition? self = null;
        var f = new FunctionWriter("M:Tree.Sum");
        var x = f.Load(f.Parameter("x"));
        var n = f.Load(f.Parameter("n", FunctionWriter.Host));
        f.If(f.HostOp("eq", "bool", n, f.Literal(0)), () => f.Return(x));
        f.Return(f.Apply(OpCode.Exp, ("x", f.Call("M:Tree.Sum", _ => self, x, f.HostOp("sub", "int", n, f.Literal(1))))));
        self = f.Build();
        SpecializedFunction Run() => Specializer.Specialize(self, null, [new TensorSpec(X), new HostSpec(depth)]);
        if (works)
        {
            Assert.Equal(depth, Run().Module.Graphs.Length);
        }
        else
        {
            Assert.Contains("200", Assert.Throws<GraphCompileException>(Run).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_error_in_a_callee_names_the_callees_expression()
    {
        var f = new FunctionWriter("M:F");
        f.Return(f.Call(Linear, f.Thunk("_layer", (_, _) => new LinearLayer(10, 512)), f.Load(f.Parameter("x"))));
        var e = Assert.Throws<GraphCompileException>(() => f.Specialize(X));
        Assert.Equal("Linear", e.Place!.Text);
        Assert.Contains("[10,512]", e.Message, StringComparison.Ordinal);
    }
}
