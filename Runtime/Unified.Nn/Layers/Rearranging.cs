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
