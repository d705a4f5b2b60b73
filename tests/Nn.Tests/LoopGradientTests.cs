using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Gradients flow back through loops of the graph, of any number of turns, as the tape of eager code and central differences say.</summary>
[Collection("graphs")]
public class LoopGradientTests
{
    private static readonly double[][] Values = [[1.5, -2, 0.7], [-0.3, 0.2, 0.1], [4, 3, 5], [-3, -1, -2], [0, 0, 0], [0.01, 30, -7]];

    public static TheoryData<string> Methods =>
    [
        nameof(LoopGradients.EndsOnTensor), nameof(LoopGradients.Counted), nameof(LoopGradients.Several), nameof(LoopGradients.Branches),
        nameof(LoopGradients.Nested), nameof(LoopGradients.InBranch), nameof(LoopGradients.Resets), nameof(LoopGradients.Rows),
    ];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Both_modes_agree(string method)
    {
        var model = new LoopGradients();
        foreach (var x in Inputs(method))
        {
            var (loss, gradients) = BothModes.In(ExecutionMode.Eager, () => Call(model, method, x));
            var calls = GraphRuntime.Statistics.Calls;
            var (compiledLoss, compiled) = BothModes.In(ExecutionMode.Graph, () => Call(model, method, x));
            Assert.True(GraphRuntime.Statistics.Calls > calls, "no compiled graph ran");
            BothModes.Close(loss, compiledLoss, 1e-10);
            BothModes.Close(gradients[0], compiled[0], 1e-10);
            BothModes.Close(gradients[1], compiled[1], 1e-10);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Gradients_are_those_of_central_differences(string method)
    {
        const double Step = 1e-6;
        var random = new Random(method.Length);
        for (var trial = 0; trial < 6; trial++)
        {
            double[] a = [.. Enumerable.Range(0, 3).Select(_ => random.NextDouble() * 2 - 1)], b = [.. Enumerable.Range(0, 3).Select(_ => random.NextDouble() - 0.5)];
            var x = method == nameof(LoopGradients.Rows) ? Ops.Cast(new Generator(trial).Normal([100, 3]), DType.F64)
                : Tensor.From<double>([.. Enumerable.Range(0, 3).Select(_ => random.NextDouble() * 4 - 2)], 3);
            var gradients = BothModes.In(ExecutionMode.Graph, () => Call(new LoopGradients(a, b), method, x)).Gradients;
            for (var p = 0; p < 6; p++)
            {
                double Loss(double shift)
                {
                    var (u, v) = ((double[])a.Clone(), (double[])b.Clone());
                    (p < 3 ? u : v)[p % 3] += shift;
                    return BothModes.In(ExecutionMode.Eager, () => Call(new LoopGradients(u, v), method, x)).Loss.Item<double>();
                }

                var expected = (Loss(Step) - Loss(-Step)) / (2 * Step);
                var actual = gradients[p / 3].ToArray<double>()[p % 3];
                Assert.True(Math.Abs(expected - actual) <= 1e-5 * Math.Max(1, Math.Abs(expected)), $"trial {trial}, number {p}: differences {expected:R}, gradient {actual:R}");
            }
        }
    }

    [Fact]
    public void A_loop_may_descend_by_gradients_of_loops()
    {
        var model = new LoopGradients();
        foreach (var values in Values)
        {
            var x = Tensor.From<double>(values, 3);
            BothModes.Agree(() => model.Descends(x).Loss, 1e-10);
            BothModes.Agree(() => model.Descends(x).Gradients[0], 1e-10);
        }
    }

    [Fact]
    public void A_second_derivative_of_a_loop_is_eager_and_says_so()
    {
        var model = new LoopGradients();
        var x = Tensor.From<double>([1.5, -2, 0.7], 3);
        var log = new List<string>();
        var before = GraphRuntime.Log;
        GraphRuntime.Log = log.Add;
        try
        {
            BothModes.Close(
                BothModes.In(ExecutionMode.Eager, () => model.Second(x)).Gradients[0], BothModes.In(ExecutionMode.Graph, () => model.Second(x)).Gradients[0], 0);
        }
        finally
        {
            GraphRuntime.Log = before;
        }

        Assert.Contains(log, l => l.Contains("Second", StringComparison.Ordinal) && l.Contains("a gradient of a gradient flows through a loop", StringComparison.Ordinal));
    }

    private static IEnumerable<Tensor> Inputs(string method) => method == nameof(LoopGradients.Rows)
        ? [Ops.Cast(new Generator(1).Normal([100, 3]), DType.F64), Ops.Cast(new Generator(2).Normal([170, 3]), DType.F64)]
        : Values.Select(v => Tensor.From<double>(v, 3));

    private static (Tensor Loss, IReadOnlyList<Tensor> Gradients) Call(LoopGradients model, string method, Tensor x) => method switch
    {
        nameof(LoopGradients.EndsOnTensor) => model.EndsOnTensor(x),
        nameof(LoopGradients.Counted) => model.Counted(x),
        nameof(LoopGradients.Several) => model.Several(x),
        nameof(LoopGradients.Branches) => model.Branches(x),
        nameof(LoopGradients.Nested) => model.Nested(x),
        nameof(LoopGradients.InBranch) => model.InBranch(x),
        nameof(LoopGradients.Resets) => model.Resets(x),
        nameof(LoopGradients.Rows) => model.Rows(x),
        _ => throw new ArgumentException($"there is no '{method}'"),
    };
}
