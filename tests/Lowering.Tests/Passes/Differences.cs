using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Tests.Passes;

/// <summary>Gradients against central differences along random directions, extrapolated to a step of zero (Richardson, 1911): their error is of order step⁴.</summary>
internal static class Differences
{
    private const double Step = 1e-5;
    private const double Tolerance = 1e-6;

    /// <summary>
    /// Output 0 of the module is the loss; outputs from <paramref name="first"/> on are its gradients with respect to these inputs.
    /// </summary>
    public static void Check(GraphModule module, params int[] wrt) => Check(module, 1, wrt);

    public static void Check(GraphModule module, int first, int[] wrt)
    {
        Assert.Empty(GraphVerifier.Verify(module));
        Assert.DoesNotContain(module.Graphs.SelectMany(g => g.Nodes), n => n.Op.Code == OpCode.Gradient);
        foreach (var sizes in Evaluation.Sizes)
        {
            var inputs = Evaluation.Draw(module.Root, sizes, 1);
            var results = Evaluation.Run(module, inputs, sizes);
            var random = new Random(2);
            for (var i = 0; i < wrt.Length; i++)
            {
                for (var repeat = 0; repeat < 3; repeat++)
                {
                    var direction = Evaluation.Draw(module.Root.Inputs[wrt[i]].Type, sizes, random);
                    double Central(double step) =>
                        (Loss(module, inputs, sizes, wrt[i], direction, step) - Loss(module, inputs, sizes, wrt[i], direction, -step)) / (2 * step);
                    var expected = ((4 * Central(Step)) - Central(2 * Step)) / 3;
                    var actual = results[first + i].Zip(direction, (g, d) => g * d).Sum();
                    Assert.True(
                        Math.Abs(expected - actual) <= Tolerance * (1 + Math.Abs(expected)),
                        $"gradient by input {module.Root.Inputs[wrt[i]].Name}: {actual:R}, not {expected:R} by differences");
                }
            }
        }
    }

    private static double Loss(
        GraphModule module, double[][] inputs, ImmutableDictionary<string, long> sizes, int input, double[] direction, double step)
    {
        var moved = inputs.ToArray();
        moved[input] = [.. inputs[input].Zip(direction, (x, d) => x + (step * d))];
        return Evaluation.Run(module, moved, sizes)[0][0];
    }
}
