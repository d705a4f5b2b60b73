using Unified.Ir;
using Unified.Lowering.Passes;

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

    private static GraphModule Sample()
    {
        var b = Modules.Graph();
        var (x, state) = (b.Input("x", "f64[B,T,4]"), b.Input("state", "i64[2]", InputKind.State));
        b.Output(b.Apply(OpCode.Gelu, b.Apply(OpCode.Softmax, x)), OutputKind.Result);
        b.Output(b.Apply(OpCode.RandomAdvance, Attributes.Empty.With("shape", x.Shape.Dims), state), OutputKind.Assign, 1);
        return b.Module();
    }
}
