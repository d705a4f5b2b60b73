using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A cache that grows at each call is served by one graph.</summary>
[Collection("graphs")]
public class CacheTests
{
    [Fact]
    public void A_cache_that_grows_is_compiled_once()
    {
        var (eager, graph) = (new GrowingCache(), new GrowingCache());
        BothModes.SameState(eager, graph);
        var before = GraphRuntime.Statistics.Compilations;
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 50; i++)
            {
                // Several positions at once, as at the start of a text, then one after the other.
                var x = new Generator(i).Normal([i % 10 == 0 ? 5 : 1, 8]);
                BothModes.Close(BothModes.In(ExecutionMode.Eager, () => eager.Step(x)), BothModes.Compiled(() => graph.Step(x)), 1e-5);
                BothModes.Close(eager.Keys, graph.Keys, 1e-5);
            }

            Assert.Equal(70, graph.Keys.Shape[0]);
            eager.Reset();
            graph.Reset();
        }

        Assert.Equal(1, GraphRuntime.Statistics.Compilations - before);
    }

    [Fact]
    public void So_are_the_caches_of_all_layers()
    {
        var (eager, graph) = (new CachedLayers(), new CachedLayers());
        BothModes.SameState(eager, graph);
        var before = GraphRuntime.Statistics.Compilations;
        for (var i = 0; i < 30; i++)
        {
            var x = new Generator(i).Normal([1, 8]);
            BothModes.Close(BothModes.In(ExecutionMode.Eager, () => eager.Step(x)), BothModes.Compiled(() => graph.Step(x)), 1e-5);
        }

        Assert.Equal(1, GraphRuntime.Statistics.Compilations - before);
        Assert.All(graph.Layers, l => Assert.Equal(30, l.Keys.Shape[0]));
    }

    [Fact]
    public void What_only_reads_the_cache_is_compiled_for_two_lengths()
    {
        var (eager, graph) = (new GrowingCache(), new GrowingCache());
        BothModes.SameState(eager, graph);
        var (x, compilations) = (new Generator(1).Normal([2, 8]), 0);
        for (var i = 0; i < 20; i++)
        {
            BothModes.In(ExecutionMode.Eager, () => eager.Step(x));
            BothModes.In(ExecutionMode.Graph, () => graph.Step(x));
            var before = GraphRuntime.Statistics.Compilations;
            BothModes.Close(BothModes.In(ExecutionMode.Eager, () => eager.Look(x)), BothModes.Compiled(() => graph.Look(x)), 1e-5);
            compilations += GraphRuntime.Statistics.Compilations - before;
        }

        Assert.Equal(2, compilations);
    }

    [Fact]
    public void A_cache_with_a_position_is_compiled_once()
    {
        var (eager, graph) = (new PlacedCache(), new PlacedCache());
        BothModes.SameState(eager, graph);
        var before = GraphRuntime.Statistics.Compilations;
        for (var i = 0; i < 32; i++)
        {
            var x = new Generator(i).Normal([1, 8]);
            BothModes.Close(BothModes.In(ExecutionMode.Eager, () => eager.Step(x)), BothModes.Compiled(() => graph.Step(x)), 1e-5);
        }

        Assert.Equal(1, GraphRuntime.Statistics.Compilations - before);
        BothModes.Close(eager.Keys, graph.Keys, 1e-5);
        Assert.Equal(32, graph.Position.ToArray<int>()[0]);
    }

    /// <summary>Queries that keys and values are packed for, and fewer.</summary>
    [Theory]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(20, false)]
    [InlineData(20, true)]
    public void A_length_is_a_part_of_the_keys_or_an_error(int queries, bool causal)
    {
        var model = new FilledCache(queries, causal);
        var least = causal ? queries : 1;
        foreach (var length in (int[])[least, 33, 40])
        {
            var expected = BothModes.In(ExecutionMode.Eager, () => model.LookAtPart(length));
            BothModes.Close(expected, BothModes.In(ExecutionMode.Eager, () => model.Look(Tensor.Scalar(length))), 2e-6);
            BothModes.Close(expected, BothModes.Compiled(() => model.Look(Tensor.Scalar(length))), 2e-6);
        }

        foreach (var length in (long[])[-1, 0, least - 1, 41, long.MaxValue])
        {
            Assert.Throws<IndexOutOfRangeException>(() => BothModes.In(ExecutionMode.Eager, () => model.Look(Tensor.Scalar(length))));
            Assert.Throws<IndexOutOfRangeException>(() => BothModes.In(ExecutionMode.Graph, () => model.Look(Tensor.Scalar(length))));
        }
    }
}
