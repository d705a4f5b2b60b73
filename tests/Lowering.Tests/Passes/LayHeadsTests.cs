using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class LayHeadsTests
{
    private static readonly Dim B = Dim.Named("B"), T = Dim.Named("T");

    [Fact]
    public void Heads_that_are_only_joined_lie_inside_of_rows()
    {
        var after = Lowered(Module((b, q, k, v) => [Joined(b, Attend(b, q, k, v))]));
        var attention = Single(after, OpCode.Attention);
        Assert.Equal(1, attention.Attributes.Int("headAxes"));
        Assert.Equal(Shape.From(B, T, 2, 3), after.Root.TypeOf(attention.Results[0]).Shape);
        Assert.DoesNotContain(after.Root.Nodes, n => n.Op.Code == OpCode.Transpose);
    }

    [Fact]
    public void Groups_of_heads_too()
    {
        var after = Lowered(Module((b, q, k, v) =>
        {
            var y = Attend(b, b.Reshape(q, Shape.From(B, 1, 2, T, 3)), b.Reshape(k, Shape.From(B, 1, 2, T, 3)), b.Reshape(v, Shape.From(B, 1, 2, T, 3)));
            return [b.Reshape(b.Transpose(y, [0, 3, 1, 2, 4]), Shape.From(B, T, 6))];
        }));
        Assert.Equal(2, Single(after, OpCode.Attention).Attributes.Int("headAxes"));
    }

    [Fact]
    public void What_is_also_read_otherwise_stays_as_it_is()
    {
        var after = Lowered(Module((b, q, k, v) => Attend(b, q, k, v) is var y ? [Joined(b, y), b.Sum(y, [1])] : []));
        Assert.Equal(0, Single(after, OpCode.Attention).Attributes.Int("headAxes"));
        var returned = Lowered(Module((b, q, k, v) => Attend(b, q, k, v) is var y ? [Joined(b, y), y] : []));
        Assert.Equal(0, Single(returned, OpCode.Attention).Attributes.Int("headAxes"));
    }

    [Fact]
    public void Each_gradient_lies_as_it_is_read()
    {
        // Those by q and v are joined; the one by k is read as it is.
        var after = Lowered(Module((b, q, k, v) =>
        {
            var loss = b.SumAll(b.Apply(OpCode.Sin, Attend(b, q, k, v)));
            var gradients = b.Gradient(loss, [q, k, v]);
            return [Joined(b, gradients[0]), b.Sum(gradients[1], [1]), Joined(b, gradients[2])];
        }));
        var gradient = Single(after, OpCode.AttentionGradient);
        Assert.Equal([1, 0, 1], gradient.Attributes.Ints("headAxes"));
        Assert.DoesNotContain(after.Root.Nodes, n => n.Op.Code == OpCode.Transpose);
    }

    [Fact]
    public void Groups_that_were_one_axis_before_are_found_again()
    {
        // As a layer with groups of heads has it: the gradient by q has the heads as one axis when they are joined.
        var after = Lowered(Module((b, q, k, v) =>
        {
            var loss = b.SumAll(b.Apply(OpCode.Sin, Attend(b, b.Reshape(q, Shape.From(B, 2, 1, T, 3)), b.Reshape(k, Shape.From(B, 2, 1, T, 3)), b.Reshape(v, Shape.From(B, 2, 1, T, 3)))));
            return [Joined(b, b.Gradient(loss, [q])[0])];
        }));
        Assert.Equal(2, Single(after, OpCode.AttentionGradient).Attributes.Ints("headAxes")[0]);
        Assert.DoesNotContain(after.Root.Nodes, n => n.Op.Code == OpCode.Transpose);
    }

    private static OpValue Attend(OpBuilder b, OpValue q, OpValue k, OpValue v) => b.Apply(OpCode.Attention, Attributes.Empty.With("causal", true), q, k, v);

    private static OpValue Joined(OpBuilder b, OpValue heads) => b.Reshape(b.Transpose(heads, [0, 2, 1, 3]), Shape.From(B, T, 6));

    private static Node Single(GraphModule module, OpCode code) => Assert.Single(module.Root.Nodes, n => n.Op.Code == code);

    // Of query, key and value [B,2,T,3].
    private static GraphModule Module(Func<GraphBuilder, OpValue, OpValue, OpValue, OpValue[]> make)
    {
        var b = Modules.Graph();
        return new([b.Returning(make(b, b.Input("q", "f64[B,2,T,3]"), b.Input("k", "f64[B,2,T,3]"), b.Input("v", "f64[B,2,T,3]")))]);
    }

    // The same values as before the pass.
    private static GraphModule Lowered(GraphModule module)
    {
        var passes = Pipeline.Passes(new PassContext(Verify: true) { HasKernel = (op, _) => op.Code is OpCode.Attention or OpCode.AttentionGradient });
        var before = module.Run([.. passes.TakeWhile(p => p is not LayHeads)]);
        var after = before.Run(new LayHeads(), new EliminateDeadCode());
        Evaluation.Same(before, after);
        return after;
    }
}
