using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>Windows over the spatial axes of [B…, N, S…, C], without padding.</summary>
public sealed record ChannelWindows(Shape Shape, ImmutableArray<int> Kernel, ImmutableArray<Dim> Strides, ImmutableArray<Dim> Dilations)
{
    /// <summary>How many axes are batches of their own.</summary>
    public int Batch => Shape.Rank - 2 - Kernel.Length;

    public ImmutableArray<Dim> Leading => Shape.Dims[..Batch];

    /// <param name="kernel">The window's sizes.</param>
    /// <param name="a">Holds strides and dilations.</param>
    public static ChannelWindows Of(Shape shape, Attributes a, ImmutableArray<Dim> kernel, Func<string, Exception> error)
    {
        var (strides, dilations) = (a.Dims("strides"), a.Dims("dilations"));
        var rank = strides.Length;
        if (rank < 1 || shape.Rank < rank + 2)
        {
            throw error($"x must have shape [N,S…,C] with {Math.Max(1, rank)} spatial axes, not {shape}");
        }

        if (kernel.Length != rank || dilations.Length != rank || kernel.Concat(strides).Concat(dilations).Any(k => !k.IsConstant || k.Value < 1))
        {
            throw error($"the window {new Shape(kernel)}, strides {new Shape(strides)} and dilations {new Shape(dilations)} must have {rank} constant sizes, each 1 or more");
        }

        var windows = new ChannelWindows(shape, [.. kernel.Select(k => (int)k.Value)], strides, dilations);
        for (var axis = 0; axis < rank; axis++)
        {
            if (windows.Room(axis) is { IsConstant: true, Value: < 0 })
            {
                throw error($"the window of size {windows.Extent(axis)} does not fit spatial axis {axis} of {shape}");
            }
        }

        return windows;
    }

    /// <summary>The shape of what the windows see at their places.</summary>
    public Shape Result(Dim channels) => new([.. Leading, Shape[Batch], .. Kernel.Select((_, axis) => Size(axis)), channels]);

    internal IEnumerable<int[]> Places() => Window.Places(Kernel);

    /// <summary>What one place of the window sees, at all positions of the window.</summary>
    internal OpValue Slice(OpBuilder b, OpValue x, int[] at) => b.Slice(
        x,
        [.. Leading.Select(_ => Dim.Zero), 0, .. at.Select((p, axis) => Dilations[axis] * p), 0],
        Result(Shape[Shape.Rank - 1]).Dims,
        [.. Leading.Select(_ => Dim.One), 1, .. Strides, 1]);

    /// <summary>The matrix that a place of the window is multiplied by.</summary>
    internal OpValue Corner(OpBuilder b, OpValue weight, int[] at)
    {
        var (inner, outer) = (weight.Shape[weight.Shape.Rank - 2], weight.Shape[weight.Shape.Rank - 1]);
        var corner = b.Slice(weight, [.. Leading.Select(_ => Dim.Zero), .. at.Select(p => (Dim)p), 0, 0], [.. Leading, .. at.Select(_ => Dim.One), inner, outer]);
        return b.Reshape(corner, new Shape([.. Leading, inner, outer]));
    }

    /// <summary>All places of all examples as rows.</summary>
    internal OpValue Rows(OpBuilder b, OpValue x) =>
        b.Reshape(x, new Shape([.. Leading, x.Shape.Skip(Batch).Take(Kernel.Length + 1).Aggregate(Dim.One, (p, d) => p * d), x.Shape[x.Shape.Rank - 1]]));

    private Dim Extent(int axis) => (Dilations[axis] * (Kernel[axis] - 1)) + 1;

    private Dim Room(int axis) => Shape[Batch + 1 + axis] - Extent(axis);

    private Dim Size(int axis) => Dim.FloorDiv(Room(axis), Strides[axis]) + 1;
}
