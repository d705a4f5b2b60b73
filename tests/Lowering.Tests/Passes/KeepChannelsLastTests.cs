using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class KeepChannelsLastTests
{
    private static readonly Attributes A = Attributes.Empty;

    [Fact]
    public void Blocks_hand_over_images_with_channels_last()
    {
        var module = Blocks();
        var after = module.Run(DecomposeComposites.WithoutGradient, new DecomposeComposites("keep", (op, _) => op.Has(OpTraits.Contraction)), new KeepChannelsLast(), new EliminateDeadCode());
        Evaluation.Same(module, after);
        var block = after.Graphs[1];
        Assert.Equal("f64[B,4,5,3]", block.Inputs[0].Type.ToString());
        Assert.Equal("f64[B,4,5,3]", block.TypeOf(block.Outputs[0].Value).ToString());

        // The image of the caller is turned once on the way in and once on the way out.
        Assert.Equal(2, after.Root.Nodes.Count(n => n.Op.Code == OpCode.Transpose));
        Assert.DoesNotContain(block.Nodes, n => n.Op.Code == OpCode.Transpose && n.Attributes.Ints("permutation").SequenceEqual([0, 2, 3, 1]) && n.Operands[0] == 0);
    }

    [Fact]
    public void Folds_joins_and_slices_of_images_keep_their_values()
    {
        var b = Modules.Graph();
        var (x, w) = (b.Input("x", "f64[B,2,5,4]"), b.Input("w", "f64[3,2,2,2]"));
        var y = b.Apply(OpCode.Convolution, x, w);
        var joined = b.Apply(OpCode.Concat, A.With("axis", 1L), y, y * b.Input("s", "f64[3,1,1]"));
        var part = b.Slice(joined, [0, 1, 1, 0], [Dim.Named("B"), 4, 3, 2], [1, 1, 1, 1]);
        var module = b.Returning(
            b.Apply(OpCode.Mean, A.With("axes", [0, 2, 3]), part), b.Sum(part, [1]), b.Apply(OpCode.ReduceMax, A.With("axes", [2]).With("keepDims", true), part),
            b.BroadcastTo(b.Sum(y, [2, 3], keepDims: true), y.Shape), b.Reshape(y, Shape.From(Dim.Named("B"), 36)));
        Evaluation.Same(new GraphModule([module]), Lowered(new GraphModule([module])));
    }

    private static GraphModule Lowered(GraphModule module) => Pipeline.Run(module, new PassContext(Verify: true) { HasKernel = (op, _) => op.Has(OpTraits.Contraction) });

    // Twice: relu(conv(x) + x).
    private static GraphModule Blocks()
    {
        var inner = Modules.Graph("block");
        var (image, weight) = (inner.Input("x", "f64[B,3,4,5]"), inner.Input("w", "f64[3,3,3,3]"));
        var block = inner.Returning(inner.Apply(OpCode.Relu, inner.Apply(OpCode.Convolution, A.With("padding", [1, 1]), image, weight) + image));
        var b = Modules.Graph();
        var (x, w) = (b.Input("x", "f64[B,3,4,5]"), b.Input("w", "f64[3,3,3,3]"));
        var y = b.Call(block, [b.Call(block, [x, w])[0], w])[0];
        b.Returning(y);
        return b.Module(block);
    }
}
