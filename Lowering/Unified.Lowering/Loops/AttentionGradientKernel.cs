using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>
/// The gradients of O = P · V, P = softmax(scale · Q · Kᵀ), from dO, by blocks of queries: with dP = dO · Vᵀ and δ = Σ P·dP by row,
/// dS = scale · P · (dP − δ), and so dQ = dS · K, dK = Σ dSᵀ · Q, dV = Σ Pᵀ · dO (Dao et al., 2022). The weights of one block are held at a time: memory
/// is linear in S. Buffers: (Q, packed Kᵀ, packed Vᵀ, packed K, dO, result); Kᵀ [D, S], Vᵀ [E, S] and K [S, D] are packed by <see cref="PackKernel"/> as right operands.
/// Parameters: batch extents, T, S, D, E, then strides of Q: batch axes, t, d; of dO: batch axes, t, e; of the packed Kᵀ, Vᵀ and K per batch axis.
/// The result is dense: per batch dQ [T, D], dK [S, D], dV [S, E], one after the other. Causal as in <see cref="AttentionKernel"/>. Units: batches; each adds
/// its blocks in order. Scratch: <see cref="ScratchBytes"/>. f32.
/// </summary>
/// <param name="Scale">The factor of the scores; 0: 1/√D.</param>
/// <param name="OrderQ">Which axis of Q is contiguous.</param>
/// <param name="OrderDy">Which axis of dO is contiguous.</param>
public sealed record AttentionGradientKernel(int BatchAxes, bool IsCausal, double Scale, MatrixOrder OrderQ, MatrixOrder OrderDy) : LoopKernel(
    [
        new KernelBuffer(DType.F32, false), new KernelBuffer(DType.F32, false), new KernelBuffer(DType.F32, false), new KernelBuffer(DType.F32, false),
        new KernelBuffer(DType.F32, false), new KernelBuffer(DType.F32, true),
    ],
    (6 * BatchAxes) + 8)
{
    public AttentionGradientPlan Plan { get; init; } = AttentionGradientPlan.Default;

    /// <summary>Elements of a block's share of one panel of keys.</summary>
    public int BlockSize => Plan.Rows * Tile.Columns;

    /// <summary>
    /// Per thread: Q and dO of a block packed as left and as right operand, its dQ, P and dP, the sums of dK and dV, and numbers by row.
    /// </summary>
    public Dim ScratchBytes(Dim keys, Dim depth, Dim width)
    {
        var (panels, depthPanels, widthPanels) = (Dim.CeilDiv(keys, Tile.Columns), Dim.CeilDiv(depth, Tile.Columns), Dim.CeilDiv(width, Tile.Columns));
        var block = ((depth + width) * Plan.Rows) + (((depthPanels * 2) + widthPanels) * BlockSize);
        var all = panels * ((2 * BlockSize) + ((depthPanels + widthPanels) * (Tile.Columns * Tile.Columns)));
        return (block + all + ((18 * Plan.Rows) + (12 * 32))) * 4;
    }
}

/// <summary>How attention's gradient is written: numbers of the table of tunables.</summary>
/// <param name="Rows">Queries of a block, a multiple of <see cref="Tile.Rows"/>.</param>
public sealed record AttentionGradientPlan(int Rows, int Unroll)
{
    public static AttentionGradientPlan Default { get; } = Of(Tuning.Default.For(new(KernelFamily.AttentionGradient, false)));

    public static AttentionGradientPlan Of(ClassTuning tuning) => new(tuning[TunableTable.QueryRows], tuning[TunableTable.Unroll]);
}
