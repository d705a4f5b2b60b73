using Unified.Ir;
using Xunit;

namespace Unified.Nn.Tests;

/// <summary>Every layer does the same in both modes and has the gradient that differences show.</summary>
[Collection("graphs")]
public class LayerTests
{
    private static readonly Dictionary<string, (Func<Generator, Layer> Make, int[] Input)> s_layers = new()
    {
        ["conv1d"] = (g => new Conv1d(3, 4, 3, padding: 1, generator: g), [2, 3, 7]),
        ["conv1d, no bias, strided"] = (g => new Conv1d(2, 4, 3, stride: 2, bias: false, generator: g), [2, 2, 8]),
        ["conv2d, groups"] = (g => new Conv2d(4, 6, 3, padding: 1, groups: 2, generator: g), [2, 4, 5, 4]),
        ["conv2d, strided, dilated"] = (g => new Conv2d(2, 3, [2, 3], [2, 1], [0, 1], [1, 2], generator: g), [2, 2, 6, 7]),
        ["conv3d"] = (g => new Conv3d(2, 2, 2, generator: g), [1, 2, 3, 4, 3]),
        ["conv-transpose1d"] = (g => new ConvTranspose1d(2, 3, 3, stride: 2, padding: 1, generator: g), [2, 2, 4]),
        ["conv-transpose2d"] = (g => new ConvTranspose2d(2, 3, 3, stride: 2, generator: g), [1, 2, 3, 4]),
        ["conv-transpose3d"] = (g => new ConvTranspose3d(2, 1, 2, bias: false, generator: g), [1, 2, 2, 3, 2]),
        ["max-pool1d"] = (_ => new MaxPool1d(3, 2), [2, 3, 9]),
        ["max-pool2d"] = (_ => new MaxPool2d(2), [2, 3, 6, 4]),
        ["max-pool3d"] = (_ => new MaxPool3d(2, 1), [1, 2, 3, 3, 3]),
        ["average-pool1d"] = (_ => new AveragePool1d(3, 1, 1), [2, 3, 5]),
        ["average-pool2d"] = (_ => new AveragePool2d(2), [2, 3, 4, 6]),
        ["average-pool3d"] = (_ => new AveragePool3d(2), [1, 2, 2, 4, 2]),
        ["adaptive-average-pool1d"] = (_ => new AdaptiveAveragePool1d(3), [2, 2, 7]),
        ["adaptive-average-pool2d"] = (_ => new AdaptiveAveragePool2d(2), [2, 3, 5, 4]),
        ["adaptive-max-pool1d"] = (_ => new AdaptiveMaxPool1d(3), [2, 2, 7]),
        ["adaptive-max-pool2d"] = (_ => new AdaptiveMaxPool2d(2), [2, 3, 5, 4]),
        ["global-average-pooling"] = (_ => new GlobalAveragePooling(), [2, 3, 4, 3]),
        ["global-max-pooling"] = (_ => new GlobalMaxPooling(), [2, 3, 4, 3]),
        ["batch-norm1d"] = (_ => new BatchNorm1d(3), [6, 3]),
        ["batch-norm1d, length"] = (_ => new BatchNorm1d(3, momentum: 0.3f), [4, 3, 5]),
        ["batch-norm2d"] = (_ => new BatchNorm2d(3), [4, 3, 3, 2]),
        ["batch-norm2d, not affine"] = (_ => new BatchNorm2d(3, affine: false), [4, 3, 3, 2]),
        ["batch-norm3d"] = (_ => new BatchNorm3d(2), [3, 2, 2, 3, 2]),
        ["group-norm"] = (_ => new GroupNorm(2, 4), [2, 4, 3, 3]),
        ["instance-norm"] = (_ => new InstanceNorm(3), [2, 3, 4, 4]),
        ["layer-norm"] = (_ => new LayerNorm(6), [4, 6]),
        ["rms-norm"] = (_ => new RmsNorm(6), [4, 6]),
        ["flatten"] = (_ => new Flatten(), [2, 3, 4]),
        ["unflatten"] = (_ => new Unflatten(2, 3, 4), [2, 24]),
        ["upsample-nearest"] = (_ => new UpsampleNearest(2), [1, 2, 3, 2]),
        ["prelu"] = (_ => new Prelu(), [3, 5]),
        ["prelu, channels"] = (_ => new Prelu(4), [3, 4]),
        ["prelu, images"] = (_ => new Prelu(3), [2, 3, 4, 2]),
        ["dropout"] = (g => new Dropout(0.4f, g), [5, 8]),
        ["nothing in a row"] = (_ => new Sequential(), [2, 3]),
        ["in a row"] = (g => new Sequential(new Linear(5, 8, generator: g), new Relu(), new Linear(8, 8, generator: g), new Tanh(), new Linear(8, 2, generator: g)), [4, 5]),
        ["rows in a row"] = (g => new Sequential(new Sequential(new Linear(5, 6, generator: g), new Silu()), new LayerNorm(6), new Linear(6, 2, generator: g)), [4, 5]),
        ["images in a row"] = (g => new Sequential(
            new Conv2d(1, 4, 3, padding: 1, bias: false, generator: g), new BatchNorm2d(4), new Gelu(), new MaxPool2d(2),
            new Conv2d(4, 4, 3, generator: g), new Silu(), new GlobalAveragePooling(), new Linear(4, 3, generator: g)), [3, 1, 8, 8]),
    };

    public static TheoryData<string> Names => [.. s_layers.Keys];

    public static TheoryData<string> Activations =>
    [
        nameof(Relu), nameof(Relu6), nameof(SquaredRelu), nameof(Gelu), nameof(GeluTanh), nameof(QuickGelu), nameof(Silu), nameof(Mish), nameof(Selu), nameof(Sigmoid),
        nameof(LogSigmoid), nameof(HardSigmoid), nameof(HardSwish), nameof(Tanh), nameof(TanhShrink), nameof(Softplus), nameof(Softsign), nameof(LeakyRelu), nameof(Elu),
        nameof(Celu), nameof(HardTanh), nameof(SoftShrink), nameof(Softmax), nameof(LogSoftmax), nameof(Glu),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_modes_and_differences_agree(string layer)
    {
        var (make, input) = s_layers[layer];
        if (layer == "dropout")
        {
            // A random layer has no slope to measure.
            BothModes.Close(
                BothModes.In(ExecutionMode.Eager, () => make(new Generator(1)).Forward(new Generator(2).Normal(input))),
                BothModes.Compiled(() => make(new Generator(1)).Forward(new Generator(2).Normal(input))), 1e-6);
            return;
        }

        LayerLaws.Check(make, new Generator(2).Normal(input));
    }

    [Theory]
    [MemberData(nameof(Activations))]
    public void Activations_are_layers(string name)
    {
        var type = typeof(Layer).Assembly.GetType($"Unified.Nn.{name}")!;
        var constructor = type.GetConstructors()[0];
        Layer Make() => (Layer)constructor.Invoke([.. constructor.GetParameters().Select(p => p.DefaultValue)]);

        // Between the kinks, which lie at tenths.
        var x = (Ops.Floor(new Generator(2).Normal([3, 6]) * 10f) + 0.5f) / 10f;
        LayerLaws.Check(_ => Make(), x);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void One_graph_serves_every_batch(string layer)
    {
        var (make, input) = s_layers[layer];
        var model = new LayerProbe(make(new Generator(1)));
        model.Evaluate();
        var before = GraphRuntime.Statistics.Compilations;
        foreach (var batch in (int[])[2, 3, 5, 9])
        {
            BothModes.Agree(() => model.Forward(new Generator(batch).Normal([batch, .. input[1..]])), 1e-5);
        }

        Assert.True(GraphRuntime.Statistics.Compilations - before <= 2, "a further batch size was compiled for");
    }

    [Fact]
    public void A_convolution_is_the_sum_over_its_window()
    {
        var layer = new Conv2d(4, 6, [3, 2], [2, 1], [1, 0], [1, 2], groups: 2, generator: new Generator(1));
        var x = new Generator(2).Normal([2, 4, 5, 6]);
        var (v, w, bias) = (x.ToArray<float>(), layer.Weight.ToArray<float>(), layer.Bias!.ToArray<float>());
        var expected = new List<float>();
        for (var n = 0; n < 2; n++)
        {
            for (var o = 0; o < 6; o++)
            {
                for (var row = 0; row < 3; row++)
                {
                    for (var column = 0; column < 4; column++)
                    {
                        double sum = bias[o];
                        for (var c = 0; c < 2; c++)
                        {
                            for (var i = 0; i < 3; i++)
                            {
                                for (var j = 0; j < 2; j++)
                                {
                                    var (r, s) = ((2 * row) + i - 1, column + (2 * j));
                                    var channel = (o / 3 * 2) + c;
                                    sum += r is >= 0 and < 5 && s < 6 ? (double)v[(((n * 4) + channel) * 30) + (r * 6) + s] * w[(((o * 2) + c) * 6) + (i * 2) + j] : 0;
                                }
                            }
                        }

                        expected.Add((float)sum);
                    }
                }
            }
        }

        BothModes.Close(Tensor.From<float>([.. expected], 2, 6, 3, 4), BothModes.Compiled(() => layer.Forward(x)), 1e-6);
    }

    [Fact]
    public void Adaptive_pooling_looks_at_its_share()
    {
        var x = Tensor.From<float>([1, 2, 3, 4, 5, 6, 7], 1, 1, 7);
        Tensor Expected(params float[] values) => Tensor.From<float>(values, 1, 1, 3);
        BothModes.Close(Expected(2, 4, 6), BothModes.Compiled(() => new AdaptiveAveragePool1d(3).Forward(x)), 1e-6);
        BothModes.Close(Expected(3, 5, 7), BothModes.Compiled(() => new AdaptiveMaxPool1d(3).Forward(x)), 1e-6);
    }

    [Fact]
    public void Batch_norm_follows_the_statistics_and_uses_them_in_evaluation()
    {
        var layer = new BatchNorm1d(2, momentum: 0.25f);
        var values = new float[] { 1, 10, 2, 30, 6, 20 };
        var x = Tensor.From<float>(values, 3, 2);
        BothModes.Compiled(() => layer.Forward(x));
        double[] mean = [3, 20], variance = [7, 100];
        for (var c = 0; c < 2; c++)
        {
            Assert.Equal(0.25 * mean[c], layer.RunningMean.ToArray<float>()[c], 5);
            Assert.Equal(0.75 + (0.25 * variance[c]), layer.RunningVariance.ToArray<float>()[c], 5);
        }

        layer.Evaluate();
        var before = layer.RunningMean.ToArray<float>();
        var y = BothModes.Compiled(() => layer.Forward(x)).ToArray<float>();
        Assert.Equal(before, layer.RunningMean.ToArray<float>());
        for (var i = 0; i < 6; i++)
        {
            var c = i % 2;
            Assert.Equal((values[i] - (0.25 * mean[c])) / Math.Sqrt(0.75 + (0.25 * variance[c]) + 1e-5), y[i], 4);
        }
    }

    [Fact]
    public void A_layer_says_which_sizes_do_not_fit()
    {
        Assert.Contains("divide into 2 groups", Assert.Throws<ArgumentException>(() => new Conv2d(3, 4, 3, groups: 2)).Message, StringComparison.Ordinal);
        Assert.Contains("2 numbers of at least 1", Assert.Throws<ArgumentException>(() => new Conv2d(3, 4, [3])).Message, StringComparison.Ordinal);
        Assert.Contains("padding", Assert.Throws<ArgumentException>(() => new Conv1d(3, 4, 3, padding: -1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new GroupNorm(3, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchNorm2d(3, momentum: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdaptiveMaxPool1d(0));
        using (Execution.Use(ExecutionMode.Eager))
        {
            Assert.Contains("convolution(x: f32[1,2,5,5]", Assert.Throws<ShapeException>(() => new Conv2d(3, 4, 3).Forward(Tensor.Zeros([1, 2, 5, 5]))).Message, StringComparison.Ordinal);
        }
    }
}
