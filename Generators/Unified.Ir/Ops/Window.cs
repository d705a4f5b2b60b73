using System.Collections.Immutable;

namespace Unified.Ir;

/// <summary>A window that moves over the spatial axes of [N,C,…]: its sizes, and by attribute its strides, padding on both sides, dilations.</summary>
internal sealed record Window(Shape Shape, ImmutableArray<int> Kernel, ImmutableArray<Dim> Strides, ImmutableArray<Dim> Padding, ImmutableArray<Dim> Dilations)
{
    public static Window Of(Shape shape, ImmutableArray<Dim> kernel, Attributes a, bool dilated, Func<string, Exception> error)
    {
        var rank = shape.Rank - 2;
        if (rank < 1)
        {
            throw error($"x must have shape [N,C,…] with one spatial axis or more, not {shape}");
        }

        if (kernel.Length != rank || kernel.Any(k => !k.IsConstant || k.Value < 1))
        {
            throw error($"the window {new Shape(kernel)} must have {rank} constant sizes, each 1 or more");
        }

        var window = new Window(
            shape, [.. kernel.Select(k => (int)k.Value)],
            Read("strides", 1), Read("padding", 0), dilated && a.Find("dilations") is not null ? Read("dilations", 1) : Filled([], rank, 1));
        for (var axis = 0; axis < rank; axis++)
        {
            if (window.Room(axis) is { IsConstant: true, Value: < 0 })
            {
                throw error($"the window of size {window.Extent(axis)} does not fit the padded spatial axis {axis} of {shape}");
            }
        }

        return window;

        ImmutableArray<Dim> Read(string name, int least)
        {
            var list = a.Dims(name);
            return !list.IsEmpty && (list.Length != rank || list.Any(d => !d.IsConstant || d.Value < least))
                ? throw error($"{name} {new Shape(list)} must have {rank} constant entries, each {least} or more")
                : Filled(list, rank, least);
        }
    }

    public static ImmutableArray<Dim> Filled(ImmutableArray<Dim> list, int rank, int value) =>
        list.IsEmpty ? [.. Enumerable.Repeat((Dim)value, rank)] : list;

    /// <summary>The shape of what the window sees at its places.</summary>
    public Shape Result(Dim channels) => new([Shape[0], channels, .. Kernel.Select((_, axis) => Size(axis))]);

    /// <summary>Every place within the window.</summary>
    public IEnumerable<int[]> Places() => Places(Kernel);

    public static IEnumerable<int[]> Places(ImmutableArray<int> kernel) => kernel.Aggregate(
        (IEnumerable<int[]>)[[]], (places, size) => places.SelectMany(p => Enumerable.Range(0, size).Select(i => (int[])[.. p, i])));

    public OpValue Padded(OpBuilder b, OpValue x, double value) => Padding.All(p => p.Is(0)) ? x : b.Apply(
        OpCode.Pad, Attributes.Empty.With("low", [0, 0, .. Padding]).With("high", [0, 0, .. Padding]).With("value", value), x);

    /// <summary>What one place of the window sees, at all positions of the window.</summary>
    public OpValue Slice(OpBuilder b, OpValue padded, int[] at) => b.Slice(
        padded,
        [0, 0, .. at.Select((p, axis) => Dilations[axis] * p)],
        [padded.Shape[0], padded.Shape[1], .. Kernel.Select((_, axis) => Size(axis))],
        [1, 1, .. Strides]);

    private Dim Extent(int axis) => (Dilations[axis] * (Kernel[axis] - 1)) + 1;

    /// <summary>How far the window can move.</summary>
    private Dim Room(int axis) => Shape[axis + 2] + (Padding[axis] * 2) - Extent(axis);

    private Dim Size(int axis) => Dim.FloorDiv(Room(axis), Strides[axis]) + 1;
}
