using System.Collections.Immutable;
using Unified.Graphs;
using Unified.Ir;
using Unified.Lowering;

namespace Unified.Conformance.Tests;

/// <summary>The search for better numbers: what it may take, what it must not, and what it leaves behind.</summary>
[Collection("one call at a time")]
public sealed class TuneGraphsTests : IDisposable
{
    public TuneGraphsTests() => GraphRuntime.UseCompiler(new GraphCompiler());

    public void Dispose() => GraphRuntime.UseCompiler(new GraphCompiler());

    [Fact]
    public void A_training_step_is_tuned_and_its_state_is_as_before()
    {
        var model = new SmallResidual();
        var images = Tensor.From([.. Enumerable.Range(0, 2 * 3 * 14 * 14).Select(i => (i * 37 % 101 / 50f) - 1)], 2, 3, 14, 14);
        var before = model.Parameters.Select(p => p.ToArray<float>()).ToList();
        var report = TuneGraphs.Run([("Step", () => [model.Step(images)])], TimeSpan.FromSeconds(3));
        Assert.NotEmpty(report.Trials);
        Assert.Empty(report.LeftOut);
        Assert.DoesNotContain(report.Trials, t => t.Outcome == TrialOutcome.Disagrees || t.Tunable.ChangesRounding || !t.Tunable.Candidates.Contains(t.Value));
        Assert.Equal(report.Trials.Where(t => t.Outcome == TrialOutcome.Accepted).Select(t => (t.Kernels, t.Tunable)).ToHashSet(), report.Tuning.Entries.Select(e => (e.Class, e.Tunable)).ToHashSet());
        Assert.NotEmpty(report.Kernels);
        Assert.Equal(before, model.Parameters.Select(p => p.ToArray<float>()));
        Assert.Null(GraphRuntime.Options.Tuning);
        Assert.Null(GraphRuntime.Profile);
    }

    [Fact]
    public void A_value_that_changes_results_is_found_out()
    {
        GraphRuntime.UseCompiler(new FaultyCompiler());
        var model = new TunedModel();

        // Of a sum that is rounded otherwise, a result of few rows may show nothing.
        var x = Tensor.From([.. Enumerable.Range(0, 100 * 1000).Select(i => (i * 37 % 10007 / 5000f) - 1)], 100, 1000);
        var report = TuneGraphs.Run([("Rows", () => [model.Rows(x)])], TimeSpan.FromSeconds(20));
        Assert.Equal(TunableTable.Grain.Candidates.Length - 1, report.Trials.Count(t => t.Tunable == TunableTable.Grain && t.Outcome == TrialOutcome.Disagrees));
        Assert.DoesNotContain(report.Tuning.Entries, e => e.Tunable == TunableTable.Grain);
    }

    [Fact]
    public void What_other_threads_compile_is_none_of_its_business()
    {
        var x = Tensor.From([.. Enumerable.Range(0, 5 * 1000).Select(i => (i * 37 % 101 / 50f) - 1)], 5, 1000);
        IReadOnlyList<Tensor> OnAnotherThread()
        {
            var other = new Thread(() => new TunedModel().Rows(x).Dispose());
            other.Start();
            other.Join();
            return [Tensor.Zeros([2])];
        }

        Assert.Contains("runs eagerly", Assert.Throws<InvalidOperationException>(() => TuneGraphs.Run([("Other", OnAnotherThread)], TimeSpan.FromSeconds(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_call_that_is_no_graph_is_an_error() => Assert.Contains(
        "runs eagerly", Assert.Throws<InvalidOperationException>(() => TuneGraphs.Run([("None", () => [Tensor.Zeros([2])])], TimeSpan.FromSeconds(1))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(10, 9, 0.1, true)]
    [InlineData(10, 9, 2, false)]
    [InlineData(10, 9.9, 0, false)]
    [InlineData(10, 11, 0, false)]
    public void A_gain_is_more_than_the_spread_and_more_than_two_percent(double former, double latter, double spread, bool isGain) =>
        Assert.Equal(isGain, new TimedPair(former, latter, spread).IsGain);

    [Fact]
    public void Times_are_medians_measured_in_turns()
    {
        var order = new List<char>();
        double[] times = [5, 1, 3];
        var (a, b) = (0, 0);
        var pair = TimedPair.Measure(() => { order.Add('a'); return times[a++]; }, () => { order.Add('b'); return 10 + times[b++]; }, 3);
        Assert.Equal((3.0, 13.0), (pair.Former, pair.Latter));
        Assert.Equal("abbaab", string.Concat(order));
        Assert.True(pair.Spread > 0);
    }

    // With another grain it also rounds otherwise, which no grain may.
    private sealed class FaultyCompiler : IGraphCompiler
    {
        private readonly GraphCompiler _compiler = new();

        public CompiledFunction Compile(FunctionDefinition function, object? self, ImmutableArray<ArgumentSpec> arguments, CompileOptions options) => _compiler.Compile(
            function, self, arguments,
            options.Tuning!.Entries.Any(e => e.Tunable == TunableTable.Grain) ? options with { Tuning = options.Tuning.With(TunableTable.RowUnroll, 8) } : options);
    }
}
