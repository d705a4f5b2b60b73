using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>
/// Transforms weights [3, 3, C, O] by G g Gᵀ (<see cref="WinogradTransform"/>) and packs them for <see cref="WinogradKernel"/>: for each panel of <see cref="Tile.Columns"/>
/// output channels, each place f of the transformed tile in row-major order, and each c: a row of the panel's channels, zero beyond O.
/// Buffers: (weights, packed). Parameters: C, O, then the strides of the weights in elements: ky, kx, c, o. Units: panels × C. f32.
/// </summary>
/// <param name="Side">Of a tile of the result.</param>
public sealed record WinogradPackKernel(int Side) : LoopKernel([new KernelBuffer(DType.F32, false), new KernelBuffer(DType.F32, true)], 6);

/// <summary>
/// The convolution of an image with channels last and weights of 3 × 3, stride 1, by <see cref="WinogradTransform"/>, with elementwise work after it. Buffers: (image, weights
/// packed by <see cref="WinogradPackKernel"/>, then what the epilogue loads and stores). Parameters: N, H, W of the result, O, C, R and P (tiles per unit, a multiple of
/// <see cref="Tile.Rows"/>; columns per unit, a multiple of <see cref="Tile.Columns"/>), the image's height and width, the rows above
/// and columns left of it that the windows begin at, its strides n, y, x, then what the epilogue's strides
/// name. C is a multiple of 16 and channels are contiguous; what lies
/// beyond the image counts as zero. Epilogue nodes live in the space (n, y, x, o); the <see cref="AccumulatorNode"/> is the
/// convolution. Tiles are numbered (n, y, x), rounded up along y and x. A unit transforms its tiles into scratch, then for each panel multiplies them place by place of the tile, transforms
/// the sums back and runs the epilogue: each sum runs over all of C in ascending order, so the result does not depend on R and P. Units: CeilDiv(tiles, R) × CeilDiv(O, P).
/// Scratch: <see cref="ScratchBytes"/>. f32.
/// </summary>
/// <param name="Side">Of a tile of the result.</param>
public sealed record WinogradKernel(ImmutableArray<KernelBuffer> Buffers, int ParameterCount, int Side, ImmutableArray<ScalarNode> Epilogue, ImmutableArray<Store> Stores)
    : LoopKernel(Buffers, ParameterCount)
{
    public WinogradPlan Plan { get; init; } = WinogradPlan.Default;

    /// <summary>Axes of the epilogue's space.</summary>
    public const int Axes = 4;

    /// <summary>Channels that lie together in a transformed tile.</summary>
    public const int Lanes = 16;

    /// <summary>Parameters before those of the epilogue.</summary>
    public const int LeadingParameters = 14;

    /// <summary>Per thread: transformed tiles, their products with a panel, a tile of the result, where a tile's pixels lie, a pixel of zeros.</summary>
    public static Dim ScratchBytes(Dim tilesPerUnit, Dim channels, int side)
    {
        var places = (side + WinogradTransform.Kernel - 1) * (side + WinogradTransform.Kernel - 1);
        return (((tilesPerUnit * places * (channels + Tile.Columns)) + (side * side * Tile.Columns) + channels) * sizeof(float)) + (places * sizeof(long)) + (5 * 64);
    }
}

/// <summary>How a convolution by tiles is written: numbers of the table of tunables.</summary>
/// <param name="WeightsAhead">Elements.</param>
public sealed record WinogradPlan(int WeightsAhead, bool EpilogueAhead)
{
    public static WinogradPlan Default { get; } = Of(Tuning.Default.For(new(KernelFamily.Winograd, false)));

    public static WinogradPlan Of(ClassTuning tuning) => new(tuning[TunableTable.WeightsAhead], tuning[TunableTable.EpilogueAhead] != 0);
}
