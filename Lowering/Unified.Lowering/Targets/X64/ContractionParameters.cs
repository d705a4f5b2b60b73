using Unified.Lowering.Loops;
using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>The parameters of a contraction by name, in the order that <see cref="ContractionKernel"/> says.</summary>
internal sealed class ContractionParameters(KernelBuilder k, ContractionKernel kernel)
{
    public LlvmValue[] Batch => [.. Enumerable.Range(0, kernel.BatchAxes).Select(k.Parameter)];

    /// <summary>The axes that m runs over; their strides are not A's.</summary>
    public (LlvmValue Extent, LlvmValue Stride)[] RowAxes => [.. Enumerable.Range(0, kernel.RowAxes).Select(i => (k.Parameter(kernel.BatchAxes + i), k.I64(0)))];

    public LlvmValue Columns => After(0);

    public LlvmValue Depth => After(1);

    public LlvmValue RowsPerUnit => After(2);

    public LlvmValue ColumnsPerUnit => After(3);

    /// <summary>Numbers of k that share a scale.</summary>
    public LlvmValue GroupLength => k.Parameter(FirstStrideOfPacked + kernel.BatchAxes);

    /// <summary>Of A where it is a matrix, from row to row.</summary>
    public LlvmValue RowStride => StrideOfA(kernel.BatchAxes);

    /// <summary>A's axes of m where it is windows.</summary>
    public (LlvmValue Extent, LlvmValue Stride)[] WindowRows => kernel.Windows is { } w ? AxesOfA(0, w.Rows) : [];

    /// <summary>A's axes of k.</summary>
    public (LlvmValue Extent, LlvmValue Stride)[] DepthAxes => kernel.Windows is { } w ? AxesOfA(2 * w.Rows, w.Depth) : [(Depth, StrideOfA(kernel.BatchAxes + 1))];

    private int FirstStride => kernel.BatchAxes + kernel.RowAxes + 4;

    private int FirstStrideOfPacked => FirstStride + kernel.BatchAxes + (kernel.Windows is { } w ? 2 * (w.Rows + w.Depth) : 2);

    /// <summary>Along a batch axis.</summary>
    public LlvmValue StrideOfA(int axis) => k.Parameter(FirstStride + axis);

    /// <summary>Along a batch axis.</summary>
    public LlvmValue StrideOfPacked(int axis) => k.Parameter(FirstStrideOfPacked + axis);

    private LlvmValue After(int index) => k.Parameter(kernel.BatchAxes + kernel.RowAxes + index);

    // Extents and strides of A's axes of m, or of k.
    private (LlvmValue Extent, LlvmValue Stride)[] AxesOfA(int first, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (StrideOfA(kernel.BatchAxes + first + i), StrideOfA(kernel.BatchAxes + first + count + i)))];
}
