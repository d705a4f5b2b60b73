using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>
/// The gradients of O = P · V, P = softmax(scale · Q · Kᵀ), from dO, by blocks of queries: with dP = dO · Vᵀ and δ = Σ P·dP by row,
/// dS = scale · P · (dP − δ), and so dQ = dS · K, dK = Σ dSᵀ · Q, dV = Σ Pᵀ · dO (Dao et al., 2022). The weights of one block are held at a time: memory
/// is linear in S. Each unit packs what it multiplies with, since another thread's writing would have to come from its cache. Buffers: (Q, K, V, dO, dQ, dK, dV).
/// Parameters: batch extents, T, S, D, E, then strides of Q: batch axes, t, d; of K: batch axes, s, d; of V: batch axes, s, e; of dO: batch axes, t, e;
/// then of dQ: batch axes, t; of dK and dV: batch axes, s; their rows are dense. Causal as in <see cref="AttentionKernel"/>. Units: batches; each adds
/// its blocks in order. Scratch: <see cref="ScratchBytes"/>. f32.
/// </summary>
/// <param name="Scale">The factor of the scores; 0: 1/√D.</param>
/// <param name="OrderQ">Which axis of Q is contiguous.</param>
/// <param name="OrderK">Which axis of K is contiguous.</param>
/// <param name="OrderV">Which axis of V is contiguous.</param>
/// <param name="OrderDy">Which axis of dO is contiguous.</param>
public sealed record AttentionGradientKernel(int BatchAxes, bool IsCausal, double Scale, MatrixOrder OrderQ, MatrixOrder OrderK, MatrixOrder OrderV, MatrixOrder OrderDy) : LoopKernel(
    [
        new KernelBuffer(DType.F32, false), new KernelBuffer(DType.F32, false), new KernelBuffer(DType.F32, false), new KernelBuffer(DType.F32, false),
        new KernelBuffer(DType.F32, true), new KernelBuffer(DType.F32, true), new KernelBuffer(DType.F32, true),
    ],
    (8 * BatchAxes) + 15)
{
    /// <summary>The parameter that is the first of a buffer's strides.</summary>
    public int StridesOf(int buffer) => BatchAxes + 4 + (Math.Min(buffer, 4) * (BatchAxes + 2)) + (Math.Max(0, buffer - 4) * (BatchAxes + 1));

    public AttentionGradientPlan Plan { get; init; } = AttentionGradientPlan.Default;

    /// <summary>Elements of a block's share of one panel of keys.</summary>
    public int BlockSize => Plan.Rows * Tile.Columns;

    /// <summary>
    /// Per thread: K and V packed as right operands, K twice, Q and dO of a block packed as left and as right operand, its dQ, P and dP, the sums of dK and dV, and numbers by row.
    /// </summary>
    public Dim ScratchBytes(Dim keys, Dim depth, Dim width)
    {
        var (panels, depthPanels, widthPanels) = (Dim.CeilDiv(keys, Tile.Columns), Dim.CeilDiv(depth, Tile.Columns), Dim.CeilDiv(width, Tile.Columns));
        var packed = ((panels * (depth + width)) + (depthPanels * keys)) * Tile.Columns;
        var block = ((depth + width) * Plan.Rows) + (((depthPanels * 2) + widthPanels) * BlockSize);
        var all = panels * ((2 * BlockSize) + ((depthPanels + widthPanels) * (Tile.Columns * Tile.Columns)));
        return (packed + block + all + ((35 * Plan.Rows) + (17 * 32))) * 4;
    }
}

/// <summary>How attention's gradient is written: numbers of the table of tunables.</summary>
/// <param name="Rows">Queries of a block, a multiple of <see cref="Tile.Rows"/>.</param>
public sealed record AttentionGradientPlan(int Rows, int Unroll)
{
    public static AttentionGradientPlan Default { get; } = Of(Tuning.Default.For(new(KernelFamily.AttentionGradient, false)));

    public static AttentionGradientPlan Of(ClassTuning tuning) => new(tuning[TunableTable.QueryRows], tuning[TunableTable.Unroll]);
}
