using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Derivatives forwards and backwards, to third order, through calls, branches and loops: both modes agree with each other and with differences.</summary>
[Collection("graphs")]
public class DerivativeTests
{
    private static readonly double[][] Inputs = [[1.5, -2, 0.7], [-0.3, 0.2, 0.1], [2, 1.5, -2.5]];
    private static readonly double[] Direction = [0.3, -1.1, 0.8];

    public static TheoryData<Function> Functions => [.. Enum.GetValues<Function>()];

    [Theory]
    [MemberData(nameof(Functions))]
    public void A_tangent_is_the_difference_along_it(Function f)
    {
        foreach (var x in Inputs)
        {
            var model = new Derivatives();
            var expected = Difference(w => Values(new Derivatives(w).F(f.ToString(), Of(x))));
            Check(expected, () => model.Jvp(f, Of(x), Of(Direction)).Tangent, 1e-7);
            Check(Values(model.F(f.ToString(), Of(x))), () => model.Jvp(f, Of(x), Of(Direction)).Value, 1e-12);
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Tangents_and_cotangents_are_adjoint(Function f)
    {
        foreach (var x in Inputs)
        {
            var model = new Derivatives();
            double[] back = [0.2, 0.9, -0.4];
            var tangent = BothModes.In(ExecutionMode.Graph, () => Values(model.Jvp(f, Of(x), Of(Direction)).Tangent));
            var expected = tangent.Zip(back, (a, b) => a * b).Sum();
            foreach (var mode in new[] { ExecutionMode.Eager, ExecutionMode.Graph })
            {
                var cotangent = BothModes.In(mode, () => Values(model.Vjp(f, Of(x), Of(back)).Cotangent));
                Assert.Equal(expected, cotangent.Zip(Direction, (a, b) => a * b).Sum(), 1e-10);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Forward_over_reverse_is_reverse_over_forward(Function f)
    {
        foreach (var x in Inputs)
        {
            var model = new Derivatives();
            var expected = Difference(w => BothModes.In(ExecutionMode.Eager, () => Values(new Derivatives(w).ForwardOverReverse(f, Of(x), Of(Direction)).Value)));
            Check(expected, () => model.ForwardOverReverse(f, Of(x), Of(Direction)).Tangent, 2e-6);
            Check(expected, () => model.ReverseOverForward(f, Of(x), Of(Direction)), 2e-6);
            BothModes.Agree(() => model.ForwardOverReverse(f, Of(x), Of(Direction)).Tangent, 1e-10);
            BothModes.Agree(() => model.ReverseOverForward(f, Of(x), Of(Direction)), 1e-10);
        }
    }

    [Theory]
    [InlineData(Function.Smooth)]
    [InlineData(Function.Loops)]
    [InlineData(Function.Twice)]
    public void Third_derivatives_nest(Function f)
    {
        var expected = Difference(w => BothModes.In(ExecutionMode.Eager, () => Values(new Derivatives(w).ForwardOverReverse(f, Of(Inputs[0]), Of(Direction)).Tangent)));
        Check(expected, () => new Derivatives().Third(f, Of(Inputs[0]), Of(Direction)), 1e-5);
    }

    [Fact]
    public void What_was_computed_before_is_constant()
    {
        var (model, x) = (new Derivatives(), Inputs[0]);
        double[] w = [0.9, -0.4, 0.6];
        Check([.. w.Select((v, i) => (v * v * x[i]) + (v * v * x[i]) + Math.Pow(v, 4))], () => model.EarlierIsConstant(Of(x)), 1e-12);
        Check([.. w.Select((v, i) => 2 * v * x[i])], () => model.EarlierWithin(Of(x)), 1e-12);
    }

    [Fact]
    public void Tangents_of_one_tensor_add_up()
    {
        double[] w = [0.9, -0.4, 0.6];
        Check([.. w.Select((v, i) => (2 * v * Inputs[0][i] * 3 * Inputs[0][i]) + (v * v * v))], () => new Derivatives().TwoTangents(Of(Inputs[0])), 1e-12);
    }

    private static void Check(double[] expected, Func<Tensor> run, double tolerance)
    {
        BothModes.Close(Of(expected), BothModes.In(ExecutionMode.Eager, run), tolerance);
        BothModes.Close(Of(expected), BothModes.Compiled(run), tolerance);
    }

    private static double[] Difference(Func<double[], double[]> f)
    {
        const double Step = 1e-6;
        double[] w = [0.9, -0.4, 0.6];
        var (up, down) = (f([.. w.Zip(Direction, (a, d) => a + (Step * d))]), f([.. w.Zip(Direction, (a, d) => a - (Step * d))]));
        return [.. up.Zip(down, (a, b) => (a - b) / (2 * Step))];
    }

    private static Tensor Of(double[] values) => Tensor.From<double>(values, values.Length);

    private static double[] Values(Tensor tensor) => tensor.ToArray<double>();
}
