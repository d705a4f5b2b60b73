using Unified.Ir;
using Unified.Lowering.Passes;
using Unified.Lowering.Schedule;

namespace Unified.Lowering.Tests.Passes;

public sealed class DecomposeCompositesTests
{
    [Fact]
    public void Random_modules_keep_their_values() => Modules.KeepsValues(m =>
    {
        var after = DecomposeComposites.All.Run(m);
        Assert.All(after.Graphs.SelectMany(g => g.Nodes), n => Assert.Null(n.Op.Definition));
        return after;
    });

    [Fact]
    public void Only_composites_without_a_gradient_go_before_differentiation()
    {
        var after = DecomposeComposites.WithoutGradient.Run(Sample());
        Assert.Contains("softmax", Modules.Ops(after.Root), StringComparison.Ordinal);
        Assert.DoesNotContain("random_advance", Modules.Ops(after.Root), StringComparison.Ordinal);
        Evaluation.Same(Sample(), after);
    }

    [Fact]
    public void What_is_to_be_kept_is_kept()
    {
        var after = new DecomposeComposites("test", (op, _) => op.Code == OpCode.Softmax).Run(Sample());
        Assert.Single(after.Root.Nodes, n => n.Op.Definition is not null);
        Evaluation.Same(Sample(), after);
    }

    [Fact]
    public void Parts_come_from_the_same_expression()
    {
        var source = new SourceSpan("Model.cs", 3, 5, "Softmax(x)");
        var b = Modules.Graph();
        b.Source = source;
        b.Returning(b.Apply(OpCode.Softmax, b.Input("x", "f64[B,T,4]")));
        Assert.All(DecomposeComposites.All.Run(b.Module()).Root.Nodes, n => Assert.Equal(source, n.Source));
    }

    [Theory]
    [InlineData("softmax", "f32", "exp2")]
    [InlineData("log_softmax", "f32", "exp2")]
    [InlineData("log_sum_exp", "f32", "exp2")]
    [InlineData("softmax", "f64", "exp")]
    [InlineData("softmax", "bf16", "exp")]
    public void Exponentials_of_softmax_are_powers_of_two_where_those_are_short(string op, string type, string expected)
    {
        var b = Modules.Graph();
        b.Returning(b.Apply(OpTable.Find(op)!.Code, b.Input("x", $"{type}[B,4]")));
        var ops = new DecomposeComposites("test", Scheduler.HasKernel).Run(b.Module()).Root.Nodes.Select(n => n.Op.Name);
        Assert.Equal(expected, Assert.Single(ops, o => o.StartsWith("exp", StringComparison.Ordinal) && o != "expand_dims"));
    }

    private static GraphModule Sample()
    {
        var b = Modules.Graph();
        var (x, state) = (b.Input("x", "f64[B,T,4]"), b.Input("state", "i64[2]", InputKind.State));
        b.Output(b.Apply(OpCode.Gelu, b.Apply(OpCode.Softmax, x)), OutputKind.Result);
        b.Output(b.Apply(OpCode.RandomAdvance, Attributes.Empty.With("shape", x.Shape.Dims), state), OutputKind.Assign, 1);
        return b.Module();
    }
}
