using Unified.Ir;

namespace Unified.Lowering.Loops;

/// <summary>
/// <see cref="AttentionKernel"/> for few queries, which reads keys and values once, where they lie: nothing is packed. Along the shared axes all queries look at the same
/// keys and values (the heads of a group), so that a block of those serves them all from the first-level cache. Buffers: (Q, K, V, O), then the lengths. Parameters: batch
/// extents, shared extents, T, S, D, E, then strides of Q: batch axes, shared axes, t, of K: batch axes, s, of V: batch axes, s, of O: batch axes, shared axes, t, and
/// of the lengths: batch axes; the last axis of all four is dense. Units: batches. Scratch: <see cref="ScratchBytes"/>. Summed in f32.
/// </summary>
/// <param name="Scale">The factor of the scores; 0: 1/√D.</param>
/// <param name="Type">Of all four: f32, or f16 or bf16, rounded once.</param>
/// <param name="Length">Of the numbers of keys that count, where not all do; each from 1 (causal: T) to S, else the status word is set.</param>
public sealed record DecodeAttentionKernel(int BatchAxes, int SharedAxes, bool IsCausal, double Scale, DType Type = DType.F32, DType? Length = null) : LoopKernel(
    AttentionKernel.BuffersOf(Type, Type, Length), (5 * BatchAxes) + (3 * SharedAxes) + 8 + (Length is null ? 0 : BatchAxes))
{
    public DecodeAttentionPlan Plan { get; init; } = DecodeAttentionPlan.Default;

    /// <summary>Per thread: the scores of a block, and per query the sums of O and three numbers.</summary>
    public Dim ScratchBytes(Dim queries, Dim width) => ((queries * (Dim.RoundUp(width, 64) + 3)) + Plan.KeyBlock + 64) * 4;
}

/// <summary>How attention of few queries is written: numbers of the table of tunables.</summary>
/// <param name="KeyBlock">A multiple of 16.</param>
public sealed record DecodeAttentionPlan(int KeyBlock)
{
    public static DecodeAttentionPlan Default { get; } = Of(Tuning.Default.For(new(KernelFamily.DecodeAttention, false)));

    public static DecodeAttentionPlan Of(ClassTuning tuning) => new(tuning[TunableTable.DecodeKeys]);
}
