using Unified.Ir;
using Xunit;
using static Unified.Ops;

namespace Unified.Nn.Tests;

/// <summary>One of several equal layers: a norm, a wide product, an activation, dropout, and back.</summary>
public sealed partial class WideBlock(int width, int seed) : Module
{
    private readonly LayerNorm _norm = new(width);
    private readonly Linear _up = new(width, 4 * width, generator: new Generator(seed)), _down = new(4 * width, width, generator: new Generator(seed + 1));
    private readonly Dropout _dropout = new(0.25f, new Generator(seed + 2));

    [StaticGraph]
    public Tensor Forward(Tensor x) => x + _down.Forward(_dropout.Forward(GeluTanh(_up.Forward(_norm.Forward(x)))));
}

public sealed partial class WideStack : Module
{
    private const int Width = 24;

    private readonly WideBlock[] _blocks;
    private readonly AdamW _optimizer;

    public WideStack(int layers = 6)
    {
        _blocks = [.. Enumerable.Range(0, layers).Select(i => new WideBlock(Width, 10 * i))];
        _optimizer = new AdamW(Parameters, new ConstantSchedule(0.01));
    }

    [StaticGraph]
    public Tensor Step([Shape("B", "T", Width)] Tensor x)
    {
        var (loss, gradients) = ValueAndGrad(() => Mean(Square(Run(x))), Parameters);
        _optimizer.Step(gradients);
        return loss;
    }

    [StaticGraph]
    private Tensor Run(Tensor x)
    {
        foreach (var block in _blocks)
        {
            x = block.Forward(x);
        }

        return x;
    }
}

/// <summary>Layers of different sizes, which are one graph.</summary>
public sealed partial class WideMlp : Module
{
    private readonly Linear _first = new(24, 200, generator: new Generator(1)), _second = new(200, 180, generator: new Generator(2)), _third = new(180, 24, generator: new Generator(3));
    private readonly AdamW _optimizer;

    public WideMlp() => _optimizer = new AdamW(Parameters, new ConstantSchedule(0.01));

    [StaticGraph]
    public Tensor Step([Shape("B", "T", 24)] Tensor x)
    {
        var (loss, gradients) = ValueAndGrad(() => Mean(Square(_third.Forward(GeluTanh(_second.Forward(GeluTanh(_first.Forward(x))))))), Parameters);
        _optimizer.Step(gradients);
        return loss;
    }
}

/// <summary>Within a limit of memory the same numbers come out, bit for bit, and the limit is kept.</summary>
[Collection("graphs")]
public class MemoryLimitTests
{
    private static readonly Tensor s_x = new Generator(7).Normal([4, 100, 24]);

    [Theory]
    [InlineData(false, 0.85)]
    [InlineData(false, 0.7)]
    [InlineData(false, 0.6)]
    [InlineData(true, 0.9)]
    public void The_same_bits_in_less_memory(bool isMlp, double share)
    {
        var (losses, state, bytes) = Train(isMlp, null);
        var limit = (long)(bytes * share);
        var (limited, limitedState, limitedBytes) = Train(isMlp, limit);
        Assert.InRange(limitedBytes, 1, limit);
        Assert.Equal(losses, limited);
        Assert.Equal(state, limitedState);
    }

    [Fact]
    public void Without_need_nothing_is_computed_again() => Assert.Equal(Train(false, null).Bytes, Train(false, long.MaxValue).Bytes);

    [Fact]
    public void A_larger_batch_is_planned_anew()
    {
        var (_, _, bytes) = Train(false, null);
        using var options = new Limited(bytes * 2);
        var model = new WideStack();
        using var graph = Execution.Use(ExecutionMode.Graph);
        model.Step(s_x).Dispose();
        var before = GraphRuntime.Statistics.Compilations;
        model.Step(new Generator(8).Normal([6, 100, 24])).Dispose();
        Assert.Equal(before, GraphRuntime.Statistics.Compilations);

        // Three times as large, it would need three times the memory.
        model.Step(new Generator(8).Normal([12, 100, 24])).Dispose();
        Assert.Equal(before + 1, GraphRuntime.Statistics.Compilations);
        model.Step(s_x).Dispose();
        Assert.Equal(before + 1, GraphRuntime.Statistics.Compilations);
    }

    [Fact]
    public void A_limit_that_cannot_be_kept_is_an_error_that_says_what_can()
    {
        using var options = new Limited(1000);
        using var graph = Execution.Use(ExecutionMode.Graph);
        var e = Assert.Throws<GraphCompileException>(() => new WideStack().Step(s_x));
        Assert.Contains("WideStack_Step needs", e.Message, StringComparison.Ordinal);
        Assert.Contains("B = 4, T = 100", e.Message, StringComparison.Ordinal);
        Assert.Contains("hold it:", e.Message, StringComparison.Ordinal);
        Assert.Contains("MemoryLimit", e.Message, StringComparison.Ordinal);
    }

    private static (float[] Losses, byte[][] State, long Bytes) Train(bool isMlp, long? limit)
    {
        using var options = new Limited(limit);
        Module model = isMlp ? new WideMlp() : new WideStack();

        // The memory of graphs of other tests goes with their models.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = GraphRuntime.ArenaBytes;
        var losses = Enumerable.Range(0, 3).Select(_ =>
        {
            using var loss = BothModes.Compiled(() => model is WideStack stack ? stack.Step(s_x) : ((WideMlp)model).Step(s_x));
            return loss.Item<float>();
        }).ToArray();
        var bytes = GraphRuntime.ArenaBytes - before;
        return (losses, [.. model.NamedState().Select(s => s.Tensor.AsBytes().ToArray())], bytes);
    }

    private sealed class Limited : IDisposable
    {
        private readonly CompileOptions _before = GraphRuntime.Options;

        public Limited(long? limit) => GraphRuntime.Options = _before with { MemoryLimit = limit };

        public void Dispose() => GraphRuntime.Options = _before;
    }
}
