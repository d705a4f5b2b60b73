using CsCheck;
using Unified.Ir;
using Unified.Lowering.Passes;

namespace Unified.Lowering.Tests.Passes;

public sealed class PipelineTests
{
    [Fact]
    public void Random_modules_keep_their_values() => Modules.KeepsValues(m => Pipeline.Run(m, new PassContext(Verify: true)));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_modules_with_gradients_agree_with_differences(int order) => Gen.Int[0, 1_000_000].Sample(
        seed => Differences.Check(
            Pipeline.Run(new RandomModules(seed, smooth: true).Make(order), new PassContext(Verify: true)), RandomModules.Wrt),
        iter: 30);

    [Fact]
    public void Only_primitive_ops_and_calls_are_left()
    {
        var after = Pipeline.Run(Modules.Stack(3), new PassContext(Verify: true));
        Assert.All(after.Graphs.SelectMany(g => g.Nodes), n => Assert.True(n.Op.IsPrimitive || n.Op.Code == OpCode.Call, n.Op.Name));
        Assert.DoesNotContain(after.Graphs.SelectMany(g => g.Nodes), n => n.Op.Code == OpCode.StopGradient);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(12)]
    public void A_deep_stack_is_one_forward_and_one_backward_graph(int depth)
    {
        var module = Modules.Stack(depth);
        var after = Pipeline.Run(module, new PassContext(Verify: true));
        Assert.Equal("main block_forward block_backward", Modules.Names(after));
        Assert.Equal(depth, Modules.Calls(after, "block_forward"));
        Assert.Equal(depth, Modules.Calls(after, "block_backward"));
        Differences.Check(after, [.. Enumerable.Range(1, (2 * depth) + 1)]);
    }

    [Fact]
    public void Each_pass_is_told_of()
    {
        var seen = new List<string>();
        var result = default(GraphModule);
        var after = Pipeline.Run(Modules.Stack(2), new PassContext(Verify: false, (name, module) =>
        {
            seen.Add(name);
            result = module;
        }));
        Assert.Equal(Pipeline.Passes(new PassContext(Verify: false)).Select(p => p.Name), seen);
        Assert.Same(result, after);
    }

    [Fact]
    public void Of_a_training_step_with_dropout_no_mask_is_kept()
    {
        var after = Pipeline.Run(DropoutModules.Stack(3), new PassContext(Verify: true));
        Assert.Equal("main block_forward block_backward", Modules.Names(after));
        Assert.DoesNotContain(after.Get("block_forward").Outputs, o => after.Get("block_forward").TypeOf(o.Value).DType == DType.Bool);
        Differences.Check(after, 1, 2);
    }
}
