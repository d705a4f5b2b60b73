using System.Collections.Immutable;
using Unified.Ir;
using Unified.Lowering.Loops;
using static Unified.Lowering.Tests.Schedule.ScheduleCheck;

namespace Unified.Lowering.Tests.Schedule;

/// <summary>Convolutions are contractions whose left operand is read through its windows; against the op-by-op reference, interpreted and compiled.</summary>
public sealed class ConvolutionTests
{
    private static readonly Attributes A = Attributes.Empty;

    private static readonly (long B, long T)[] Sizes = [(3, 5), (1, 2), (2, 19)];

    public static TheoryData<string> Cases => [.. s_cases.Keys];

    private static readonly Dictionary<string, (TensorType[] Inputs, Attributes Attributes)> s_cases = new(StringComparer.Ordinal)
    {
        ["one axis"] = ([F32(B, 3, T + 4), F32(5, 3, 3)], A),
        ["padded"] = ([F32(B, 3, T, 6), F32(5, 3, 3, 3)], A.With("padding", [1, 1])),
        ["strided"] = ([F32(B, 20, T, 7), F32(33, 20, 3, 2)], A.With("strides", [2, 3]).With("padding", [1, 0])),
        ["dilated"] = ([F32(B, 4, T + 4, 9), F32(6, 4, 3, 3)], A.With("dilations", [2, 3])),
        ["of one place"] = ([F32(B, 18, T, 3), F32(40, 18, 1, 1)], A),
        ["of one place, strided"] = ([F32(B, 18, T, 3), F32(40, 18, 1, 1)], A.With("strides", [2, 2])),
        ["three axes"] = ([F32(B, 2, T, 4, 3), F32(3, 2, 1, 2, 3)], A.With("padding", [0, 1, 1])),
        ["grouped"] = ([F32(B, 6, T, 5), F32(8, 3, 1, 3)], A.With("groups", 2L).With("padding", [0, 1])),
        ["by channel"] = ([F32(B, 19, T, 5), F32(19, 1, 3, 3)], A.With("groups", 19L).With("padding", [1, 1])),
        ["by channel, strided"] = ([F32(B, 5, T, 5), F32(5, 1, 3, 2)], A.With("groups", 5L).With("padding", [1, 1]).With("strides", [2, 1])),
        ["by channel, several results"] = ([F32(B, 3, T, 5), F32(6, 1, 1, 2)], A.With("groups", 3L)),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Convolutions(string name)
    {
        var module = Module(s_cases[name].Inputs, (b, x) => [b.Apply(OpCode.Convolution, s_cases[name].Attributes, x)]);
        Check(module, Sizes);
        CheckNative(module, Sizes);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients(string name)
    {
        var module = Module(s_cases[name].Inputs, (b, x) =>
        {
            var y = b.Apply(OpCode.Convolution, s_cases[name].Attributes, x);
            var loss = b.Sum(y * y, Enumerable.Range(0, y.Shape.Rank));
            return [loss, .. b.Gradient(loss, [.. x])];
        });
        Check(module, Sizes[..2]);
        CheckNative(module, Sizes);
    }

    /// <summary>Behind a layer that leaves channels last, with its gradients: the image's is a convolution of 3 × 3 as well.</summary>
    [Theory]
    [InlineData(16, 40, 1)]
    [InlineData(32, 17, 0)]
    [InlineData(16, 32, 1)]
    public void By_tiles(int channels, int outputs, int padding)
    {
        var module = Module([F32(B, 3, T + 2, 9), F32(channels, 3, 1, 1), F32(outputs, channels, 3, 3), F32(outputs)], (b, x) =>
        {
            var y = b.Apply(OpCode.Convolution, A.With("padding", [padding, padding]), b.Apply(OpCode.Convolution, A, x[0], x[1]), x[2], x[3]);
            var loss = b.Sum(y * y, Enumerable.Range(0, y.Shape.Rank));
            return [y, .. b.Gradient(loss, [.. x])];
        });
        foreach (var kernels in Enum.GetValues<ConvolutionKernels>())
        {
            Assert.Equal(kernels == ConvolutionKernels.Winograd, Check(module, kernels, Sizes[..2]).Kernels.OfType<WinogradKernel>().Any());
            CheckNative(module, kernels, Sizes);
        }
    }

    /// <summary>The layers of ResNet-50 of 3 × 3: by tiles where that costs less, at any batch.</summary>
    [Theory]
    [InlineData(56, 64, 1, 4)]
    [InlineData(28, 128, 1, 4)]
    [InlineData(14, 256, 1, 4)]
    [InlineData(7, 512, 1, 2)]
    [InlineData(56, 128, 2, null)]
    [InlineData(224, 3, 1, null)]
    [InlineData(64, 20, 1, null)]
    public void Tiles_are_chosen_by_cost(int size, int channels, int stride, int? side)
    {
        var attributes = A.With("padding", [1, 1]).With("strides", [stride, stride]);
        var module = Module([F32(B, channels, size, size), F32(channels, channels, 3, 3), F32(channels, channels, 1, 1)], (b, x) =>
            [b.Apply(OpCode.Convolution, attributes, b.Apply(OpCode.Convolution, A, x[0], x[2]), x[1])]);
        int? Side(ConvolutionKernels kernels) => Unified.Lowering.Schedule.Scheduler.Schedule(module, Unified.Lowering.Schedule.SchedulePlan.Usual with { Convolutions = kernels }).Kernels.OfType<WinogradKernel>().SingleOrDefault()?.Side;
        Assert.Equal(side, Side(ConvolutionKernels.ByCost));
        Assert.Null(Side(ConvolutionKernels.Direct));
        Assert.Equal(stride == 1 && channels % 16 == 0, Side(ConvolutionKernels.Winograd) is not null);
    }

    /// <summary>Zeros that only convolutions by tiles read are not written; those that something else reads as well are.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Zeros_around_an_image_need_no_memory(bool isReadElsewhere)
    {
        var module = Module([F32(B, 3, T, 5), F32(16, 3, 1, 1), F32(16, 16, 3, 3)], (b, x) =>
        {
            var y = b.Apply(OpCode.Convolution, A, x[0], x[1]);
            var padded = b.Apply(OpCode.Pad, A.With("low", [0, 0, 2, 1]).With("high", [0, 0, 1, 3]), y);
            var z = b.Apply(OpCode.Convolution, A, padded, x[2]);
            return isReadElsewhere ? [z, b.Sum(padded, [2, 3])] : [z];
        });
        var scheduled = Check(module, ConvolutionKernels.Winograd, Sizes);
        CheckNative(module, ConvolutionKernels.Winograd, Sizes);
        Assert.Single(scheduled.Kernels.OfType<WinogradKernel>());
        Assert.Equal(isReadElsewhere, scheduled.Text().Contains("| pad [", StringComparison.Ordinal));
    }

    [Fact]
    public void A_transposed_convolution()
    {
        var module = Module([F32(B, 3, T, 4), F32(3, 5, 3, 2), F32(5)], (b, x) => [b.Apply(OpCode.ConvolutionTranspose, A.With("strides", [2, 3]).With("padding", [1, 0]), x)]);
        Check(module, Sizes);
        CheckNative(module, Sizes);
    }

    [Fact]
    public void Bias_activation_and_residual_end_the_convolution()
    {
        var module = Module([F32(B, 16, T, 5), F32(16, 16, 3, 3), F32(16)], (b, x) =>
        {
            var first = b.Apply(OpCode.Relu, b.Apply(OpCode.Convolution, A.With("padding", [1, 1]), x));
            var second = b.Apply(OpCode.Convolution, A.With("padding", [1, 1]), x[0], x[1]);
            return [b.Apply(OpCode.Relu, b.Apply(OpCode.Convolution, A.With("padding", [1, 1]), first, x[1], x[2]) + second)];
        });
        var scheduled = Check(module, Sizes);
        CheckNative(module, Sizes);
        Check(module, ConvolutionKernels.Winograd, Sizes);
        CheckNative(module, ConvolutionKernels.Winograd, Sizes);
        string[] labels = [.. scheduled.Programs[0].Steps.OfType<LaunchStep>().Select(s => s.Label).Where(l => l.Contains("window_product", StringComparison.Ordinal))];
        Assert.Equal(2, labels.Length);
        Assert.Contains(labels, l => l.Contains("+maximum", StringComparison.Ordinal) || l.Contains("+select", StringComparison.Ordinal));
    }

    [Fact]
    public void A_network_runs_with_channels_last()
    {
        var module = Module([F32(B, 3, T + 3, 8), F32(8, 3, 3, 3), F32(8, 8, 3, 3), F32(8), F32(8)], (b, x) =>
        {
            var y = b.Apply(OpCode.Convolution, A.With("padding", [1, 1]), x[0], x[1]);
            y = b.Apply(OpCode.Relu, b.Apply(OpCode.BatchNorm, y, x[3], x[4], x[3] * x[3], x[4] * x[4]));
            y = b.Apply(OpCode.MaxPool, A.With("kernel", [3, 3]).With("strides", [2, 2]).With("padding", [1, 1]), y);
            y = b.Apply(OpCode.Convolution, A.With("padding", [1, 1]), y, x[2]) + y;
            return [b.Reshape(b.Apply(OpCode.GlobalAveragePool, y), Shape.From(B, 8))];
        });
        Check(module, Sizes);
        CheckNative(module, Sizes);

        // One transposition, of the image; the result has no axes left to transpose.
        Assert.DoesNotContain(module.Root.Nodes, n => n.Op.Code == OpCode.Transpose && n.Attributes.Ints("permutation").SequenceEqual([0, 3, 1, 2]));
    }
}
