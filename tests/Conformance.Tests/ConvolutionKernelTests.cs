using Unified.Ir;
using Unified.Lowering;

namespace Unified.Conformance.Tests;

/// <summary>A network of convolutions and its training step give, whichever way convolutions are computed, what the eager method gives.</summary>
[Collection("one call at a time")]
public sealed class ConvolutionKernelTests
{
    public static TheoryData<ConvolutionKernels> All => [.. Enum.GetValues<ConvolutionKernels>()];

    [Theory]
    [MemberData(nameof(All))]
    public void Forward_and_training_step(ConvolutionKernels kernels)
    {
        GraphRuntime.UseCompiler(new GraphCompiler());
        var options = GraphRuntime.Options;
        GraphRuntime.Options = options with { Convolutions = kernels };
        try
        {
            foreach (var (images, height, width) in ((int, int, int)[])[(1, 5, 6), (3, 9, 4), (2, 14, 14)])
            {
                var data = Tensor.From([.. Enumerable.Range(0, images * 3 * height * width).Select(i => (i * 37 % 101 / 50f) - 1)], images, 3, height, width);
                SmallResidual eager = new(), graph = new();
                Tensor Run(ExecutionMode mode, Func<Tensor> call)
                {
                    using (Execution.Use(mode))
                    {
                        return call();
                    }
                }

                Close(Run(ExecutionMode.Eager, () => eager.Forward(data)), Run(ExecutionMode.Graph, () => graph.Forward(data)), "the result");
                Close(Run(ExecutionMode.Eager, () => eager.Step(data)), Run(ExecutionMode.Graph, () => graph.Step(data)), "the loss");
                foreach (var (expected, actual) in eager.Parameters.Zip(graph.Parameters))
                {
                    Close(expected, actual, "a parameter after a step");
                }
            }
        }
        finally
        {
            GraphRuntime.Options = options;
        }
    }

    private static void Close(Tensor expected, Tensor actual, string what)
    {
        var (e, a) = (expected.ToArray<float>(), actual.ToArray<float>());
        var largest = e.Max(Math.Abs);
        Assert.Equal(e.Length, a.Length);
        Assert.All(e.Zip(a), p => Assert.True(Math.Abs(p.First - p.Second) <= 1e-5 * (1 + largest), $"{what}: {p.Second}, not {p.First}"));
    }
}
