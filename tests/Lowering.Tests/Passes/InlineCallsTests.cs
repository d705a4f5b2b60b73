using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class InlineCallsTests
{
    [Fact]
    public void Random_modules_keep_their_values() => Modules.KeepsValues(new InlineCalls().Run);

    [Fact]
    public void A_graph_called_once_becomes_part_of_its_caller()
    {
        var block = Modules.Block();
        var module = Calling(block, 1);
        var after = new InlineCalls().Run(module);
        Assert.Equal("main", Modules.Names(after));
        Assert.Equal(Modules.Ops(block), Modules.Ops(after.Root));
        Evaluation.Same(module, after);
    }

    [Fact]
    public void A_large_graph_called_twice_stays()
    {
        var after = new InlineCalls().Run(Calling(Modules.Block(), 2));
        Assert.Equal("main block", Modules.Names(after));
        Assert.Equal(2, Modules.Calls(after, "block"));
    }

    [Fact]
    public void A_small_graph_is_inlined_everywhere()
    {
        var b = Modules.Graph("small");
        var (x, w, bias) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]"));
        var module = Calling(b.Returning(b.MatMul(x, w) + bias, x), 3);
        var after = new InlineCalls().Run(module);
        Assert.Equal("mat_mul add mat_mul add mat_mul add", Modules.Ops(after.Root));
        Evaluation.Same(module, after);
    }

    [Fact]
    public void Calls_inside_a_callee_are_looked_at_first()
    {
        // The middle graph has one node, but holds the block once that is inlined into it: too large for two copies.
        var block = Modules.Block();
        var m = Modules.Graph("middle");
        var middle = m.Returning([.. m.Call(block, [m.Input("x", "f64[B,T,4]"), m.Input("w", "f64[4,4]"), m.Input("b", "f64[4]")])]);
        var root = Calling(middle, 2);
        var module = new GraphModule([root.Root, middle, block]);
        var after = new InlineCalls().Run(module);
        Assert.Equal("main middle", Modules.Names(after));
        Assert.Equal(Modules.Ops(block), Modules.Ops(after.Get("middle")));
        Evaluation.Same(module, after);
    }

    [Fact]
    public void An_assignment_of_a_callee_is_a_value_of_its_caller()
    {
        var c = Modules.Graph("count");
        var state = c.Input("n", "f64[4]", InputKind.State);
        c.Output(state + 1, OutputKind.Assign, 0);
        var callee = c.Build();
        var b = Modules.Graph();
        var n = b.Input("n", "f64[4]", InputKind.State);
        var twice = b.Call(callee, [b.Call(callee, [n])[0]])[0];
        b.Output(twice, OutputKind.Assign, 0);
        var module = b.Module(callee);
        var after = new InlineCalls().Run(module);
        Assert.Equal(new GraphOutput(after.Root.ValueCount - 1, OutputKind.Assign, 0), Assert.Single(after.Root.Outputs));
        Assert.Equal("constant add constant add", Modules.Ops(after.Root));
        Evaluation.Same(module, after);
    }

    private static GraphModule Calling(Graph callee, int times)
    {
        var b = Modules.Graph();
        var (x, w, bias) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]"));
        for (var i = 0; i < times; i++)
        {
            x = b.Call(callee, [x, w, bias])[0];
        }

        b.Returning(x);
        return b.Module(callee);
    }
}
