using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class EliminateCommonSubexpressionsTests
{
    private static readonly EliminateCommonSubexpressions Pass = new();

    [Fact]
    public void Random_modules_keep_their_values() => Modules.KeepsValues(Pass.Run);

    [Fact]
    public void Equal_computations_are_done_once()
    {
        var b = Modules.Graph();
        var (x, y) = (b.Input("x", "f64[B,4]"), b.Input("y", "f64[B,4]"));
        b.Returning((x + y) * 2, (y + x) * 2, x - y, y - x);
        var after = Pass.Run(b.Module());
        Assert.Equal("add constant mul sub sub", Modules.Ops(after.Root));
        Assert.Equal(after.Root.Outputs[0], after.Root.Outputs[1]);
        Evaluation.Same(b.Module(), after);
    }

    [Fact]
    public void Attributes_tell_computations_apart()
    {
        var b = Modules.Graph();
        var x = b.Input("x", "f64[B,4]");
        b.Returning(b.Sum(x, [0]), b.Sum(x, [0], keepDims: true), b.Sum(x, [1]), b.ScalarLike(x, 0.0), b.ScalarLike(x, -0.0));
        Assert.Equal(5, Pass.Run(b.Module()).Root.Nodes.Length);
    }

    [Fact]
    public void The_same_random_state_gives_the_same_numbers_and_another_state_others()
    {
        var b = Modules.Graph();
        var (first, second) = (b.Input("s", "i64[2]"), b.Input("t", "i64[2]"));
        var attributes = Attributes.Empty.With("shape", [Dim.Named("B")]);
        b.Returning([.. new[] { first, second, first }.Select(s => b.Apply(OpCode.RandomUniform, attributes, s))]);
        Assert.Equal("random_uniform random_uniform", Modules.Ops(Pass.Run(b.Module()).Root));
    }

    [Fact]
    public void Equal_calls_are_one_call_and_calls_of_other_graphs_are_not()
    {
        var (block, other) = (Modules.Block(), Modules.Block("other"));
        var b = Modules.Graph();
        OpValue[] operands = [b.Input("x", "f64[B,T,4]"), b.Input("w", "f64[4,4]"), b.Input("b", "f64[4]")];
        b.Returning(b.Call(block, [.. operands])[0], b.Call(block, [.. operands])[1], b.Call(other, [.. operands])[0]);
        var after = Pass.Run(b.Module(block, other));
        Assert.Equal("block other", Modules.Ops(after.Root));
        Evaluation.Same(b.Module(block, other), after);
    }
}
