using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class PruneCallBoundariesTests
{
    private static readonly PruneCallBoundaries Pass = new();

    [Fact]
    public void Random_modules_keep_their_values() => Modules.KeepsValues(m =>
    {
        var after = Pass.Run(m);
        Assert.All(after.Graphs.Skip(1), g => Assert.All(Enumerable.Range(0, g.Inputs.Length), i => AssertRead(g, i)));
        return after;
    });

    [Fact]
    public void Results_that_no_call_uses_go_and_with_them_what_only_they_need()
    {
        var module = Calling((b, x, y) => [x + y, x * y, b.Apply(OpCode.Exp, y)], r => [r[0]]);
        var after = Pass.Run(module);
        var callee = after.Get("callee");
        Assert.Equal("add", Modules.Ops(callee));
        Assert.Single(callee.Outputs);
        Evaluation.Same(module, after);
    }

    [Fact]
    public void Operands_that_the_callee_does_not_use_go()
    {
        var module = Calling((b, x, _) => [b.Apply(OpCode.Exp, x)], r => [r[0]]);
        var after = Pass.Run(module);
        Assert.Equal("x", Assert.Single(after.Get("callee").Inputs).Name);
        Assert.All(after.Root.Nodes, n => Assert.Single(n.Operands));
        Assert.Equal(2, after.Root.Inputs.Length);
        Evaluation.Same(module, after);
    }

    [Fact]
    public void A_result_that_is_an_operand_a_constant_or_another_result_is_taken_from_there()
    {
        var module = Calling(
            (b, x, y) =>
            {
                var sum = x + y;
                return [y, sum, b.ZerosLike(x), sum, b.Scalar(DType.F64, 2)];
            },
            r => [.. r]);
        var after = Pass.Run(module);
        Assert.Single(after.Get("callee").Outputs);
        Assert.Equal("callee full constant callee full constant", Modules.Ops(after.Root));
        Evaluation.Same(module, after);
    }

    [Fact]
    public void Unused_things_go_through_two_levels()
    {
        var inner = Modules.Graph("inner");
        var (p, q) = (inner.Input("p", "f64[B,4]"), inner.Input("q", "f64[B,4]"));
        var innerGraph = inner.Returning(inner.Apply(OpCode.Exp, p), inner.Apply(OpCode.Tanh, q));
        var module = Calling(
            (b, x, y) =>
            {
                var r = b.Call(innerGraph, [x, y]);
                return [r[0], r[1]];
            },
            r => [r[0]],
            innerGraph);
        var after = Pass.Run(module);
        Assert.Equal("exp", Modules.Ops(after.Get("inner")));
        Assert.Single(after.Get("inner").Inputs);
        Assert.Single(after.Get("callee").Inputs);
        Evaluation.Same(module, after);
    }

    [Fact]
    public void Assignments_stay_and_their_inputs_are_renumbered()
    {
        var c = Modules.Graph("callee");
        c.Input("unused", "f64[4]");
        var (x, state) = (c.Input("x", "f64[4]"), c.Input("state", "f64[4]", InputKind.State));
        c.Output(x + 1, OutputKind.Result);
        c.Output(x, OutputKind.Assign, 2);
        c.Output(c.Apply(OpCode.Exp, x), OutputKind.Result);
        var callee = c.Build();
        var b = Modules.Graph();
        var (y, s) = (b.Input("y", "f64[4]"), b.Input("s", "f64[4]", InputKind.State));
        var results = b.Call(callee, [y, y, s]);
        b.Output(results[0], OutputKind.Result);
        b.Output(b.Call(callee, [s, y, results[1]])[1], OutputKind.Assign, 1);
        var module = b.Module(callee);
        var after = Pass.Run(module);
        Assert.Equal(["x", "state"], after.Get("callee").Inputs.Select(i => i.Name));
        Assert.Equal((OutputKind.Assign, 1), (after.Get("callee").Outputs[1].Kind, after.Get("callee").Outputs[1].Input));
        Assert.Equal(2, after.Get("callee").Outputs.Length);
        Evaluation.Same(module, after);
    }

    [Fact]
    public void A_result_that_one_call_uses_stays_for_all()
    {
        var block = Modules.Block();
        var b = Modules.Graph();
        var (x, w, bias) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]"));
        var first = b.Call(block, [x, w, bias]);
        b.Returning(first[1], b.Call(block, [first[0], w, bias])[0]);
        var after = Pass.Run(b.Module(block));
        Assert.Equal(2, after.Get("block").Outputs.Length);
        Evaluation.Same(b.Module(block), after);
    }

    private static void AssertRead(Graph graph, int input) => Assert.True(
        graph.Nodes.Any(n => n.Operands.Contains(input)) || graph.Outputs.Any(o => o.Value == input || o.Input == input), graph.Inputs[input].Name);

    // A root that calls the callee of (x, y) twice, the other way round the second time.
    private static GraphModule Calling(
        Func<GraphBuilder, OpValue, OpValue, OpValue[]> callee, Func<IReadOnlyList<OpValue>, OpValue[]> use, params Graph[] more)
    {
        var c = Modules.Graph("callee");
        var graph = c.Returning(callee(c, c.Input("x", "f64[B,4]"), c.Input("y", "f64[B,4]")));
        var b = Modules.Graph();
        var (x, y) = (b.Input("x", "f64[B,4]"), b.Input("y", "f64[B,4]"));
        b.Returning([.. use(b.Call(graph, [x, y])), .. use(b.Call(graph, [y, x]))]);
        return b.Module([graph, .. more]);
    }
}
