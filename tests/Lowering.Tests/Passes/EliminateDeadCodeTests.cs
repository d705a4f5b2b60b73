using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class EliminateDeadCodeTests
{
    [Fact]
    public void Random_modules_keep_their_values() => Modules.KeepsValues(new EliminateDeadCode().Run);

    [Fact]
    public void Nodes_that_nothing_uses_go_and_inputs_stay()
    {
        var b = Modules.Graph();
        var (x, unused) = (b.Input("x", "f64[B,4]"), b.Input("unused", "f64[4]", InputKind.State));
        b.Apply(OpCode.Exp, x + unused);
        var y = b.Apply(OpCode.Tanh, x);
        b.Apply(OpCode.Neg, y);
        b.Returning(y);
        var after = new EliminateDeadCode().Run(b.Module());
        Assert.Equal("tanh", Modules.Ops(after.Root));
        Assert.Equal(2, after.Root.Inputs.Length);
        Evaluation.Same(b.Module(), after);
    }

    [Fact]
    public void Assigned_and_rebound_values_are_used()
    {
        var b = Modules.Graph();
        var state = b.Input("state", "f64[4]", InputKind.State);
        b.Output(b.Apply(OpCode.Neg, state), OutputKind.Assign, 0);
        b.Output(b.Apply(OpCode.Tanh, state), OutputKind.Rebind);
        Assert.Equal("neg tanh", Modules.Ops(new EliminateDeadCode().Run(b.Module()).Root));
    }

    [Fact]
    public void Graphs_that_nothing_calls_go()
    {
        var block = Modules.Block();
        var b = Modules.Graph();
        var (x, w, bias) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]"));
        b.Call(Modules.Block("dead"), [x, w, bias]);
        b.Returning(b.Call(block, [x, w, bias])[1]);
        var after = new EliminateDeadCode().Run(b.Module(Modules.Block("dead"), block, Modules.Block("never")));
        Assert.Equal("main block", Modules.Names(after));
        Assert.Equal("block", Modules.Ops(after.Root));
    }

    [Fact]
    public void A_graph_with_nothing_dead_is_left_as_it_is()
    {
        var module = new GraphModule([Modules.Block()]);
        Assert.Same(module.Root, new EliminateDeadCode().Run(module).Root);
    }
}
