using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Branches and loops on tensors give the same in both modes, and stay in the graph.</summary>
[Collection("graphs")]
public class TensorControlTests
{
    private static readonly float[][] Values = [[1, 2, 3], [-1, -2, -3], [0.25f, -8, 4], [30, 1, 2], [-7, -9, -8], [0, 0, 0], [0.1f, 0.2f, -0.1f]];

    public static TheoryData<string> Methods =>
    [
        nameof(TensorControl.If), nameof(TensorControl.IfElse), nameof(TensorControl.ElseIf), nameof(TensorControl.Conditional), nameof(TensorControl.AndOr),
        nameof(TensorControl.EarlyReturn), nameof(TensorControl.While), nameof(TensorControl.DoWhile), nameof(TensorControl.Break), nameof(TensorControl.Continue),
        nameof(TensorControl.BreakOutOfWhile), nameof(TensorControl.ReturnOutOfLoop), nameof(TensorControl.ReturnOutOfUnrolledLoop), nameof(TensorControl.Nested),
        nameof(TensorControl.Tuple), nameof(TensorControl.Item), nameof(TensorControl.StateInLoop), nameof(TensorControl.Calls), nameof(TensorControl.For),
        nameof(TensorControl.FieldInBranch), nameof(TensorControl.Throws),
    ];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Both_modes_agree(string method)
    {
        foreach (var values in Values)
        {
            var x = Tensor.From<float>(values, 3);
            var (eager, graph) = (new TensorControl(), new TensorControl());
            var expected = BothModes.In(ExecutionMode.Eager, () => Call(eager, method, x));
            var actual = BothModes.Compiled(() => Call(graph, method, x));
            BothModes.Close(expected, actual, 2e-6);
            BothModes.Close(eager.Counter, graph.Counter, 2e-6);
            BothModes.Close(eager.Total, graph.Total, 2e-6);
        }
    }

    [Fact]
    public void A_choice_between_arguments_is_either()
    {
        var model = new TensorControl();
        var (x, y) = (Tensor.From<float>([1, 2, 3], 3), Tensor.From<float>([4, -9, 1], 3));
        BothModes.Agree(() => model.Chosen(x, y));
        BothModes.Agree(() => model.Chosen(y, x));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(50)]
    public void A_host_number_goes_around_a_loop(int limit)
    {
        var model = new TensorControl();
        BothModes.Agree(() => model.WhileWithCount(Tensor.From<float>([9, 8, 7], 3), limit));
    }

    [Fact]
    public void State_is_written_on_the_path_that_is_taken()
    {
        var (eager, graph) = (new TensorControl(), new TensorControl());
        foreach (var values in Values)
        {
            var x = Tensor.From<float>(values, 3);
            BothModes.In(ExecutionMode.Eager, () => { eager.State(x); return 0; });
            BothModes.Compiled(() => { graph.State(x); return graph.Total; });
        }

        BothModes.Close(eager.Total, graph.Total, 0);
        Assert.Equal(eager.Counter.Item<float>(), graph.Counter.Item<float>());
        Assert.NotEqual(0, graph.Counter.Item<float>());
    }

    [Fact]
    public void Gradients_flow_through_the_branch_that_is_taken()
    {
        var model = new TensorControl();
        foreach (var values in Values)
        {
            var x = Tensor.From<float>(values, 3);
            BothModes.Agree(() => model.Gradient(x).Loss);
            BothModes.Agree(() => model.Gradient(x).Gradients[0]);
            BothModes.Agree(() => model.GradientOfWhile(x).Loss);
            BothModes.Agree(() => model.GradientOfWhile(x).Gradients[0]);
        }
    }

    [Theory]
    [InlineData(nameof(TensorControl.OtherShapes))]
    public void What_is_no_graph_yet_runs_eagerly_and_says_so(string method)
    {
        var model = new TensorControl();
        var log = new List<string>();
        var before = GraphRuntime.Log;
        GraphRuntime.Log = log.Add;
        try
        {
            var x = Tensor.From<float>([1, 2, 3], 3);
            BothModes.Close(BothModes.In(ExecutionMode.Eager, () => Call(model, method, x)), BothModes.In(ExecutionMode.Graph, () => Call(model, method, x)), 0);
        }
        finally
        {
            GraphRuntime.Log = before;
        }

        Assert.Contains(log, l => l.Contains(method, StringComparison.Ordinal) && l.Contains("eager", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void An_exception_under_a_condition_is_thrown_in_both_modes()
    {
        var model = new TensorControl();
        var x = Tensor.From<float>([1000, 2, 3], 3);
        Assert.Throws<ArgumentException>(() => BothModes.In(ExecutionMode.Eager, () => model.Throws(x)));
        Assert.Throws<ArgumentException>(() => BothModes.In(ExecutionMode.Graph, () => model.Throws(x)));
    }

    [Fact]
    public void One_compilation_serves_fifty_values_of_two_named_dims()
    {
        var (model, before) = (new TensorControl(), GraphRuntime.Statistics.Compilations);
        for (var i = 1; i <= 50; i++)
        {
            var x = new Generator(i).Normal([i, 7 * i % 51 + 1]);
            BothModes.Close(BothModes.In(ExecutionMode.Eager, () => model.NamedDims(x)), BothModes.Compiled(() => model.NamedDims(x)), 2e-6);
        }

        Assert.Equal(1, GraphRuntime.Statistics.Compilations - before);
    }

    [Fact]
    public void One_compilation_serves_every_size_of_a_loop()
    {
        var model = new TensorControl();
        using (Execution.Use(ExecutionMode.Graph))
        {
            model.NamedDims(Tensor.Zeros([2, 3]));
            var before = GraphRuntime.Statistics.Compilations;
            for (var i = 1; i < 50; i++)
            {
                var x = new Generator(i).Normal([i, 51 - i]);
                BothModes.Close(BothModes.In(ExecutionMode.Eager, () => model.NamedDims(x)), model.NamedDims(x), 2e-6);
            }

            Assert.Equal(before, GraphRuntime.Statistics.Compilations);
        }
    }

    private static Tensor Call(TensorControl model, string method, Tensor x) => method switch
    {
        nameof(TensorControl.If) => model.If(x),
        nameof(TensorControl.IfElse) => model.IfElse(x),
        nameof(TensorControl.ElseIf) => model.ElseIf(x),
        nameof(TensorControl.Conditional) => model.Conditional(x),
        nameof(TensorControl.AndOr) => model.AndOr(x),
        nameof(TensorControl.EarlyReturn) => model.EarlyReturn(x),
        nameof(TensorControl.While) => model.While(x),
        nameof(TensorControl.DoWhile) => model.DoWhile(x),
        nameof(TensorControl.Break) => model.Break(x),
        nameof(TensorControl.Continue) => model.Continue(x),
        nameof(TensorControl.BreakOutOfWhile) => model.BreakOutOfWhile(x),
        nameof(TensorControl.ReturnOutOfLoop) => model.ReturnOutOfLoop(x),
        nameof(TensorControl.ReturnOutOfUnrolledLoop) => model.ReturnOutOfUnrolledLoop(x),
        nameof(TensorControl.Nested) => model.Nested(x),
        nameof(TensorControl.Tuple) => model.Tuple(x),
        nameof(TensorControl.Item) => model.Item(x),
        nameof(TensorControl.StateInLoop) => model.StateInLoop(x),
        nameof(TensorControl.Calls) => model.Calls(x),
        nameof(TensorControl.For) => model.For(x),
        nameof(TensorControl.FieldInBranch) => model.FieldInBranch(x),
        nameof(TensorControl.OtherShapes) => model.OtherShapes(x),
        nameof(TensorControl.Throws) => model.Throws(x),
        _ => throw new ArgumentException($"there is no '{method}'"),
    };
}
