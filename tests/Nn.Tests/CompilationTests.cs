using System.Runtime.CompilerServices;
using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Batch and length are names.</summary>
public static partial class TwoNames
{
    [StaticGraph]
    [return: Shape("T", "B")]
    public static Tensor Forward([Shape("B", "T", 4)] Tensor x)
    {
        var y = Ops.Softmax(x, 1);
        y[.., 0] = x[.., ^1] / x.Shape[1];
        return Ops.Transpose(Ops.Sum(y * x, 2), 1, 0);
    }
}

/// <summary>What is compiled, how often, and what a call costs.</summary>
[Collection("graphs")]
public class CompilationTests
{
    private static Tensor Labels(int count) => Tensor.From<int>([.. Enumerable.Range(0, count).Select(i => i % 5)], count);

    [Fact]
    public void One_graph_serves_every_size_of_a_named_dim()
    {
        var model = new Deep(2, 16);
        var optimizer = new AdamW(model.Parameters, new ConstantSchedule(1e-3));
        var before = GraphRuntime.Statistics.Compilations;
        using (Execution.Use(ExecutionMode.Graph))
        {
            foreach (var batch in (int[])[1, 2, 3, 17, 64, 100, 33])
            {
                using var loss = model.TrainStep(new Generator(batch).Normal([batch, 16]), Labels(batch), optimizer);
                Assert.True(float.IsFinite(loss.Item<float>()));
            }
        }

        Assert.Equal(1, GraphRuntime.Statistics.Compilations - before);
    }

    [Fact]
    public void One_graph_serves_fifty_sizes_of_two_named_dims()
    {
        var before = GraphRuntime.Statistics.Compilations;
        foreach (var (batch, length) in Enumerable.Range(0, 50).Select(i => (1 + (i * 7 % 23), 1 + (i * 11 % 37))))
        {
            var x = new Generator(batch).Normal([batch, length, 4]);
            BothModes.Agree(() => TwoNames.Forward(x));
        }

        Assert.Equal(1, GraphRuntime.Statistics.Compilations - before);
    }

    [Fact]
    public void A_dim_that_changes_without_a_name_becomes_named()
    {
        var norm = new LayerNorm(8);
        var before = GraphRuntime.Statistics.Compilations;
        foreach (var rows in (int[])[3, 4, 5, 6, 7, 3])
        {
            BothModes.Agree(() => norm.Forward(new Generator(rows).Normal([rows, 8])));
        }

        Assert.Equal(2, GraphRuntime.Statistics.Compilations - before);
    }

    [Fact]
    public void More_layers_are_no_more_graphs_and_no_more_kernels()
    {
        (int Graphs, int Kernels) Compile(int layers)
        {
            var model = new Deep(layers, 16);
            var optimizer = new AdamW(model.Parameters, new ConstantSchedule(1e-3));
            var before = GraphRuntime.Statistics;
            using (Execution.Use(ExecutionMode.Graph))
            {
                model.TrainStep(new Generator(1).Normal([4, 16]), Labels(4), optimizer).Dispose();
            }

            var after = GraphRuntime.Statistics;
            return (after.Graphs - before.Graphs, after.Kernels - before.Kernels);
        }

        Assert.Equal(Compile(4), Compile(48));
    }

    [Fact]
    public void A_steady_call_without_a_result_allocates_nothing()
    {
        var step = new SilentStep();
        var x = new Generator(1).Normal([8, 16]);
        var labels = Labels(8);
        using (Execution.Use(ExecutionMode.Graph))
        {
            for (var i = 0; i < 3; i++)
            {
                step.Run(x, labels);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++)
            {
                step.Run(x, labels);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void An_eager_exception_shows_the_users_frames_only()
    {
        var model = new Misfit();
        using (Execution.Use(ExecutionMode.Eager))
        {
            var e = Assert.Throws<ShapeException>(() => model.Forward(Tensor.Zeros([2, 4])));
            var frames = e.StackTrace!.Split('\n').Select(f => f.Trim()).Where(f => f.StartsWith("at ", StringComparison.Ordinal)).ToList();
            Assert.Contains(frames, f => f.Contains("Linear.Forward", StringComparison.Ordinal));
            Assert.Contains(frames, f => f.Contains("Misfit.Forward", StringComparison.Ordinal));
            Assert.DoesNotContain(frames, f => f.Contains("Unified.Generated", StringComparison.Ordinal) || f.Contains("Unified.Eager", StringComparison.Ordinal)
                || f.Contains("Unified.Ops.", StringComparison.Ordinal));
        }
    }

    /// <summary>An optimizing compiler would leave a method by a tail call, or melt it into its caller: then its frame would be missing.</summary>
    [Fact]
    public void Optimized_code_keeps_the_users_frames()
    {
        using (Execution.Use(ExecutionMode.Eager))
        {
            var e = Assert.Throws<ShapeException>(() => new Passing().Forward(Tensor.Zeros([2, 4])));
            foreach (var frame in (string[])["Passing.Forward", "Passing.Inner", "Passing.Innermost"])
            {
                Assert.Contains(frame + "(", e.StackTrace!, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_wrong_shape_in_graph_mode_names_the_expression_its_place_and_both_shapes()
    {
        var model = new Misfit();
        using (Execution.Use(ExecutionMode.Graph))
        {
            var e = Assert.Throws<GraphCompileException>(() => model.Forward(Tensor.Zeros([2, 4])));
            Assert.Contains("Linear.cs(", e.Message, StringComparison.Ordinal);
            Assert.Contains("MatMul(x, Weight, transposeB: true)", e.Message, StringComparison.Ordinal);
            Assert.Contains("f32[B,6]", e.Message, StringComparison.Ordinal);
            Assert.Contains("f32[2,7]", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_wrong_argument_names_what_was_declared()
    {
        using (Execution.Use(ExecutionMode.Graph))
        {
            var e = Assert.Throws<ShapeException>(() => new Misfit().Forward(Tensor.Zeros([2, 5])));
            Assert.Contains("[B,4]", e.Message, StringComparison.Ordinal);
            Assert.Contains("f32[2,5]", e.Message, StringComparison.Ordinal);
        }
    }
}

/// <summary>Methods that only call the next one, compiled for speed from the start.</summary>
public sealed partial class Passing : Module
{
    public Parameter Weight { get; } = new(Tensor.Zeros([3, 7]));

    [StaticGraph]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Tensor Forward([Shape("B", null)] Tensor x) => Inner(x);

    [StaticGraph]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Tensor Inner([Shape("B", null)] Tensor x) => Innermost(x);

    [StaticGraph]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Tensor Innermost([Shape("B", null)] Tensor x) => Ops.MatMul(x, Weight, transposeB: true) + 1f;
}

/// <summary>A training step that leaves its loss in a tensor.</summary>
public sealed partial class SilentStep : Module
{
    private readonly Deep _model = new(2, 16);
    private readonly AdamW _optimizer;
    private readonly Tensor _loss = Tensor.Scalar(0f);

    public SilentStep() => _optimizer = new AdamW(_model.Parameters, new WarmupCosineSchedule(1e-3, 1e-4, 2, 100));

    [StaticGraph]
    public void Run([Shape("B", 16)] Tensor x, [Shape("B")] Tensor labels)
    {
        var (loss, gradients) = Ops.ValueAndGrad(() => Ops.CrossEntropy(_model.Forward(x), labels), _model.Parameters);
        _optimizer.Step(gradients);
        _loss.Assign(loss);
    }
}
