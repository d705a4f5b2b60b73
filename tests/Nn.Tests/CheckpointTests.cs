using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A checkpoint changes no gradient, and what it saves is memory.</summary>
[Collection("graphs")]
public class CheckpointTests
{
    private readonly Checkpoints _model = new();

    [Fact]
    public void Gradients_are_the_same()
    {
        var x = new Generator(1).Normal([5, 16]);
        for (var k = 0; k < 2; k++)
        {
            var index = k;
            var expected = BothModes.In(ExecutionMode.Eager, () => _model.Plain(x)[index]);
            BothModes.Close(expected, BothModes.In(ExecutionMode.Eager, () => _model.Recomputed(x)[index]), 1e-6);
            BothModes.Close(expected, BothModes.Compiled(() => _model.Recomputed(x)[index]), 2e-5);
        }

        BothModes.Agree(() => _model.Mapped(x), 1e-5);
        var second = BothModes.In(ExecutionMode.Eager, () => _model.SecondPlain(x));
        BothModes.Close(second, BothModes.In(ExecutionMode.Eager, () => _model.Second(x)), 1e-5);
        BothModes.Close(second, BothModes.Compiled(() => _model.Second(x)), 1e-5);
    }

    [Theory]
    [InlineData(ExecutionMode.Eager)]
    [InlineData(ExecutionMode.Graph)]
    public void A_random_state_is_drawn_from_once(ExecutionMode mode)
    {
        var x = new Generator(1).Normal([50, 16]);
        Tensor Run(bool again) => BothModes.In(mode, () =>
        {
            _model.State.CopyFrom<long>([9, 0]);
            return _model.Dropped(x, again)[0];
        });
        var expected = Run(again: false);
        var state = _model.State.ToArray<long>();
        BothModes.Close(expected, Run(again: true), 1e-5);
        Assert.Equal(state, _model.State.ToArray<long>());
        Assert.NotEqual(0, state[1]);
    }

    [Fact]
    public void Memory_is_saved_eagerly()
    {
        var x = new Generator(1).Normal([20_000, 16]);
        long Held(Func<Tensor> run)
        {
            Collect();
            var before = TensorMemory.Statistics.LiveBytes;
            var loss = BothModes.In(ExecutionMode.Eager, run);
            Collect();
            var held = TensorMemory.Statistics.LiveBytes - before;
            loss.Backward();
            return held;
        }

        var plain = Held(() => Ops.Sum(_model.Layer(_model.Layer(x))));
        var expected = _model.W.Grad!.Clone();
        _model.W.ZeroGrad();
        var recomputed = Held(() => Ops.Sum(Ops.Checkpoint(() => _model.Layer(Ops.Checkpoint(() => _model.Layer(x))))));
        BothModes.Close(expected, _model.W.Grad!, 1e-5);
        Assert.True(recomputed < 0.2 * plain, $"{recomputed} bytes instead of {plain}");
    }

    private static void Collect()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    [Fact]
    public void Memory_is_saved_in_graphs()
    {
        var x = new Generator(1).Normal([20_000, 16]);
        long Arena(Func<Tensor> run)
        {
            Collect();
            var before = GraphRuntime.ArenaBytes;
            BothModes.Compiled(run);
            return GraphRuntime.ArenaBytes - before;
        }

        var (plain, recomputed) = (Arena(() => _model.Plain(x)[0]), Arena(() => _model.Recomputed(x)[0]));
        Assert.True(recomputed < 0.6 * plain, $"{recomputed} bytes instead of {plain}");
    }
}
