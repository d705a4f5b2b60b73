using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class CallGradientsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public void Equal_calls_share_one_forward_and_one_backward_graph(int depth)
    {
        var after = Modules.Stack(depth).Run(new Differentiate());
        Assert.Equal("main block block_forward block_backward", Modules.Names(after));
        Assert.Equal(depth, Modules.Calls(after, "block_forward"));
        Assert.Equal(depth, Modules.Calls(after, "block_backward"));
        Differences.Check(after, [.. Enumerable.Range(1, (2 * depth) + 1)]);
    }

    [Fact]
    public void Calls_two_deep_share_theirs_as_well()
    {
        var block = Modules.Block();
        var p = Modules.Graph("pair");
        var (x, w, bias) = (p.Input("x", "f64[B,T,4]"), p.Input("w", "f64[4,4]"), p.Input("b", "f64[4]"));
        var pair = p.Returning(p.Call(block, [p.Call(block, [x, w, bias])[0], w, bias])[0]);
        var b = Modules.Graph();
        var (x0, w0, b0) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]"));
        var y = x0;
        for (var i = 0; i < 4; i++)
        {
            y = b.Call(pair, [y, w0, b0])[0];
        }

        var loss = b.SumAll(y);
        b.Returning([loss, .. b.Gradient(loss, [x0, w0, b0])]);
        var after = b.Module(pair, block).Run(new Differentiate(), new EliminateDeadCode());
        Assert.Equal("main pair_forward pair_backward block_forward block_backward", Modules.Names(after));
        Differences.Check(after, 0, 1, 2);
    }

    [Fact]
    public void Another_pattern_of_active_operands_has_graphs_of_its_own()
    {
        // Nothing flows into the data, so the first block's backward graph does not compute that cotangent.
        var block = Modules.Block();
        var b = Modules.Graph();
        var (x, w) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"));
        var bias = b.Input("b", "f64[4]");
        var y = x;
        for (var i = 0; i < 5; i++)
        {
            y = b.Call(block, [y, w, bias])[0];
        }

        var loss = b.SumAll(y);
        b.Returning([loss, .. b.Gradient(loss, [w, bias])]);
        var after = b.Module(block).Run(new Differentiate());
        Assert.Equal("main block block_forward block_backward block_forward_2 block_backward_2", Modules.Names(after));
        Assert.Equal([2, 3], new[] { "block_backward", "block_backward_2" }.Select(n => after.Get(n).Outputs.Length));
        Differences.Check(after, 1, 2);
    }

    [Fact]
    public void A_call_outside_the_loss_stays_as_it_is()
    {
        var block = Modules.Block();
        var b = Modules.Graph();
        OpValue[] operands = [b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]")];
        var loss = b.Call(block, [.. operands])[1];
        b.Returning([loss, .. b.Gradient(loss, [operands[1]]), b.Call(block, [operands[0], operands[1] * 2, operands[2]])[0]]);
        var after = b.Module(block).Run(new Differentiate());
        Assert.Equal(1, Modules.Calls(after, "block"));
        Assert.Equal(1, Modules.Calls(after, "block_forward"));
        Differences.Check(after, 1);
    }

    [Fact]
    public void A_callee_may_hand_out_an_operand_or_one_value_twice()
    {
        var c = Modules.Graph("odd");
        var (p, q) = (c.Input("p", "f64[B,4]"), c.Input("d_0", "f64[B,4]"));
        var y = c.Apply(OpCode.Exp, p) * q;
        var callee = c.Returning(p, y, y, q);
        var b = Modules.Graph();
        var (x, z) = (b.Input("x", "f64[B,4]"), b.Input("z", "f64[B,4]"));
        var r = b.Call(callee, [x, z]);
        var loss = b.SumAll(b.Apply(OpCode.Sin, r[0] + r[1]) * (r[2] + r[3]));
        b.Returning([loss, .. b.Gradient(loss, [x, z])]);
        Differences.Check(b.Module(callee).Run(new Differentiate()), 0, 1);
    }

    [Fact]
    public void A_name_that_is_taken_gets_a_number()
    {
        var module = Modules.Stack(2);
        var taken = module.Get("block") with { Name = "block_forward" };
        var after = new GraphModule([.. module.Graphs, taken]).Run(new Differentiate());
        Assert.Equal("main block block_forward block_forward_2 block_backward", Modules.Names(after));
    }

    [Fact]
    public void Where_no_gradient_gets_through_a_call_no_backward_graph_is_called()
    {
        var c = Modules.Graph("stop");
        var p = c.Input("p", "f64[4]");
        var callee = c.Returning(c.Apply(OpCode.Tanh, c.Apply(OpCode.StopGradient, p)));
        var b = Modules.Graph();
        var x = b.Input("x", "f64[4]");
        var loss = b.SumAll(b.Call(callee, [x])[0]) + b.SumAll(x);
        b.Returning([loss, .. b.Gradient(loss, [x])]);
        var after = b.Module(callee).Run(new Differentiate());
        Assert.Equal(0, Modules.Calls(after, "stop_backward"));
        var sizes = Evaluation.Sizes[0];
        Assert.Equal([1, 1, 1, 1], Evaluation.Run(after, [[1, 2, 3, 4]], sizes)[1]);
    }
}
