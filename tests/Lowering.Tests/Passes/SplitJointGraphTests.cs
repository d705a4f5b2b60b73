using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

/// <summary>What a forward graph hands to its backward graph.</summary>
public sealed class SplitJointGraphTests
{
    private static readonly Attributes Shape4 = Attributes.Empty.With("shape", [Dim.Named("B"), 4]);

    [Fact]
    public void A_value_that_the_gradient_reads_is_handed_over()
    {
        // exp's gradient reads its result, sin's its operand, which is an operand of the call.
        var after = Split((b, x, w, _) => b.Apply(OpCode.Exp, b.Apply(OpCode.Sin, x)) * w);
        Assert.Equal(2, after.Get("callee_forward").Outputs.Length);
        Assert.Equal("mul mul mul cos mul", Modules.Ops(after.Get("callee_backward")));
    }

    [Fact]
    public void A_result_of_the_callee_is_not_handed_over_twice()
    {
        var after = Split((b, x, _, _) => b.Apply(OpCode.Exp, x));
        Assert.Single(after.Get("callee_forward").Outputs);
        Assert.Equal(2, after.Get("callee_backward").Inputs.Length);
    }

    [Fact]
    public void Random_masks_are_drawn_again_from_their_state()
    {
        var after = Split((b, x, w, state) =>
        {
            var random = b.Apply(OpCode.RandomUniform, Shape4.With("dtype", DType.F64), state);
            return b.Select(b.Apply(OpCode.Less, random, b.Scalar(DType.F64, 0.5)), b.Apply(OpCode.Tanh, x), b.Scalar(DType.F64, 0)) * w;
        });
        var (forward, backward) = (after.Get("callee_forward"), after.Get("callee_backward"));
        Assert.Contains("random_uniform", Modules.Ops(backward), StringComparison.Ordinal);
        Assert.Equal(2, forward.Outputs.Length);
        Assert.Equal("tanh", forward.Nodes.Single(n => n.Results.Contains(forward.Outputs[1].Value)).Op.Name);
        Assert.Contains(backward.Inputs, i => i.Type.DType == DType.I64);
    }

    [Fact]
    public void Views_and_casts_are_made_again()
    {
        var after = Split((b, x, w, _) =>
        {
            var h = b.Apply(OpCode.Tanh, x);
            var view = b.Cast(b.Cast(b.Transpose(b.Reshape(h, Shape.From(4, Dim.Named("B"))), [1, 0]), DType.F32), DType.F64);
            return b.Apply(OpCode.Sin, view * w);
        });
        var forward = after.Get("callee_forward");
        Assert.All(forward.Outputs.Skip(1), o => Assert.Contains(forward.Nodes.Single(n => n.Results.Contains(o.Value)).Op.Code, new[] { OpCode.Tanh, OpCode.Mul }));
        Assert.Equal(3, forward.Outputs.Length);
        Assert.Contains("reshape transpose cast cast", Modules.Ops(after.Get("callee_backward")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_read_turned_and_in_another_shape_is_handed_over_so()
    {
        // Joined heads: to copy them once is enough.
        var after = Split((b, x, w, _) =>
        {
            var heads = b.Apply(OpCode.Sin, b.Reshape(x, Shape.From(Dim.Named("B"), 2, 2)));
            return b.MatMul(b.Reshape(b.Transpose(heads, [1, 0, 2]), Shape.From(4, Dim.Named("B"))), w);
        });
        var forward = after.Get("callee_forward");
        Assert.Contains(forward.Outputs.Skip(1), o => forward.Nodes.Single(n => n.Results.Contains(o.Value)).Op.Code == OpCode.Reshape);
    }

    [Fact]
    public void What_leaves_anyway_is_handed_over_as_it_is()
    {
        var c = Modules.Graph("callee");
        var (x, w) = (c.Input("x", "f64[B,4]"), c.Input("w", "f64[B,4]"));
        var heads = c.Apply(OpCode.Sin, c.Reshape(x, Shape.From(Dim.Named("B"), 2, 2)));
        var callee = c.Returning(heads, c.MatMul(c.Reshape(c.Transpose(heads, [1, 0, 2]), Shape.From(4, Dim.Named("B"))), w));
        var b = Modules.Graph();
        var (p, q) = (b.Input("x", "f64[B,4]"), b.Input("w", "f64[B,4]"));
        var (first, second) = (b.Call(callee, [p, q]), b.Call(callee, [q, p]));
        var loss = b.SumAll(first[0] * second[0]) + b.SumAll(b.Apply(OpCode.Sin, first[1])) + b.SumAll(b.Apply(OpCode.Cos, second[1]));
        b.Returning([loss, .. b.Gradient(loss, [p, q])]);
        var after = b.Module(callee).Run(new Differentiate());
        Assert.Equal(2, after.Get("callee_forward").Outputs.Length);
        Differences.Check(after, 0, 1);
    }

    [Fact]
    public void What_only_an_unused_part_of_a_rule_reads_is_not_handed_over()
    {
        // The rule for MatMul flattens the batch of x for w's cotangent, which nothing asks for.
        var after = Split((b, x, w, _) =>
            b.MatMul(b.Reshape(b.Apply(OpCode.Cos, x), Shape.From(Dim.Named("B"), 1, 4)), b.Apply(OpCode.StopGradient, w), transposeB: true));
        Assert.Equal("stop_gradient mat_mul reshape sin mul neg", Modules.Ops(after.Get("callee_backward")));
        Assert.Single(after.Get("callee_forward").Outputs);
    }

    [Fact]
    public void Sizes_keep_their_names()
    {
        var after = Split((b, x, w, _) => b.Apply(OpCode.Mean, Attributes.Empty.With("axes", [0]), b.Apply(OpCode.Tanh, x * w)) + w);
        Assert.Contains(after.Get("callee_backward").Nodes, n => n.Op.Code == OpCode.DimSize && n.Attributes.Dim("dim") == Dim.Named("B"));
    }

    // A callee of (x, w, state), called twice, differentiated by x, and by w where it is active.
    private static GraphModule Split(Func<GraphBuilder, OpValue, OpValue, OpValue, OpValue> make)
    {
        var c = Modules.Graph("callee");
        var callee = c.Returning(make(c, c.Input("x", "f64[B,4]"), c.Input("w", "f64[B,4]"), c.Input("state", "i64[2]")));
        var b = Modules.Graph();
        var (x, w, state) = (b.Input("x", "f64[B,4]"), b.Input("w", "f64[B,4]"), b.Input("state", "i64[2]"));
        var (first, second) = (b.Call(callee, [x, w, state])[0], b.Call(callee, [w, x, state])[0]);
        var loss = b.SumAll(b.Apply(OpCode.Sin, first)) + b.SumAll(b.Apply(OpCode.Cos, second));
        b.Returning([loss, .. b.Gradient(loss, [x, w])]);
        var after = b.Module(callee).Run(new Differentiate());
        if (callee.Nodes.All(n => n.Op.Code is not (OpCode.StopGradient or OpCode.Cast)))
        {
            Differences.Check(after, 0, 1);
        }

        return after;
    }
}
