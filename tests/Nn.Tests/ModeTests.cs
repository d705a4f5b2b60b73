using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>The promise: both modes give the same result and the same effects.</summary>
[Collection("graphs")]
public class ModeTests
{
    private static Tensor Random(long seed, params ReadOnlySpan<int> shape) => new Generator(seed).Normal(shape);

    private static Tensor Labels(int count, int classes) =>
        Tensor.From<int>([.. Enumerable.Range(0, count).Select(i => i * 7 % classes)], count);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(33)]
    public void A_model_computes_the_same(int batch)
    {
        var model = new Mlp(12, 40, 5);
        var x = Random(1, batch, 12);
        BothModes.Agree(() => model.Forward(x));
    }

    [Fact]
    public void Layers_compute_the_same()
    {
        var x = Random(2, 3, 10, 24);
        var (norm, rms, attention) = (new LayerNorm(24), new RmsNorm(24), new CausalSelfAttention(24, 3));
        BothModes.Agree(() => norm.Forward(x));
        BothModes.Agree(() => rms.Forward(x));
        BothModes.Agree(() => attention.Forward(x));
        var embedding = new Embedding(11, 6);
        var indices = Tensor.From<int>([0, 10, 3, 3, 7, 1], 2, 3);
        BothModes.Agree(() => embedding.Forward(indices), 0);
    }

    [Fact]
    public void Training_takes_the_same_path()
    {
        float[] Run(ExecutionMode mode)
        {
            Generator.Default.Seed(5);
            var model = new Mlp(8, 16, 3);
            var optimizer = new AdamW(model.Parameters, new WarmupCosineSchedule(1e-2, 1e-3, 3, 30));
            using (Execution.Use(mode))
            {
                return [.. Enumerable.Range(0, 30).Select(i => model.TrainStep(Random(100 + i, 16, 8), Labels(16, 3), optimizer).Item<float>())];
            }
        }

        var (eager, graph) = (Run(ExecutionMode.Eager), Run(ExecutionMode.Graph));
        Assert.Equal(eager[0], graph[0], 1e-6 * eager[0]);
        Assert.All(eager.Zip(graph), p => Assert.Equal(p.First, p.Second, 1e-4 * p.First));
    }

    [Fact]
    public void Dropout_drops_the_same_elements_and_goes_on_with_the_same_stream()
    {
        var x = Random(3, 7, 50);
        Tensor Run(ExecutionMode mode)
        {
            var dropout = new Dropout(0.3f, new Generator(9));
            using (Execution.Use(mode))
            {
                using var first = dropout.Forward(x);
                return Ops.Concat([dropout.Forward(x), first], 0);
            }
        }

        var eager = Run(ExecutionMode.Eager);
        BothModes.Close(eager, Run(ExecutionMode.Graph), 0);
        var zeros = eager.ToArray<float>().Count(v => v == 0);
        Assert.InRange(zeros, 150, 270);
    }

    [Fact]
    public void State_is_written_in_the_order_of_the_source()
    {
        var x = Tensor.From<float>([1, 2], 2);
        float[] Run(ExecutionMode mode)
        {
            var counter = new Counter();
            using (Execution.Use(mode))
            {
                var (a, b) = (counter.Forward(x), counter.Forward(x));
                return [.. a.ToArray<float>(), .. b.ToArray<float>(), counter.Count, .. counter.Last];
            }
        }

        Assert.Equal([2, 3, 4, 6, 2, 2, 4], Run(ExecutionMode.Eager));
        Assert.Equal([2, 3, 4, 6, 2, 2, 4], Run(ExecutionMode.Graph));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(5, true)]
    public void Host_code_decides_the_same(int width, bool doubled)
    {
        var model = new HostCode(width, doubled);
        BothModes.Agree(() => model.Forward(Random(4, 6, 8)));
    }

    [Fact]
    public void A_changed_host_value_is_noticed()
    {
        var model = new HostCode(2, false);
        var x = Random(5, 4, 8);
        BothModes.Agree(() => model.Forward(x));
        model.Gain = 3;
        BothModes.Agree(() => model.Forward(x));
        model.Gain = 1;
        var compilations = GraphRuntime.Statistics.Compilations;
        BothModes.Agree(() => model.Forward(x));
        Assert.Equal(compilations, GraphRuntime.Statistics.Compilations);
    }

    [Fact]
    public void Evaluation_and_training_are_two_graphs_of_one_module()
    {
        var dropout = new Dropout(0.5f, new Generator(1));
        var x = Tensor.Ones([100]);
        var trained = BothModes.Compiled(() => dropout.Forward(x));
        Assert.Contains(0f, trained.ToArray<float>());
        dropout.Evaluate();
        Assert.Equal(x.ToArray<float>(), BothModes.Compiled(() => dropout.Forward(x)).ToArray<float>());
    }

    [Fact]
    public void An_index_out_of_range_is_an_error_in_both_modes()
    {
        var embedding = new Embedding(5, 3);
        var bad = Tensor.From<int>([0, 5], 2);
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            Assert.ThrowsAny<IndexOutOfRangeException>(() => BothModes.In(mode, () => embedding.Forward(bad)));
        }
    }

    [Fact]
    public void A_view_is_a_good_argument()
    {
        var model = new Mlp(6, 8, 2);
        var x = Random(6, 6, 10).Transpose(1, 0)[2..8];
        Assert.False(x.IsDense);
        BothModes.Agree(() => model.Forward(Ops.Reshape(x, 6, 6)));
        BothModes.Agree(() => model.Forward(x));
    }
}
