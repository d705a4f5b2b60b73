using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// What windows that fold have in common. Without a stride the windows lie side by side; along an axis of n elements the result has
/// (n + 2·padding − kernel)/stride + 1, rounded down.
/// </summary>
public abstract partial class PoolLayer : Layer
{
    private readonly int[] _kernel;
    private readonly int[] _strides;
    private readonly int[] _padding;

    private protected PoolLayer(int rank, int kernel, int? stride, int padding)
    {
        var window = new Window(rank, kernel, stride ?? kernel, padding);
        _kernel = window.Kernel.ToArray();
        _strides = window.Strides.ToArray();
        _padding = window.Padding.ToArray();
    }

    [StaticGraph]
    private protected Tensor Largest(Tensor x) => MaxPool(x, _kernel, _strides, _padding);

    [StaticGraph]
    private protected Tensor Average(Tensor x) => AveragePool(x, _kernel, _strides, _padding);
}

/// <summary>The largest element of each window over [N, C, length]; padding never wins.</summary>
public sealed partial class MaxPool1d(int kernel, int? stride = null, int padding = 0) : PoolLayer(1, kernel, stride, padding)
{
    [StaticGraph]
    [return: Shape("..", null, null)]
    public override Tensor Forward([Shape("..", null, null)] Tensor x) => Largest(x);
}

/// <summary>The largest element of each window over [N, C, height, width]; padding never wins.</summary>
public sealed partial class MaxPool2d(int kernel, int? stride = null, int padding = 0) : PoolLayer(2, kernel, stride, padding)
{
    [StaticGraph]
    [return: Shape("..", null, null, null)]
    public override Tensor Forward([Shape("..", null, null, null)] Tensor x) => Largest(x);
}

/// <summary>The largest element of each window over [N, C, depth, height, width]; padding never wins.</summary>
public sealed partial class MaxPool3d(int kernel, int? stride = null, int padding = 0) : PoolLayer(3, kernel, stride, padding)
{
    [StaticGraph]
    [return: Shape("..", null, null, null, null)]
    public override Tensor Forward([Shape("..", null, null, null, null)] Tensor x) => Largest(x);
}

/// <summary>The mean of each window over [N, C, length]; padding does not count.</summary>
public sealed partial class AveragePool1d(int kernel, int? stride = null, int padding = 0) : PoolLayer(1, kernel, stride, padding)
{
    [StaticGraph]
    [return: Shape("..", null, null)]
    public override Tensor Forward([Shape("..", null, null)] Tensor x) => Average(x);
}

/// <summary>The mean of each window over [N, C, height, width]; padding does not count.</summary>
public sealed partial class AveragePool2d(int kernel, int? stride = null, int padding = 0) : PoolLayer(2, kernel, stride, padding)
{
    [StaticGraph]
    [return: Shape("..", null, null, null)]
    public override Tensor Forward([Shape("..", null, null, null)] Tensor x) => Average(x);
}

/// <summary>The mean of each window over [N, C, depth, height, width]; padding does not count.</summary>
public sealed partial class AveragePool3d(int kernel, int? stride = null, int padding = 0) : PoolLayer(3, kernel, stride, padding)
{
    [StaticGraph]
    [return: Shape("..", null, null, null, null)]
    public override Tensor Forward([Shape("..", null, null, null, null)] Tensor x) => Average(x);
}
