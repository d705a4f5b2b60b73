using Unified.Ir;
using Unified.Lowering;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A long loop of the host stays a loop, where its body does not depend on being unrolled; its result is the same.</summary>
[Collection("graphs")]
public class LongLoopTests
{
    public static TheoryData<string, int> Cases
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var turns in (int[])[1, 7, 10, 63, 64, 65, 300])
            {
                data.AddRange(
                    (nameof(LongLoops.Integrate), turns), (nameof(LongLoops.Small), turns), (nameof(LongLoops.Counts), turns), (nameof(LongLoops.While), turns),
                    (nameof(LongLoops.DoWhile), turns), (nameof(LongLoops.ForEach), turns), (nameof(LongLoops.Nested), turns), (nameof(LongLoops.Leaves), turns),
                    (nameof(LongLoops.Rows), turns), (nameof(LongLoops.State), turns), (nameof(LongLoops.Lists), turns), (nameof(LongLoops.SizeAfter), turns),
                    (nameof(LongLoops.Decides), turns));
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Both_modes_agree(string method, int turns)
    {
        var (eager, graph) = (new LongLoops(), new LongLoops());
        var x = method == nameof(LongLoops.Rows) ? new Generator(3).Normal([turns + 2, 3]) : Tensor.From<float>([0.5f, -1, 2], 3);
        var expected = BothModes.In(ExecutionMode.Eager, () => Call(eager, method, x, turns));
        var actual = BothModes.Compiled(() => Call(graph, method, x, turns));
        BothModes.Close(expected, actual, 1e-5);
        BothModes.Close(eager.Total, graph.Total, 1e-5);
    }

    [Theory]
    [InlineData(nameof(LongLoops.Integrate), 10)]
    [InlineData(nameof(LongLoops.Small), 65)]
    [InlineData(nameof(LongLoops.Counts), 200)]
    [InlineData(nameof(LongLoops.While), 200)]
    [InlineData(nameof(LongLoops.DoWhile), 65)]
    [InlineData(nameof(LongLoops.ForEach), 65)]
    [InlineData(nameof(LongLoops.Nested), 65)]
    [InlineData(nameof(LongLoops.Rows), 66)]
    [InlineData(nameof(LongLoops.State), 65)]
    [InlineData(nameof(LongLoops.Leaves), 65)]
    public void The_graph_does_not_grow_with_the_turns(string method, int few)
    {
        const int Many = 10_000;
        var x = method == nameof(LongLoops.Rows) ? new Generator(3).Normal([Many + 2, 3]) : Tensor.From<float>([0.5f, -1, 2], 3);
        var (graph, expected) = (new LongLoops(), new LongLoops());
        var (small, large) = (Nodes(graph, method, x, few), Nodes(graph, method, x, Many));
        Assert.True(small == large, $"{small} nodes for {few} turns, {large} for {Many}");
        BothModes.Close(BothModes.In(ExecutionMode.Eager, () => Call(expected, method, x, Many)), BothModes.Compiled(() => Call(new LongLoops(), method, x, Many)), 1e-4);
    }

    [Fact]
    public void What_throws_in_a_turn_throws_in_both_modes()
    {
        var (model, x) = (new LongLoops(), Tensor.Zeros([3]));
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            Assert.Equal("too many: 91", Assert.Throws<ArgumentException>(() => BothModes.In(mode, () => model.Throws(x, 1000))).Message);
        }
    }

    [Fact]
    public void An_index_out_of_range_is_found_when_the_loop_gets_there()
    {
        var (model, x) = (new LongLoops(), new Generator(3).Normal([80, 3]));
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            Assert.Throws<IndexOutOfRangeException>(() => BothModes.In(mode, () => model.Rows(x, 100)));
        }
    }

    private static int Nodes(LongLoops model, string method, Tensor x, int turns)
    {
        var folder = Directory.CreateTempSubdirectory("unified-loops");
        var options = GraphRuntime.Options;
        GraphRuntime.Options = options with { DumpFolder = folder.FullName };
        try
        {
            BothModes.Compiled(() => Call(model, method, x, turns));
            var text = folder.EnumerateFiles("*specialize*", SearchOption.AllDirectories).Concat(folder.EnumerateFiles("*prune-call-boundaries*", SearchOption.AllDirectories))
                .OrderBy(f => f.Name, StringComparer.Ordinal).Last();
            return GraphText.Parse(File.ReadAllText(text.FullName)).Graphs.Sum(g => g.Nodes.Length);
        }
        finally
        {
            GraphRuntime.Options = options;
            folder.Delete(recursive: true);
        }
    }

    private static Tensor Call(LongLoops model, string method, Tensor x, int turns) => method switch
    {
        nameof(LongLoops.Integrate) => model.Integrate(x, turns),
        nameof(LongLoops.Small) => model.Small(x, turns),
        nameof(LongLoops.Counts) => model.Counts(x, turns),
        nameof(LongLoops.While) => model.While(x, turns),
        nameof(LongLoops.DoWhile) => model.DoWhile(x, turns),
        nameof(LongLoops.ForEach) => model.ForEach(x, turns),
        nameof(LongLoops.Nested) => model.Nested(x, turns),
        nameof(LongLoops.Leaves) => model.Leaves(x, turns),
        nameof(LongLoops.Rows) => model.Rows(x, turns),
        nameof(LongLoops.State) => model.State(x, turns),
        nameof(LongLoops.Lists) => model.Lists(x, turns),
        nameof(LongLoops.SizeAfter) => model.SizeAfter(x, turns),
        nameof(LongLoops.Decides) => model.Decides(x, turns),
        _ => throw new ArgumentException($"there is no '{method}'"),
    };
}
