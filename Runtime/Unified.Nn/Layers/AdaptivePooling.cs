using Unified.Ir;
using static Unified.Ops;

namespace Unified.Nn;

/// <summary>
/// Pooling to a given size, whatever the size of the input: along an axis of n elements, element i of the result looks at those from ⌊i·n/size⌋ up
/// to ⌈(i+1)·n/size⌉. One axis after the other; n may be a named dim.
/// </summary>
public abstract partial class AdaptivePoolLayer : Layer
{
    private protected AdaptivePoolLayer(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        Size = size;
    }

    public int Size { get; }

    /// <summary>bool [size, n]: which elements of an axis of n each element of the result looks at.</summary>
    [StaticGraph]
    private protected Tensor Seen(Tensor x, int axis)
    {
        var length = x.Shape[axis];
        var row = Iota([Size, 1], 0);
        var column = Iota([1, length], 1);

        // column ≥ ⌊row·n/size⌋ and column < ⌈(row+1)·n/size⌉, without a division.
        return LogicalAnd((column + 1) * Size > row * length, column * Size < (row + 1) * length);
    }

    /// <summary>The mean over what is seen of the last axis.</summary>
    [StaticGraph]
    private protected Tensor Average(Tensor x)
    {
        var weights = Cast(Seen(x, x.Rank - 1), DType.F32);
        return MatMul(x, weights / Sum(weights, 1, keepDims: true), transposeB: true);
    }

    /// <summary>The largest of what is seen of the last axis.</summary>
    [StaticGraph]
    private protected Tensor Largest(Tensor x) => Max(Select(Seen(x, x.Rank - 1), ExpandDims(x, x.Rank - 1), double.NegativeInfinity), x.Rank);
}

/// <summary>The mean of [N, C, length] in each of <c>size</c> parts; see <see cref="AdaptivePoolLayer"/>.</summary>
public sealed partial class AdaptiveAveragePool1d(int size) : AdaptivePoolLayer(size)
{
    [StaticGraph]
    [return: Shape("..", null, "size")]
    public override Tensor Forward([Shape("..", null, null)] Tensor x) => Average(x);
}

/// <summary>The mean of [N, C, height, width] in each of size × size parts; see <see cref="AdaptivePoolLayer"/>.</summary>
public sealed partial class AdaptiveAveragePool2d(int size) : AdaptivePoolLayer(size)
{
    [StaticGraph]
    [return: Shape("..", null, "size", "size")]
    public override Tensor Forward([Shape("..", null, null, null)] Tensor x) => SwapAxes(Average(SwapAxes(Average(x), -1, -2)), -1, -2);
}

/// <summary>The largest element of [N, C, length] in each of <c>size</c> parts; see <see cref="AdaptivePoolLayer"/>.</summary>
public sealed partial class AdaptiveMaxPool1d(int size) : AdaptivePoolLayer(size)
{
    [StaticGraph]
    [return: Shape("..", null, "size")]
    public override Tensor Forward([Shape("..", null, null)] Tensor x) => Largest(x);
}

/// <summary>The largest element of [N, C, height, width] in each of size × size parts; see <see cref="AdaptivePoolLayer"/>.</summary>
public sealed partial class AdaptiveMaxPool2d(int size) : AdaptivePoolLayer(size)
{
    [StaticGraph]
    [return: Shape("..", null, "size", "size")]
    public override Tensor Forward([Shape("..", null, null, null)] Tensor x) => SwapAxes(Largest(SwapAxes(Largest(x), -1, -2)), -1, -2);
}

/// <summary>The mean over all axes of space of [N, C, …], which are gone in the result [N, C].</summary>
public sealed partial class GlobalAveragePooling : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Flatten(GlobalAveragePool(x), 1);
}

/// <summary>The largest element over all axes of space of [N, C, …], which are gone in the result [N, C].</summary>
public sealed partial class GlobalMaxPooling : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Flatten(GlobalMaxPool(x), 1);
}
