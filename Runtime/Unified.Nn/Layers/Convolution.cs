using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// What convolutions have in common: a weight [outputs, inputs/groups, kernel…], a bias [outputs], and where the window goes. Along an axis of
/// n elements the result has (n + 2·padding − dilation·(kernel − 1) − 1)/stride + 1, rounded down. Starts uniform in ±1/√fan-in.
/// </summary>
public abstract partial class ConvolutionLayer : Layer
{
    private readonly int[] _strides;
    private readonly int[] _padding;
    private readonly int[] _dilations;

    private protected ConvolutionLayer(int inputs, int outputs, Window window, int groups, bool bias, Generator? generator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        if (groups < 1 || inputs % groups != 0 || outputs % groups != 0)
        {
            throw new ArgumentException($"{inputs} inputs and {outputs} outputs do not divide into {groups} groups", nameof(groups));
        }

        Groups = groups;
        _strides = window.Strides.ToArray();
        _padding = window.Padding.ToArray();
        _dilations = window.Dilations.ToArray();
        generator ??= Generator.Default;
        var fanIn = inputs / groups * window.Kernel.Aggregate(1, (p, k) => p * k);
        Weight = Initialize.FanIn(generator, fanIn, [outputs, inputs / groups, .. window.Kernel]);
        Bias = bias ? Initialize.FanIn(generator, fanIn, outputs) : null;
    }

    /// <summary>Shape [outputs, inputs/groups, kernel…].</summary>
    public Parameter Weight { get; }

    /// <summary>Shape [outputs], or null.</summary>
    public Parameter? Bias { get; }

    public int Groups { get; }

    [StaticGraph]
    private protected Tensor Convolve(Tensor x)
    {
        if (Bias is null)
        {
            return Convolution(x, Weight, strides: _strides, padding: _padding, dilations: _dilations, groups: Groups);
        }

        return Convolution(x, Weight, Bias, _strides, _padding, _dilations, Groups);
    }
}

/// <summary>Convolution over [N, inputs, length]; see <see cref="ConvolutionLayer"/>.</summary>
public sealed partial class Conv1d(
    int inputs, int outputs, int kernel, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, bool bias = true, Generator? generator = null)
    : ConvolutionLayer(inputs, outputs, new Window(1, kernel, stride, padding, dilation), groups, bias, generator)
{
    [StaticGraph]
    [return: Shape("..", "outputs", null)]
    public override Tensor Forward([Shape("..", "inputs", null)] Tensor x) => Convolve(x);
}

/// <summary>Convolution over [N, inputs, height, width]; see <see cref="ConvolutionLayer"/>.</summary>
public sealed partial class Conv2d : ConvolutionLayer
{
    public Conv2d(
        int inputs, int outputs, int kernel, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, bool bias = true, Generator? generator = null)
        : base(inputs, outputs, new Window(2, kernel, stride, padding, dilation), groups, bias, generator)
    {
    }

    /// <summary>Sizes for height and width; no strides, padding or dilations: 1, 0 and 1.</summary>
    public Conv2d(
        int inputs, int outputs, int[] kernel, int[]? strides = null, int[]? padding = null, int[]? dilations = null, int groups = 1, bool bias = true,
        Generator? generator = null)
        : base(inputs, outputs, new Window(2, kernel, strides, padding, dilations), groups, bias, generator)
    {
    }

    [StaticGraph]
    [return: Shape("..", "outputs", null, null)]
    public override Tensor Forward([Shape("..", "inputs", null, null)] Tensor x) => Convolve(x);
}

/// <summary>Convolution over [N, inputs, depth, height, width]; see <see cref="ConvolutionLayer"/>.</summary>
public sealed partial class Conv3d : ConvolutionLayer
{
    public Conv3d(
        int inputs, int outputs, int kernel, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, bool bias = true, Generator? generator = null)
        : base(inputs, outputs, new Window(3, kernel, stride, padding, dilation), groups, bias, generator)
    {
    }

    /// <summary>Sizes for depth, height and width; no strides, padding or dilations: 1, 0 and 1.</summary>
    public Conv3d(
        int inputs, int outputs, int[] kernel, int[]? strides = null, int[]? padding = null, int[]? dilations = null, int groups = 1, bool bias = true,
        Generator? generator = null)
        : base(inputs, outputs, new Window(3, kernel, strides, padding, dilations), groups, bias, generator)
    {
    }

    [StaticGraph]
    [return: Shape("..", "outputs", null, null, null)]
    public override Tensor Forward([Shape("..", "inputs", null, null, null)] Tensor x) => Convolve(x);
}
