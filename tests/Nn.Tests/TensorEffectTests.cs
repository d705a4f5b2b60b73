using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Fields set and exceptions thrown on the path that a tensor chooses: the same effects in both modes, in one graph.</summary>
[Collection("graphs")]
public class TensorEffectTests
{
    private static readonly float[][] Values =
        [[1, 2, 3], [-1, -2, -3], [0.25f, -8, 4], [30, 1, 2], [-7, -9, -8], [0, 0, 0], [2, 2, 2.5f], [5.5f, -6, 0], [0.1f, 0.2f, -0.1f], [4.9f, 4.9f, 0]];

    public static TheoryData<string> Methods =>
    [
        nameof(TensorEffects.SetsIf), nameof(TensorEffects.SetsEither), nameof(TensorEffects.SetsTwice), nameof(TensorEffects.SetsInCalls),
        nameof(TensorEffects.Throws), nameof(TensorEffects.ThrowsInCalls), nameof(TensorEffects.ThrowsInLoop), nameof(TensorEffects.ThrowsForTuple),
        nameof(TensorEffects.ThrowsAfterEffects), nameof(TensorEffects.Power), nameof(TensorEffects.Descend),
        nameof(TensorEffects.Lists), nameof(TensorEffects.ListsOfOtherLength), nameof(TensorEffects.OtherShapes), nameof(TensorEffects.OtherModules),
        nameof(TensorEffects.KeptAfterLoop), nameof(TensorEffects.KeptAfterLongLoop),
    ];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Both_modes_agree(string method)
    {
        var (eager, graph) = (new TensorEffects(), new TensorEffects());
        foreach (var values in Values)
        {
            var x = Tensor.From<float>(values, 3);
            var (expected, expectedError) = Run(ExecutionMode.Eager, eager, method, x);
            var calls = GraphRuntime.Statistics.Calls;
            var last = graph.Last;
            var (actual, actualError) = Run(ExecutionMode.Graph, graph, method, x);
            Assert.True(GraphRuntime.Statistics.Calls > calls || actualError is not null, "no compiled graph ran");
            Assert.Equal(expectedError, actualError);
            if (expected is not null)
            {
                BothModes.Close(expected, actual!, 2e-6);
            }

            BothModes.Close(eager.Counter, graph.Counter, 0);
            BothModes.Close(eager.Last, graph.Last, 2e-6);
            BothModes.Close(eager.Other, graph.Other, 2e-6);
            if (method == nameof(TensorEffects.SetsIf) && values.Sum() <= 0)
            {
                Assert.Same(last, graph.Last);
            }
        }
    }

    [Fact]
    public void Fields_that_come_to_hold_one_tensor_between_calls_are_seen_to()
    {
        var (eager, graph) = (new TensorEffects(), new TensorEffects());
        foreach (var one in (bool[])[false, false, true, true, false, true, false, false])
        {
            Tensor Of(ExecutionMode mode, TensorEffects model)
            {
                using var chosen = Execution.Use(mode);
                model.Join(one);
                return model.WritesOneReadsOther(Tensor.Ones([3]));
            }

            BothModes.Close(Of(ExecutionMode.Eager, eager), Of(ExecutionMode.Graph, graph), 0);
            BothModes.Close(eager.Last, graph.Last, 0);
        }
    }

    [Theory]
    [InlineData(nameof(TensorEffects.Alias))]
    [InlineData(nameof(TensorEffects.NameOfLoop))]
    [InlineData(nameof(TensorEffects.NameBeforeLoop))]
    [InlineData(nameof(TensorEffects.NameOfTurnBefore))]
    public void What_is_written_to_one_of_several_tensors_is_seen_by_all_its_names(string method)
    {
        var (log, said) = (GraphRuntime.Log, new List<string>());
        GraphRuntime.Log = said.Add;
        try
        {
            foreach (var sign in (float[])[1, -1, 0.125f])
            {
                var (expected, actual) = (Of(ExecutionMode.Eager, sign), Of(ExecutionMode.Graph, sign));
                BothModes.Close(expected.Result, actual.Result, 0);
                BothModes.Close(expected.X, actual.X, 0);
            }

            Assert.All(said, s => Assert.Contains("one of several", s, StringComparison.Ordinal));
            Assert.NotEmpty(said);
        }
        finally
        {
            GraphRuntime.Log = log;
        }

        (Tensor Result, Tensor X) Of(ExecutionMode mode, float sign)
        {
            var (model, x, y) = (new TensorEffects(), Tensor.From<float>([sign, sign, sign], 3), Tensor.From<float>([5 * sign, 6, 7], 3));
            return (BothModes.In(mode, () => Call(model, method, x, y)), x);
        }
    }

    [Theory]
    [InlineData(nameof(TensorEffects.Throws), 1)]
    [InlineData(nameof(TensorEffects.SetsEither), 1)]
    public void One_graph_has_all_paths(string method, int compilations)
    {
        var (model, before) = (new TensorEffects(), GraphRuntime.Statistics.Compilations);
        foreach (var values in Values)
        {
            Run(ExecutionMode.Graph, model, method, Tensor.From<float>(values, 3));
        }

        Assert.Equal(compilations, GraphRuntime.Statistics.Compilations - before);
    }

    [Fact]
    public void The_message_is_made_when_it_is_thrown()
    {
        foreach (var mode in (ExecutionMode[])[ExecutionMode.Eager, ExecutionMode.Graph])
        {
            var (model, x) = (new TensorEffects(), Tensor.From<float>([30, 1, 2], 3));
            Assert.Equal("ArgumentException: too large, by the limit of 10", Run(mode, model, nameof(TensorEffects.Throws), x).Error);
            model.Limit = 20;
            Assert.Equal("ArgumentException: too large, by the limit of 20", Run(mode, model, nameof(TensorEffects.Throws), x).Error);
        }
    }

    [Theory]
    [InlineData(nameof(TensorEffects.ThrowsWhatDepends))]
    [InlineData(nameof(TensorEffects.SetsInLoop))]
    [InlineData(nameof(TensorEffects.OtherShapeOut))]
    public void What_is_no_graph_runs_eagerly_and_says_so(string method)
    {
        var log = new List<string>();
        var before = GraphRuntime.Log;
        GraphRuntime.Log = log.Add;
        try
        {
            foreach (var values in Values)
            {
                var (eager, graph, x) = (new TensorEffects(), new TensorEffects(), Tensor.From<float>(values, 3));
                var (expected, actual) = (Run(ExecutionMode.Eager, eager, method, x), Run(ExecutionMode.Graph, graph, method, x));
                Assert.Equal(expected.Error, actual.Error);
                BothModes.Close(eager.Last, graph.Last, 0);
            }
        }
        finally
        {
            GraphRuntime.Log = before;
        }

        Assert.Contains(log, l => l.Contains(method, StringComparison.Ordinal) && l.Contains("eager", StringComparison.OrdinalIgnoreCase));
    }

    private static (Tensor? Result, string? Error) Run(ExecutionMode mode, TensorEffects model, string method, Tensor x)
    {
        try
        {
            return (BothModes.In(mode, () => Call(model, method, x)), null);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or TimeoutException)
        {
            return (null, $"{e.GetType().Name}: {e.Message}");
        }
    }

    private static Tensor Call(TensorEffects model, string method, Tensor x, Tensor? y = null) => method switch
    {
        nameof(TensorEffects.Alias) => model.Alias(x, y!),
        nameof(TensorEffects.NameOfLoop) => model.NameOfLoop(x, y!),
        nameof(TensorEffects.NameBeforeLoop) => model.NameBeforeLoop(x, y!),
        nameof(TensorEffects.NameOfTurnBefore) => model.NameOfTurnBefore(x, y!),
        nameof(TensorEffects.KeptAfterLoop) => model.KeptAfterLoop(x),
        nameof(TensorEffects.KeptAfterLongLoop) => model.KeptAfterLongLoop(x),
        nameof(TensorEffects.SetsIf) => model.SetsIf(x),
        nameof(TensorEffects.SetsEither) => model.SetsEither(x),
        nameof(TensorEffects.SetsTwice) => model.SetsTwice(x),
        nameof(TensorEffects.SetsInCalls) => model.SetsInCalls(x),
        nameof(TensorEffects.SetsInLoop) => model.SetsInLoop(x),
        nameof(TensorEffects.OtherShapes) => model.OtherShapes(x),
        nameof(TensorEffects.OtherModules) => model.OtherModules(x),
        nameof(TensorEffects.OtherShapeOut) => model.OtherShapeOut(x),
        nameof(TensorEffects.Lists) => model.Lists(x),
        nameof(TensorEffects.ListsOfOtherLength) => model.ListsOfOtherLength(x),
        nameof(TensorEffects.Throws) => model.Throws(x),
        nameof(TensorEffects.ThrowsInCalls) => model.ThrowsInCalls(x),
        nameof(TensorEffects.ThrowsInLoop) => model.ThrowsInLoop(x),
        nameof(TensorEffects.ThrowsForTuple) => model.ThrowsForTuple(x).Doubled,
        nameof(TensorEffects.ThrowsAfterEffects) => model.ThrowsAfterEffects(x),
        nameof(TensorEffects.ThrowsWhatDepends) => model.ThrowsWhatDepends(x),
        nameof(TensorEffects.Power) => model.Power(x, 13),
        nameof(TensorEffects.Descend) => model.Descend(x, 4),
        _ => throw new ArgumentException($"there is no '{method}'"),
    };
}
