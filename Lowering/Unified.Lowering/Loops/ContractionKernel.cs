using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>Which axis of a matrix operand is contiguous in memory.</summary>
public enum MatrixOrder
{
    /// <summary>The summed axis K: rows of A, columns of B lie in one piece.</summary>
    KInner,

    /// <summary>The kept axis: M for A, N for B.</summary>
    KOuter,

    /// <summary>Neither: both strides are parameters.</summary>
    Strided,
}

/// <summary>What is known of how many rows a product has.</summary>
public enum RowCount
{
    /// <summary>Nothing.</summary>
    Any,

    /// <summary>At most <see cref="Tile.FewRows"/>.</summary>
    Few,

    /// <summary>More.</summary>
    Many,
}

/// <summary>How many axes m and k of a left operand run over in row-major order, when they are more than one each: windows of an image.</summary>
public sealed record WindowAxes(int Rows, int Depth);

/// <summary>
/// The numbers of B are held in 4 or 8 bits and multiplied by an f32 for each group of neighbours in k, and column. The scales are the third buffer, packed as B
/// is, with groups in the place of k.
/// </summary>
/// <param name="PerByte">
/// 1: B is packed as i8. 2: B is packed as bytes that hold two numbers of k each, lower half first, from 0 to 15 and meant minus 8, four bytes of a column together; a
/// group is a multiple of 8. <see cref="ReadBeyond"/> bytes after the last are read, and not used.
/// </param>
public sealed record ScaledGroups(int PerByte)
{
    /// <summary><see cref="PackKernel.Group"/> of the packed bytes.</summary>
    public int Bytes => PerByte == 2 ? BytesOfWord : 1;

    /// <summary>Bytes of a column that lie together.</summary>
    public const int BytesOfWord = 4;

    /// <summary>A word's second byte is the first of what lies a byte further on, and so on: a load is cheaper than a shift.</summary>
    public const int ReadBeyond = BytesOfWord - 1;
}

/// <summary>
/// C = epilogue(A · B) with B packed by <see cref="PackKernel"/>. Buffers: (A, packed B, then what the epilogue loads and stores).
/// Parameters: batch extents, the extents of the axes that m runs over (their product is M), N, K, R and C (rows and columns per unit, multiples of
/// <see cref="Tile.RowStep"/> and <see cref="Tile.Columns"/>), then strides of A: batch axes, m, k; with <see cref="Windows"/> instead of the last two:
/// extents and strides of A's axes of m, extents and strides of its axes of k;
/// then strides of the packed B per batch axis (zero where B is shared), then, with <see cref="Scaled"/>, the numbers of k in a group, then what the epilogue's
/// strides name. Epilogue nodes live in the
/// space (batch…, m…, n); the <see cref="AccumulatorNode"/> is the sum; as in a <see cref="Stage"/>, what is loaded at a point from where a store goes is loaded before the
/// first store. A unit packs its R rows of A over all of K into scratch, then walks the panels of B
/// in its columns (few rows that lie as they are multiplied are not packed); a tile sums the whole K in registers, in ascending order, so nothing is read back and the result does not depend on R and C.
/// Units: batches × CeilDiv(M, R) × CeilDiv(N, C). Scratch: <see cref="Tile.ScratchBytes"/>. Accumulates in f32 (f64 for f64).
/// </summary>
/// <param name="OrderA">Of the last axes of k and of m.</param>
public sealed record ContractionKernel(
    ImmutableArray<KernelBuffer> Buffers, int ParameterCount, DType Type, int BatchAxes, MatrixOrder OrderA,
    ImmutableArray<ScalarNode> Epilogue, ImmutableArray<Store> Stores)
    : LoopKernel(Buffers, ParameterCount)
{
    /// <summary>Axes of the epilogue's space that m runs over.</summary>
    public int RowAxes { get; init; } = 1;

    /// <summary>What B is held in: <see cref="Type"/>; where that is f32, also a type of 8 or 16 bits, whose numbers are widened as they are read; where it is u8, also i8.</summary>
    public DType RightType => Buffers[1].Type;

    /// <summary>How B is packed: <see cref="PackKernel.Group"/>.</summary>
    public int Group { get; init; } = 1;

    /// <summary>Null: B holds what is multiplied.</summary>
    public ScaledGroups? Scaled { get; init; }

    /// <summary>Null: A is a matrix.</summary>
    public WindowAxes? Windows { get; init; }

    /// <summary>How many of the buffers are what is multiplied.</summary>
    public int Operands => Scaled is null ? 2 : 3;

    public ProductPlan Plan { get; init; } = ProductPlan.Default;

    /// <summary>Code for other numbers of rows is left out.</summary>
    public RowCount Rows { get; init; }

    /// <summary>K is known to be a multiple of <see cref="Group"/>.</summary>
    public bool HasWholeGroups { get; init; }

    /// <summary>Axes of the epilogue's space.</summary>
    public int Axes => BatchAxes + RowAxes + 1;
}

/// <summary>How a product is written: numbers of the table of tunables, which says what they mean.</summary>
/// <param name="LowPanels">Panels that one row is multiplied with at once: 1, 2 or 4; two to four rows are with half as many.</param>
/// <param name="PanelsAhead">In bytes.</param>
/// <param name="FewRowsAhead">Of weights of 8 and 4 bits, in bytes.</param>
/// <param name="OneRowAhead">Of groups that an instruction multiplies, in bytes.</param>
/// <param name="BesideCost">Of roots and divisions that follow the product, in instructions.</param>
/// <param name="RowsAhead">Of a left operand whose rows are neighbours in memory: steps of k that are asked for ahead while it is packed.</param>
public sealed record ProductPlan(int Unroll, int LowPanels, int PanelsAhead, int FewRowsAhead, int OneRowAhead, bool EpilogueAhead, int BesideCost, int RowsAhead)
{
    public static ProductPlan Default { get; } = Of(Tuning.Default.For(new(KernelFamily.Product, false)));

    public static ProductPlan Of(ClassTuning tuning) => new(
        tuning[TunableTable.Unroll], tuning[TunableTable.LowPanels], tuning.ValueOrDefault(TunableTable.PanelsAhead), tuning[TunableTable.FewRowsAhead], tuning.ValueOrDefault(TunableTable.OneRowAhead),
        tuning[TunableTable.EpilogueAhead] != 0, tuning.ValueOrDefault(TunableTable.BesideCost), tuning.ValueOrDefault(TunableTable.PackedRowsAhead));
}

/// <summary>The register tile of the contraction kernels; shared by who emits and who sizes scratch and units.</summary>
public static class Tile
{
    public const int Rows = 12;

    public const int Columns = 32;

    /// <summary>Up to so many rows are multiplied with several panels at once, and read where they lie if they can be.</summary>
    public const int FewRows = 4;

    /// <summary>How many rows a tile may multiply, descending: the last rows of a block take the lowest that holds them.</summary>
    public static ImmutableArray<int> Heights { get; } = [Rows, 8, 4, 2, 1];

    /// <summary>Rows of a unit are a multiple of this. A low tile is as fast as it is high, but scaled numbers are rounded in another order by it: only the last rows of all may take one.</summary>
    public static int RowStep(ScaledGroups? scaled) => scaled is null ? FewRows : Rows;

    /// <summary>
    /// Elements along k whose products an instruction adds up at once, on machines that have one: two of bf16, four of u8 and i8, and of a row's digits and i8 where few rows are f32.
    /// f32 times bf16 has pairs because a pair is taken apart by two instructions, one of which any port takes; elements side by side would be widened by two each, of the ports that multiply-adds want.
    /// </summary>
    public static int GroupOf(DType left, DType right) => (left, right) switch
    {
        (DType.BF16 or DType.F32, DType.BF16) => 2,
        (DType.U8 or DType.F32, DType.I8) => 4,
        _ => 1,
    };

    /// <summary>Per-thread scratch: the packed rows of A, with room for 16 k beyond the last, and two tiles of C: one whose epilogue is still to come.</summary>
    public static Dim ScratchBytes(Dim rowsPerUnit, Dim depth, DType type) =>
        ((Dim.RoundUp(rowsPerUnit, Rows) * depth) + (16 * Rows) + (2 * Rows * Columns) + 64) * (type == DType.F64 ? 8 : 4);
}
