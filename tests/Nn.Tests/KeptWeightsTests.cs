using Xunit;

namespace Unified.Nn.Tests;

/// <summary>A layer whose weights no graph changes, called from two graphs.</summary>
public sealed partial class Sized(int inputs, int outputs) : Module
{
    [Shape("outputs", "inputs")]
    public Parameter Weight { get; } = Initialize.Normal(new Generator(3), 1, outputs, inputs);

    [StaticGraph]
    public Tensor Forward([Shape("B", "inputs")] Tensor x) => Ops.MatMul(x, Weight, transposeB: true);

    [StaticGraph]
    public Tensor Twice([Shape("B", "inputs")] Tensor x) => Ops.MatMul(x, Weight, transposeB: true) * 2f;

    [StaticGraph]
    public Tensor Halve([Shape("B", "inputs")] Tensor x)
    {
        var y = Ops.MatMul(x, Weight, transposeB: true);
        Weight.Assign(Weight * 0.5f);
        return y;
    }
}

/// <summary>Weights are packed once and not again until they change, whoever changes them.</summary>
[Collection("graphs")]
public class KeptWeightsTests
{
    private static readonly Tensor s_x = new Generator(1).Normal([5, 40]);

    [Fact]
    public void Every_way_to_change_weights_is_seen()
    {
        var model = new Sized(40, 70);
        Check(model);
        model.Weight.Assign(new Generator(7).Normal([70, 40]));
        Check(model);
        model.Weight.CopyFrom<float>([.. Enumerable.Range(0, 70 * 40).Select(i => i / 1000f)]);
        Check(model);
        model.Weight.CopyFromBytes(new byte[70 * 40 * 4]);
        Check(model);
        using (Execution.Use(ExecutionMode.Eager))
        {
            model.Weight.Assign(model.Weight + 1f);
        }

        Check(model);
        using (Execution.Use(ExecutionMode.Graph))
        {
            model.Halve(s_x).Dispose();
        }

        Check(model);
    }

    [Fact]
    public void What_is_written_through_a_span_is_seen_however_late()
    {
        var model = new Sized(40, 70);
        Check(model);
        var span = model.Weight.AsSpan<float>();
        span[0] = 100;
        Check(model);
        span[0] = 200;
        Check(model);
        var other = new Sized(40, 70);
        var tensorSpan = other.Weight.AsTensorSpan<float>();
        Check(other);
        tensorSpan[3, 4] = 50;
        Check(other);
    }

    [Fact]
    public void A_view_of_the_weights_is_a_way_to_them()
    {
        var model = new Sized(40, 70);
        using var view = model.Weight[3..9];
        Check(model);
        view.AsSpan<float>()[0] = 77;
        Check(model);
    }

    [Fact]
    public void Two_graphs_and_many_sizes_share_what_was_packed()
    {
        var model = new Sized(500, 700);
        var x = new Generator(1).Normal([3, 500]);
        using (Execution.Use(ExecutionMode.Graph))
        {
            model.Forward(x).Dispose();
            var before = TensorMemory.Statistics.LiveBytes;
            model.Twice(x).Dispose();
            using (var longer = new Generator(1).Normal([9, 500]))
            {
                model.Forward(longer).Dispose();
            }

            Assert.InRange(TensorMemory.Statistics.LiveBytes - before, long.MinValue, 500 * 700 * 4 / 2);
        }
    }

    [Fact]
    public void Mixed_precision_rounds_and_packs_weights_once()
    {
        var model = new Sized(40, 70);
        using var precision = MixedPrecision.Use(Ir.DType.BF16);
        void Agree()
        {
            using var eager = BothModes.In(ExecutionMode.Eager, () => model.Forward(s_x));
            using var graph = BothModes.Compiled(() => model.Forward(s_x));
            BothModes.Close(eager, graph, 1.0 / 128);
        }

        Agree();
        GraphRuntime.Profile = new GraphProfile();
        Agree();
        var launches = GraphRuntime.Profile.Rows().Select(r => r.Label).ToList();
        GraphRuntime.Profile = null;

        // What is left to do is the input's rounding and the product.
        Assert.DoesNotContain(launches, l => l.Contains("pack", StringComparison.Ordinal) || l.Contains("[70,40]", StringComparison.Ordinal));
        Assert.Contains(launches, l => l.Contains("mat_mul", StringComparison.Ordinal));

        model.Weight.Assign(new Generator(7).Normal([70, 40]));
        Agree();
        model.Weight.AsSpan<float>()[0] = 100;
        Agree();
    }

    [Fact]
    public void A_steady_call_allocates_its_result_alone()
    {
        var model = new Sized(40, 70);
        using (Execution.Use(ExecutionMode.Graph))
        {
            long Bytes()
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                model.Forward(s_x).Dispose();
                return GC.GetAllocatedBytesForCurrentThread() - before;
            }

            for (var i = 0; i < 5; i++)
            {
                _ = Bytes();
            }

            // The tensor, its storage and its sizes.
            Assert.InRange(Bytes(), 0, 400);
        }
    }

    private static void Check(Sized model)
    {
        Tensor expected;
        using (Execution.Use(ExecutionMode.Eager))
        {
            expected = model.Forward(s_x);
        }

        using (Execution.Use(ExecutionMode.Graph))
        {
            for (var turn = 0; turn < 2; turn++)
            {
                using var once = model.Forward(s_x);
                using var twice = model.Twice(s_x);
                foreach (var (e, one, two) in expected.ToArray<float>().Zip(once.ToArray<float>(), twice.ToArray<float>()))
                {
                    Assert.Equal(e, one, 1e-3f);
                    Assert.Equal(2 * e, two, 2e-3f);
                }
            }
        }
    }
}
