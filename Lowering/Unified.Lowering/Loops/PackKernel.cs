using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>
/// Packs the right operand of a product into panels of <see cref="Tile.Columns"/> columns: panel p holds, for k = 0 … K-1, the columns
/// p·Columns … of row k, zero-padded. Buffers: (B, packed). Parameters: <see cref="BatchAxes"/> batch extents, then the extents of the axes that k runs
/// over in row-major order, then N, then the strides of B in elements: batch axes, axes of k, n. The packed batches are dense: RoundUp(N, Columns)·K
/// elements each. Units: batches × panels.
/// With a <see cref="Group"/>, K is rounded up to it and groups lie together: for k = 0, Group, … and each column the elements k … k + Group - 1.
/// </summary>
/// <param name="Type">Of the packed numbers.</param>
/// <param name="Order">KInner: the last axis of k is contiguous.</param>
/// <param name="From">What B is in memory, where it changes on the way: f32 that is rounded to pairs of bf16, f16 or bf16 that is widened to f32. Null: as packed.</param>
public sealed record PackKernel(DType Type, int BatchAxes, MatrixOrder Order, int DepthAxes = 1, DType? From = null) : LoopKernel(
    [new KernelBuffer(From ?? Type, false), new KernelBuffer(Type, true)], (2 * BatchAxes) + (2 * DepthAxes) + 2)
{
    /// <summary>Panels that are packed in one walk along k where their columns are neighbours in memory: the lines of a row, and the places written to, are few enough to stay in the first-level cache.</summary>
    public const int PanelsBeside = 4;

    /// <summary>Elements along k that lie together; see <see cref="Tile.GroupOf"/>.</summary>
    public int Group { get; init; } = 1;

    public PackPlan Plan { get; init; } = PackPlan.Default;
}

/// <summary>How packing is written: numbers of the table of tunables.</summary>
/// <param name="StreamedBytes">A packed operand of this size on is written past the caches.</param>
/// <param name="RowsAhead">Rows of neighbouring columns that are asked for ahead of the one that is packed.</param>
public sealed record PackPlan(int StreamedBytes, int RowsAhead)
{
    public static PackPlan Default { get; } = Of(Tuning.Default.For(new(KernelFamily.Packing, false)));

    public static PackPlan Of(ClassTuning tuning) => new(tuning[TunableTable.StreamedPanels], tuning[TunableTable.PackedRowsAhead]);
}
