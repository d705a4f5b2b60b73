using CsCheck;
using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class DifferentiateTests
{
    private static readonly Differentiate Pass = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_modules_agree_with_differences(int order) => Gen.Int[0, 1_000_000].Sample(
        seed => Differences.Check(
            new RandomModules(seed, smooth: true).Make(order).Run(DecomposeComposites.WithoutGradient, Pass), RandomModules.Wrt),
        iter: 30);

    /// <summary>A steep one: plain central differences miss it by 1e-5.</summary>
    [Theory]
    [InlineData(439268)]
    public void A_random_module_that_failed_before(int seed) => Differences.Check(
        new RandomModules(seed, smooth: true).Make(2).Run(DecomposeComposites.WithoutGradient, Pass), RandomModules.Wrt);

    [Fact]
    public void The_loss_and_other_results_keep_their_values() => Gen.Int[0, 1_000_000].Sample(
        seed =>
        {
            var with = new RandomModules(seed, smooth: true).Make(order: 1).Run(Pass);
            var without = new RandomModules(seed, smooth: true).Make(order: 0);
            foreach (var sizes in Evaluation.Sizes)
            {
                var inputs = Evaluation.Draw(with.Root, sizes, 1);
                var (expected, actual) = (Evaluation.Run(without, inputs, sizes), Evaluation.Run(with, inputs, sizes));
                Evaluation.Close(expected[0], actual[0], 1e-12, "loss");
                Assert.Equal(expected.Skip(1), actual.Skip(1 + RandomModules.Wrt.Length));
            }
        },
        iter: 20);

    [Fact]
    public void A_weight_shared_by_several_calls_gets_the_sum()
    {
        var block = Modules.Block();
        var b = Modules.Graph();
        var (x, w, bias) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]", InputKind.State), b.Input("b", "f64[4]", InputKind.State));
        var y = x;
        for (var i = 0; i < 3; i++)
        {
            y = b.Call(block, [y, w, bias])[0];
        }

        Differences.Check(WithGradients(b, b.SumAll(y * y), [x, w, bias], block).Run(Pass), 0, 1, 2);
    }

    [Fact]
    public void Results_may_be_unused_in_the_loss_or_used_elsewhere_too()
    {
        var block = Modules.Block();
        var b = Modules.Graph();
        var (x, w, bias) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]"));
        var first = b.Call(block, [x, w, bias]);
        var second = b.Call(block, [first[0], w, bias]);
        var loss = (second[1] * first[1]) + b.SumAll(b.Apply(OpCode.Sin, first[0]));
        b.Output(loss, OutputKind.Result);
        Returning(b, b.Gradient(loss, [w, x]));
        Returning(b, [second[0], first[1], b.Apply(OpCode.Exp, first[0])]);
        var after = b.Module(block).Run(Pass);
        Differences.Check(after, 1, 0);
        Assert.Equal(6, after.Root.Outputs.Length);
    }

    [Fact]
    public void The_gradient_by_what_the_loss_does_not_depend_on_is_zero()
    {
        var half = Modules.Graph("half");
        var (p, q) = (half.Input("p", "f64[B,4]"), half.Input("q", "f64[B,4]"));
        var callee = half.Returning(half.Apply(OpCode.Exp, p), half.Apply(OpCode.Round, q) + half.Apply(OpCode.StopGradient, q));
        var b = Modules.Graph();
        var (x, y, unused) = (b.Input("x", "f64[B,4]"), b.Input("y", "f64[B,4]"), b.Input("unused", "f64[B,T]"));
        var results = b.Call(callee, [x, y]);
        var after = WithGradients(b, b.SumAll(results[0] * results[1]), [y, unused, b.Apply(OpCode.Neg, x)], callee).Run(Pass);
        var sizes = Evaluation.Sizes[0];
        var values = Evaluation.Run(after, Evaluation.Draw(after.Root, sizes, 1), sizes);
        Assert.All(values.Skip(1), v => Assert.All(v, e => Assert.Equal(0, e)));
        Assert.Equal([8, 6, 8], values.Skip(1).Select(v => v.Length));
    }

    [Fact]
    public void Weights_that_reach_a_callee_as_state_are_operands_like_others()
    {
        var c = Modules.Graph("layer");
        var (v, s) = (c.Input("v", "f64[4,4]", InputKind.State), c.Input("s", "f64[4]", InputKind.State));
        c.Output(c.Apply(OpCode.Tanh, c.MatMul(v, c.Apply(OpCode.Softmax, v)) + s), OutputKind.Result);
        c.Output((s * 0.9) + 0.1, OutputKind.Assign, 1);
        var layer = c.Build();
        var b = Modules.Graph();
        var (w, state) = (b.Input("w", "f64[4,4]", InputKind.State), b.Input("s", "f64[4]", InputKind.State));
        var first = b.Call(layer, [w, state]);
        var second = b.Call(layer, [w, first[1]]);
        var loss = b.SumAll(first[0] * second[0]);
        b.Output(loss, OutputKind.Result);
        Returning(b, b.Gradient(loss, [w, state]));
        b.Output(second[1], OutputKind.Assign, 1);
        var after = b.Module(layer).Run(Pass);
        Differences.Check(after, 0, 1);
        Assert.Contains(after.Graphs, g => g.Name == "layer_forward" && g.Outputs.Any(o => o is { Kind: OutputKind.Assign, Input: 1 }));
    }

    [Fact]
    public void Gradients_by_intermediate_values_the_loss_itself_and_the_same_value_twice()
    {
        var b = Modules.Graph();
        var x = b.Input("x", "f64[B,4]");
        var h = b.Apply(OpCode.Exp, x);
        var loss = b.SumAll(b.Apply(OpCode.Sin, h));
        b.Returning([.. b.Gradient(loss, [h, loss, x, x]), b.Apply(OpCode.Cos, h), b.Apply(OpCode.Cos, h) * h]);
        var after = b.Module().Run(Pass);
        var sizes = Evaluation.Sizes[0];
        var r = Evaluation.Run(after, Evaluation.Draw(after.Root, sizes, 1), sizes);
        Evaluation.Close(r[4], r[0], 1e-12, "by h");
        Assert.Equal([1], r[1]);
        Evaluation.Close(r[5], r[2], 1e-12, "by x");
        Assert.Equal(r[2], r[3]);
    }

    [Fact]
    public void Integer_operands_take_no_gradient() => Differences.Check(DropoutModules.Stack(2).Run(DecomposeComposites.WithoutGradient, Pass), 1, 2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Second_order(bool throughCalls)
    {
        var block = Modules.Block();
        var b = Modules.Graph();
        var (x, w, bias) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]"));
        var y = throughCalls
            ? b.Call(block, [b.Call(block, [x, w, bias])[0], w, bias])[0]
            : b.Apply(OpCode.Tanh, b.MatMul(b.Apply(OpCode.Gelu, b.MatMul(x, w) + bias), w));
        var inner = b.Gradient(b.SumAll(y * y), [x, w]);
        var loss = b.SumAll(inner[0] * inner[0]) + b.SumAll(b.Apply(OpCode.Sin, inner[1]));
        Differences.Check(WithGradients(b, loss, [x, w, bias], block).Run(Pass), 0, 1, 2);
    }

    [Fact]
    public void Third_order_through_a_call()
    {
        var c = Modules.Graph("wave");
        var p = c.Input("p", "f64[4]");
        var callee = c.Returning(c.Apply(OpCode.Sin, c.Apply(OpCode.Exp, p) * p));
        var b = Modules.Graph();
        var x = b.Input("x", "f64[4]");
        var first = b.Gradient(b.SumAll(b.Call(callee, [x])[0]), [x])[0];
        var second = b.Gradient(b.SumAll(first), [x])[0];
        Differences.Check(WithGradients(b, b.SumAll(second * second), [x], callee).Run(Pass), 0);
    }

    [Fact]
    public void A_callee_may_take_gradients_itself()
    {
        // A step of gradient descent inside, differentiated from outside: learning to learn.
        var block = Modules.Block();
        var s = Modules.Graph("step");
        var (x, w, bias) = (s.Input("x", "f64[B,T,4]"), s.Input("w", "f64[4,4]"), s.Input("b", "f64[4]"));
        var y = s.Call(block, [x, w, bias])[0];
        var step = s.Returning(w - (s.Gradient(s.SumAll(y * y), [w])[0] * 0.1));
        var b = Modules.Graph();
        var (x0, w0, b0) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]"));
        var moved = b.Call(step, [x0, b.Call(step, [x0, w0, b0])[0], b0])[0];
        var loss = b.SumAll(b.Call(block, [x0, moved, b0])[0]);
        Differences.Check(WithGradients(b, loss, [w0, x0, b0], step, block).Run(Pass), 1, 0, 2);
    }

    [Fact]
    public void Two_losses_in_one_graph()
    {
        var block = Modules.Block();
        var b = Modules.Graph();
        var (x, w, bias) = (b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]"));
        var r = b.Call(block, [x, w, bias]);
        var (first, second) = (b.SumAll(r[0]), r[1] * r[1]);
        b.Output(first, OutputKind.Result);
        Returning(b, b.Gradient(first, [w]));
        b.Output(second, OutputKind.Result);
        Returning(b, b.Gradient(second, [w]));
        var after = b.Module(block).Run(Pass);
        Differences.Check(after, 1);
        var swapped = after with { Graphs = [after.Root with { Outputs = [.. after.Root.Outputs.Skip(2)] }, .. after.Graphs.Skip(1)] };
        Differences.Check(swapped, 1);
    }

    [Fact]
    public void Only_wanted_cotangents_are_computed()
    {
        var b = Modules.Graph();
        var (x, w) = (b.Input("x", "f64[B,4]"), b.Input("w", "f64[4,3]"));
        var after = WithGradients(b, b.SumAll(b.MatMul(x, w)), [w]).Run(Pass);
        Assert.Equal(2, after.Root.Nodes.Count(n => n.Op.Code == OpCode.MatMul));
        Assert.Equal(after.Root.Nodes.Length, after.Run(new EliminateDeadCode()).Root.Nodes.Length);
    }

    [Fact]
    public void Gradient_ops_come_from_the_expression_they_are_the_gradient_of()
    {
        var source = new SourceSpan("Model.cs", 3, 5, "Exp(x)");
        var b = Modules.Graph();
        var x = b.Input("x", "f64[B,4]");
        b.Source = source;
        var y = b.Apply(OpCode.Exp, x);
        b.Source = null;
        var after = WithGradients(b, b.SumAll(y), [x]).Run(Pass);
        Assert.Equal(source, after.Root.Nodes[^1].Source);
        Assert.Equal(OpCode.Mul, after.Root.Nodes[^1].Op.Code);
    }

    [Fact]
    public void An_op_without_a_gradient_is_named_with_its_place()
    {
        var op = OpTable.Get(OpCode.Exp) with { Gradient = null };
        var b = Modules.Graph();
        var x = b.Input("x", "f64[4]");
        b.Source = new SourceSpan("Model.cs", 3, 5, "Odd(x)");
        var loss = b.SumAll(b.Apply(op, [x], Attributes.Empty)[0]);
        var error = Assert.Throws<GraphCompileException>(() => WithGradients(b, loss, [x]).Run(Pass));
        Assert.Contains("Model.cs(3,5): exp has no gradient; wrap its operand in StopGradient", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gradient_rule_that_gives_another_shape_is_named()
    {
        var op = OpTable.Get(OpCode.Exp) with { Gradient = (builder, c) => [builder.SumAll(c.Dy)] };
        var b = Modules.Graph();
        var x = b.Input("x", "f64[4]");
        var loss = b.SumAll(b.Apply(op, [x], Attributes.Empty)[0]);
        var error = Assert.Throws<InvalidOperationException>(() => WithGradients(b, loss, [x]).Run(Pass));
        Assert.Contains("exp gives f64[] for an operand of f64[4]", error.Message, StringComparison.Ordinal);
    }

    private static GraphModule WithGradients(GraphBuilder b, OpValue loss, OpValue[] wrt, params Graph[] callees)
    {
        b.Output(loss, OutputKind.Result);
        Returning(b, b.Gradient(loss, [.. wrt]));
        return b.Module(callees);
    }

    private static void Returning(GraphBuilder b, IEnumerable<OpValue> results)
    {
        foreach (var result in results)
        {
            b.Output(result, OutputKind.Result);
        }
    }
}
