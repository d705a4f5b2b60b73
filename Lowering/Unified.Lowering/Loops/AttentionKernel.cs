using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>
/// O = softmax(scale · Q · Kᵀ) · V, row by row, without ever holding all weights of a row: the keys come in blocks, and what was summed is scaled
/// down when a larger score turns up (Milakov and Gimelshein, 2018; Dao et al., 2022). Keys and values are packed by <see cref="PackKernel"/>: Kᵀ as a
/// right operand [D, S], V as a right operand [S, E]. Buffers: (Q, packed K, packed V, O), then the lengths. Parameters: batch extents, T, S, D, E, then strides of Q:
/// batch axes, t, d, then strides of the packed K per batch axis, of the packed V per batch axis, then of O: batch axes, t; its rows are dense; then of the lengths: batch axes.
/// With lengths, only that many keys count: S stands for them in what follows. Causal: query t sees keys 0 … S − T + t, and where that is none, all of them alike, as the op is defined. Units: batches × CeilDiv(T, <see cref="AttentionPlan.QueryRows"/>).
/// Scratch: <see cref="ScratchBytes"/>. Packed and summed in f32.
/// </summary>
/// <param name="Scale">The factor of the scores; 0: 1/√D.</param>
/// <param name="OrderQ">Which axis of Q is contiguous.</param>
/// <param name="Type">Of Q and O: f32, or f16 or bf16, rounded once.</param>
/// <param name="Length">Of the numbers of keys that count, where not all do; each from 1 (causal: T) to S, else the status word is set.</param>
public sealed record AttentionKernel(int BatchAxes, bool IsCausal, double Scale, MatrixOrder OrderQ, DType Type = DType.F32, DType? Length = null) : LoopKernel(
    BuffersOf(Type, DType.F32, Length), (5 * BatchAxes) + 7 + (Length is null ? 0 : BatchAxes))
{
    public AttentionPlan Plan { get; init; } = AttentionPlan.Default;

    /// <summary>What a hidden score counts as: finite, and far below any other.</summary>
    public const double Hidden = -1e30;

    internal static ImmutableArray<KernelBuffer> BuffersOf(DType type, DType keys, DType? length)
    {
        ImmutableArray<KernelBuffer> buffers = [new(type, false), new(keys, false), new(keys, false), new(type, true)];
        return length is { } index ? buffers.Add(new(index, false)) : buffers;
    }

    /// <summary>Per thread: the scores of a row tile and a block of keys, packed rows of Q, sums of all panels of O, and numbers by row.</summary>
    public Dim ScratchBytes(Dim depth, Dim width) =>
        ((depth * Plan.QueryRows) + (Tile.Rows * Plan.KeyBlock) + (Dim.CeilDiv(width, Tile.Columns) * (Plan.QueryRows * Tile.Columns)) + (((Tile.Rows + 2) * 16) * (Plan.Tiles + 1)) + (2 * 16)) * 4;
}

/// <summary>How attention is written: numbers of the table of tunables.</summary>
/// <param name="KeyBlock">A multiple of <see cref="Tile.Columns"/>.</param>
/// <param name="QueryRows">Queries of a unit, a multiple of <see cref="Tile.Rows"/>.</param>
public sealed record AttentionPlan(int KeyBlock, int QueryRows, int Unroll)
{
    public static AttentionPlan Default { get; } = Of(Tuning.Default.For(new(KernelFamily.Attention, false)));

    /// <summary>Row tiles of a unit.</summary>
    public int Tiles => QueryRows / Tile.Rows;

    public static AttentionPlan Of(ClassTuning tuning) => new(tuning[TunableTable.KeyBlock], tuning[TunableTable.QueryRows], tuning[TunableTable.Unroll]);
}
