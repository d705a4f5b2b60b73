using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>How an axis of the iteration space moves through a buffer, in elements.</summary>
public enum StrideKind
{
    /// <summary>The same element for every index: broadcast.</summary>
    Zero,

    /// <summary>Neighbours: a vector load when the axis is the inner one.</summary>
    One,

    /// <summary>The value of a kernel parameter.</summary>
    Parameter,
}

public readonly record struct Stride(StrideKind Kind, int Parameter = -1)
{
    public static Stride Zero { get; } = new(StrideKind.Zero);

    public static Stride One { get; } = new(StrideKind.One);

    public static Stride Of(int parameter) => new(StrideKind.Parameter, parameter);

    public override string ToString() => Kind switch { StrideKind.Zero => "0", StrideKind.One => "1", _ => $"p{Parameter}" };
}

/// <summary>A pointer argument of a kernel. A buffer that is written does not overlap any other, save element for element.</summary>
public sealed record KernelBuffer(DType Type, bool IsWritten);

/// <summary>
/// A unit of generated code, independent of sizes: extents and strides are parameters, so that one kernel serves every
/// shape of the same structure. Its text form is its identity in the code cache.
/// </summary>
public abstract record LoopKernel(ImmutableArray<KernelBuffer> Buffers, int ParameterCount);

/// <summary>A scalar computation at one point of the iteration space; operands are earlier nodes of the same list.</summary>
public abstract record ScalarNode(DType Type);

public sealed record ConstantNode(DType Type, double Value) : ScalarNode(Type);

/// <summary>The value of a kernel parameter (a size as a number).</summary>
public sealed record ParameterNode(DType Type, int Parameter) : ScalarNode(Type);

/// <summary>The index along an axis of the iteration space, as i64.</summary>
public sealed record IndexNode(int Axis) : ScalarNode(DType.I64);

/// <summary>The element at the point: offset = Σ stride × index over the axes.</summary>
public sealed record LoadNode(DType Type, int Buffer, ImmutableArray<Stride> Strides) : ScalarNode(Type);

/// <summary>As <see cref="LoadNode"/>, plus <paramref name="IndexStride"/> × the value of node <paramref name="Index"/>
/// (i64 or i32; negative counts from the end), checked against parameter <paramref name="Extent"/>: out of range reads index 0 and sets the status word.</summary>
public sealed record GatherNode(DType Type, int Buffer, ImmutableArray<Stride> Strides, int Index, Stride IndexStride, int Extent) : ScalarNode(Type);

/// <summary>An elementwise op on nodes: the primitive elementwise rows of the op table, Cast and Select included.</summary>
public sealed record ComputeNode(DType Type, OpCode Op, ImmutableArray<int> Operands) : ScalarNode(Type);

/// <summary>Element number node <paramref name="Counter"/> (i64) of the uniform stream in [0,1): word (counter mod 4) of Philox4x32-10 with
/// 64-bit key node <paramref name="Seed"/> and 128-bit counter (node <paramref name="Offset"/> + counter/4).</summary>
public sealed record UniformNode(DType Type, int Seed, int Offset, int Counter) : ScalarNode(Type);

/// <summary>A finished reduction: number <paramref name="Reduction"/> of stage <paramref name="Stage"/>; constant along the inner axis.</summary>
public sealed record ReducedNode(DType Type, int Stage, int Reduction) : ScalarNode(Type);

/// <summary>The contraction's sum at this point, in an epilogue.</summary>
public sealed record AccumulatorNode(DType Type) : ScalarNode(Type);

/// <summary>Folds a node along the reduced axis with Sum, ReduceMax or ReduceMin; floats of less than 32 bits accumulate in f32.</summary>
public sealed record Reduction(OpCode Op, int Node);

/// <summary>Writes a node's value at the point; for a value constant along the inner axis, an inner stride of zero writes once.</summary>
public sealed record Store(int Buffer, ImmutableArray<Stride> Strides, int Node);

/// <summary>
/// One pass over the reduced/inner axis of a row: evaluates what its reductions and stores need. At a point each node is evaluated
/// once, and what is loaded from where a store goes is loaded before the first store. So a store may write over what any of them needs.
/// </summary>
public sealed record Stage(ImmutableArray<Reduction> Reductions, ImmutableArray<Store> Stores);

/// <summary>
/// Elementwise work and reductions along the innermost axis, row by row, in stages: softmax is (max), (sum of exp), (store).
/// Axes 0 … n-1 have extents parameters 0 … n-1; the last is the inner, vectorised one. A later stage may read what an earlier
/// one reduced; other nodes are evaluated again in each stage that needs them, or remembered in scratch. Units: the rows (product of all outer
/// extents); with a single axis and no reduction, the elements. Scratch: <see cref="ScratchBytes"/>.
/// </summary>
public sealed record RowKernel(
    ImmutableArray<KernelBuffer> Buffers, int ParameterCount, int Axes, ImmutableArray<ScalarNode> Nodes, ImmutableArray<Stage> Stages)
    : LoopKernel(Buffers, ParameterCount)
{
    public RowPlan Plan { get; init; } = RowPlan.Default;

    /// <summary>Bytes of scratch for each element of a remembered row: room for two values in f32.</summary>
    public const int BytesRemembered = 8;

    /// <summary>Per thread.</summary>
    public Dim ScratchBytes(Dim inner) =>
        Stages.Length < 2 ? Dim.Zero : (Dim.Min(Dim.RoundUp(inner, 16), Plan.LongestRemembered) * BytesRemembered) + 64;
}

/// <summary>
/// A reduction along the second to last axis: axes are (outer…, reduced, inner), extents parameters 0 … n-1, the inner one
/// vectorised, the reduced one sequential in a fixed order. Nodes at a point of the full space feed the reductions; then the stores run once per
/// (outer…, inner) point and may use ReducedNode with stage 0; the reduced axis' stride in a store is zero.
/// Units: outer rows × blocks of <see cref="ColumnPlan.Block"/> inner elements.
/// </summary>
public sealed record ColumnKernel(
    ImmutableArray<KernelBuffer> Buffers, int ParameterCount, int Axes, ImmutableArray<ScalarNode> Nodes,
    ImmutableArray<Reduction> Reductions, ImmutableArray<Store> Stores)
    : LoopKernel(Buffers, ParameterCount)
{
    public ColumnPlan Plan { get; init; } = ColumnPlan.Default;
}

/// <summary>
/// out[index[r], c] += update[r, c]: buffers (index, update, out); parameters: rows R, columns C, extent of
/// the indexed axis V, strides (index r, update r, out v); columns are contiguous. Rows are added in order, so the sum is the same
/// every time. Units: blocks of <see cref="Block"/> columns.
/// </summary>
public sealed record ScatterKernel(DType Type, DType IndexType) : LoopKernel(
    [new KernelBuffer(IndexType, false), new KernelBuffer(Type, false), new KernelBuffer(Type, true)], 6)
{
    /// <summary>A multiple of 16.</summary>
    public int Block { get; init; } = TunableTable.ColumnBlock.Default;
}
