using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A stated gradient takes the place of the function's own, in both modes, under maps and further derivatives.</summary>
[Collection("graphs")]
public class CustomGradientTests
{
    private static readonly double[] W = [0.9, -0.4, 0.6];
    private static readonly double[] X = [1.5, -2, 0.7];
    private static readonly CustomGradients s_model = new();

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    [Fact]
    public void Gradients_are_those_that_are_stated()
    {
        var x = Of(X);
        Check([.. W.Zip(X, (w, v) => Sigmoid(w * v) * v * v)], () => s_model.Gradient(x));
        Check([.. W.Zip(X, (w, v) => 2 * Sigmoid(w * v) * v * Sigmoid(w * v) * (1 - Sigmoid(w * v)) * v * v)], () => s_model.Second(x));

        Check([.. W.Zip(X, (w, v) => Math.Clamp(6 * w * v, -1, 1) * v)], () => s_model.Hooked(x));

        // The value is rounded, what it multiplies keeps its own gradient.
        Check([.. W.Zip(X, (w, v) => Math.Round(w * v) + w)], () => s_model.StraightThrough(x)[0]);
        Check([.. W.Select(w => 2 * w)], () => s_model.StraightThrough(x)[1]);
        Assert.Equal(1.0, BothModes.In(ExecutionMode.Graph, () => Ops.Grad(() => Ops.Sum(s_model.Softplus(Of([800.0]))), Of([800.0]))).Size);
    }

    [Fact]
    public void Maps_go_through_them()
    {
        double[] other = [0.2, 0.3, -0.8];
        var x = Tensor.From<double>([.. X, .. other], 2, 3);
        Check([.. new[] { X, other }.SelectMany(e => W.Zip(e, (w, v) => Sigmoid(w * v) * v))], () => Ops.Reshape(s_model.PerExample(x), 6));
        Check([.. X.Zip(other, (a, b) => 2 * 3 * (a + b))], () => s_model.Mapped(x)[0]);
        Check([.. W.Select(w => 2 * w), .. W.Select(w => 2 * w)], () => Ops.Reshape(s_model.Mapped(x)[1], 6));
    }

    [Fact]
    public void Wrong_use_is_told()
    {
        foreach (var mode in new[] { ExecutionMode.Eager, ExecutionMode.Graph })
        {
            Assert.Contains("not how tangents go forward", Assert.ThrowsAny<Exception>(() => BothModes.In(mode, () => s_model.Forwards(Of(X)))).Message, StringComparison.Ordinal);
            Assert.Contains(
                "the gradients are (f64[]), for tensors (f64[3])", Assert.ThrowsAny<Exception>(() => BothModes.In(mode, () => s_model.OtherType(Of(X)))).Message, StringComparison.Ordinal);
        }
    }

    private static Tensor Of(double[] values) => Tensor.From<double>(values, values.Length);

    private static void Check(double[] expected, Func<Tensor> run)
    {
        BothModes.Close(Of(expected), BothModes.In(ExecutionMode.Eager, run), 1e-12);
        BothModes.Close(Of(expected), BothModes.Compiled(run), 1e-12);
    }
}
