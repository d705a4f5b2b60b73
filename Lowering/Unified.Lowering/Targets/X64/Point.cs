using Unified.Native;

namespace Unified.Lowering.Targets.X64;

/// <summary>Sixteen neighbours along the inner axis, at which nodes are evaluated.</summary>
/// <param name="First">The inner index of lane 0.</param>
/// <param name="Mask">The lanes that exist; null when all do.</param>
internal sealed record Point(LlvmValue First, LlvmValue? Mask)
{
    /// <summary>What is known of this point besides the nodes: a contraction's sum, the reductions of a column.</summary>
    public LlvmValue? Accumulator { get; init; }

    public IReadOnlyList<LlvmValue> Reduced { get; init; } = [];

    /// <summary>Node values already made here.</summary>
    public Dictionary<int, LlvmValue> Values { get; } = [];
}
