namespace Unified.Nn;

/// <summary>What it is given.</summary>
public sealed partial class Identity : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => x;
}

/// <summary>Makes one axis of those from <c>start</c> to <c>end</c>: [N, C, H, W] becomes [N, C·H·W].</summary>
public sealed partial class Flatten(int start = 1, int end = -1) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Flatten(x, start, end);
}

/// <summary>Makes [N, C, height, width] of the second axis of [N, C·height·width].</summary>
public sealed partial class Unflatten(int channels, int height, int width) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Reshape(x, x.Shape[0], channels, height, width);
}

/// <summary>Repeats each element of the axes of space: [N, C, H, W] becomes [N, C, factor·H, factor·W].</summary>
public sealed partial class UpsampleNearest(int factor) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.UpsampleNearest(x, factor);
}

/// <summary>Moves channels into squares of space (Shi et al., 2016), in PyTorch's order: channel (c·factor + i)·factor + j of [N, C·factor², H, W] becomes row i, column j of each square.</summary>
public sealed partial class PixelShuffle(int factor) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x)
    {
        var channels = x.Shape[1] / (factor * factor);
        var squares = Ops.Transpose(Ops.Reshape(x, x.Shape[0], channels, factor, factor, x.Shape[2], x.Shape[3]), 0, 1, 4, 2, 5, 3);
        return Ops.Reshape(squares, x.Shape[0], channels, x.Shape[2] * factor, x.Shape[3] * factor);
    }
}

/// <summary>The inverse of <see cref="PixelShuffle"/>: [N, C, factor·H, factor·W] becomes [N, C·factor², H, W].</summary>
public sealed partial class PixelUnshuffle(int factor) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x)
    {
        var (height, width) = (x.Shape[2] / factor, x.Shape[3] / factor);
        var squares = Ops.Transpose(Ops.Reshape(x, x.Shape[0], x.Shape[1], height, factor, width, factor), 0, 1, 3, 5, 2, 4);
        return Ops.Reshape(squares, x.Shape[0], x.Shape[1] * factor * factor, height, width);
    }
}

/// <summary>Images [N, C, H, W] at a multiple of their size; see <see cref="Ops.Interpolate"/>.</summary>
/// <param name="mode"><c>nearest</c>, <c>linear</c> or <c>cubic</c>.</param>
public sealed partial class Upsample(int factor, string mode = "linear", bool alignCorners = false) : Layer
{
    [StaticGraph]
    public override Tensor Forward(Tensor x) => Ops.Interpolate(x, [x.Shape[2] * factor, x.Shape[3] * factor], mode, alignCorners);
}
