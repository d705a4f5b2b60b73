using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A method that is called again and again is specialized once for each kind of call, and means the same each time.</summary>
[Collection("graphs")]
public class RepeatedCallTests
{
    [Theory]
    [InlineData(nameof(RepeatedCalls.Others))]
    [InlineData(nameof(RepeatedCalls.Same))]
    [InlineData(nameof(RepeatedCalls.OfItself))]
    [InlineData(nameof(RepeatedCalls.OtherSizes))]
    [InlineData(nameof(RepeatedCalls.Numbers))]
    [InlineData(nameof(RepeatedCalls.FieldsSet))]
    [InlineData(nameof(RepeatedCalls.Between))]
    [InlineData(nameof(RepeatedCalls.UnderConditions))]
    public void Calls_of_one_method_are_what_they_are_eagerly(string method)
    {
        foreach (var first in (float[])[1, -4])
        {
            var (eager, graph) = (new RepeatedCalls(), new RepeatedCalls());
            var x = Tensor.From<float>([first, 2], 2);
            BothModes.Close(BothModes.In(ExecutionMode.Eager, () => Call(eager, method, x)), BothModes.Compiled(() => Call(graph, method, x)), 2e-6);
            AgreeOnState(eager, graph);
        }
    }

    /// <summary>The row of a table is written through a view, while its table is reached as well: whoever runs it, the state is the same.</summary>
    [Fact]
    public void Views_are_written_as_they_are_eagerly()
    {
        var (eager, graph) = (new RepeatedCalls(), new RepeatedCalls());
        var x = Tensor.From<float>([1, 2], 2);
        BothModes.Close(BothModes.In(ExecutionMode.Eager, () => eager.Views(x)), BothModes.In(ExecutionMode.Graph, () => graph.Views(x)), 2e-6);
        AgreeOnState(eager, graph);
    }

    /// <summary>Layers share their kernels, parameters of one shape their update: twelve times the layers are as many kernels.</summary>
    [Fact]
    public void Kernels_do_not_grow_with_depth()
    {
        Assert.Equal(Kernels(4), Kernels(48));

        static int Kernels(int depth)
        {
            var model = new DeepStack(depth);
            var x = Tensor.Ones([3, 8]);
            var before = GraphRuntime.Statistics.Kernels;
            BothModes.Compiled(() => model.Step(x));
            return GraphRuntime.Statistics.Kernels - before;
        }
    }

    private static void AgreeOnState(RepeatedCalls eager, RepeatedCalls graph)
    {
        BothModes.Close(eager.A, graph.A, 2e-6);
        BothModes.Close(eager.B, graph.B, 2e-6);
        BothModes.Close(eager.C, graph.C, 2e-6);
        BothModes.Close(eager.D, graph.D, 2e-6);
    }

    private static Tensor Call(RepeatedCalls model, string method, Tensor x) => method switch
    {
        nameof(RepeatedCalls.Others) => model.Others(x),
        nameof(RepeatedCalls.Same) => model.Same(x),
        nameof(RepeatedCalls.OfItself) => model.OfItself(x),
        nameof(RepeatedCalls.OtherSizes) => model.OtherSizes(Ops.Reshape(Ops.Concat([x, x], 0), 2, 2)),
        nameof(RepeatedCalls.Numbers) => model.Numbers(x),
        nameof(RepeatedCalls.FieldsSet) => model.FieldsSet(x),
        nameof(RepeatedCalls.Between) => model.Between(x),
        nameof(RepeatedCalls.UnderConditions) => model.UnderConditions(x),
        _ => throw new ArgumentException($"there is no '{method}'"),
    };
}
