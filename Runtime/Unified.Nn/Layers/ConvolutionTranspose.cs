using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// The adjoint of a convolution, which widens what it is given: along an axis of n elements the result has (n − 1)·stride + kernel − 2·padding.
/// Weight [inputs, outputs, kernel…], bias [outputs], both uniform in ±1/√fan-in of the convolution it is the adjoint of.
/// </summary>
public abstract partial class ConvolutionTransposeLayer : Layer
{
    private readonly int[] _strides;
    private readonly int[] _padding;

    private protected ConvolutionTransposeLayer(int inputs, int outputs, Window window, bool bias, Generator? generator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        _strides = window.Strides.ToArray();
        _padding = window.Padding.ToArray();
        generator ??= Generator.Default;
        var fanIn = outputs * window.Kernel.Aggregate(1, (p, k) => p * k);
        Weight = Initialize.FanIn(generator, fanIn, [inputs, outputs, .. window.Kernel]);
        Bias = bias ? Initialize.FanIn(generator, fanIn, outputs) : null;
    }

    /// <summary>Shape [inputs, outputs, kernel…].</summary>
    public Parameter Weight { get; }

    /// <summary>Shape [outputs], or null.</summary>
    public Parameter? Bias { get; }

    [StaticGraph]
    private protected Tensor Spread(Tensor x)
    {
        if (Bias is null)
        {
            return ConvolutionTranspose(x, Weight, strides: _strides, padding: _padding);
        }

        return ConvolutionTranspose(x, Weight, Bias, _strides, _padding);
    }
}

/// <summary>Transposed convolution over [N, inputs, length]; see <see cref="ConvolutionTransposeLayer"/>.</summary>
public sealed partial class ConvTranspose1d(int inputs, int outputs, int kernel, int stride = 1, int padding = 0, bool bias = true, Generator? generator = null)
    : ConvolutionTransposeLayer(inputs, outputs, new Window(1, kernel, stride, padding), bias, generator)
{
    [StaticGraph]
    [return: Shape("..", "outputs", null)]
    public override Tensor Forward([Shape("..", "inputs", null)] Tensor x) => Spread(x);
}

/// <summary>Transposed convolution over [N, inputs, height, width]; see <see cref="ConvolutionTransposeLayer"/>.</summary>
public sealed partial class ConvTranspose2d(int inputs, int outputs, int kernel, int stride = 1, int padding = 0, bool bias = true, Generator? generator = null)
    : ConvolutionTransposeLayer(inputs, outputs, new Window(2, kernel, stride, padding), bias, generator)
{
    [StaticGraph]
    [return: Shape("..", "outputs", null, null)]
    public override Tensor Forward([Shape("..", "inputs", null, null)] Tensor x) => Spread(x);
}

/// <summary>Transposed convolution over [N, inputs, depth, height, width]; see <see cref="ConvolutionTransposeLayer"/>.</summary>
public sealed partial class ConvTranspose3d(int inputs, int outputs, int kernel, int stride = 1, int padding = 0, bool bias = true, Generator? generator = null)
    : ConvolutionTransposeLayer(inputs, outputs, new Window(3, kernel, stride, padding), bias, generator)
{
    [StaticGraph]
    [return: Shape("..", "outputs", null, null, null)]
    public override Tensor Forward([Shape("..", "inputs", null, null, null)] Tensor x) => Spread(x);
}
