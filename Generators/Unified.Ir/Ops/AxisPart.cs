namespace Unified.Ir;

/// <summary>What one item of an indexer takes of its axis.</summary>
/// <param name="Start">The first element, where it and the size are known.</param>
/// <param name="IsDropped">A single element, whose axis the result does not have.</param>
/// <param name="Indices">An integer tensor of indices, whose axes take the axis' place.</param>
/// <param name="At">Of an element or range that only the running graph knows: the index of the first, rank 0.</param>
/// <param name="Mask">A bool tensor over this axis and the next ones: as many as it has.</param>
public sealed record AxisPart(Dim Start, Dim Size, bool IsDropped = false, OpValue? Indices = null, OpValue? At = null, OpValue? Mask = null)
{
    public static AxisPart Whole(Dim size) => new(0, size);
}
