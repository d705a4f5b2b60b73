using System.Collections.Immutable;
using Unified.Ir;

namespace Unified.Lowering.Recompute;

/// <summary>Values of the root that may be computed again where they are read late, instead of being kept: one, or the same result of all calls of a graph.</summary>
/// <param name="Values">Values of the root.</param>
/// <param name="Graph">Where the chain's nodes are: the root, or the graph that is called.</param>
/// <param name="Value">What the chain makes: a value of that graph.</param>
/// <param name="Saved">Bytes.</param>
internal sealed record RecomputeCandidate(ImmutableArray<int> Values, Graph Graph, int Value, RecomputeChain Chain, long Saved)
{
    /// <summary>The chain is in a graph that is called.</summary>
    public bool IsInCall { get; init; }
}
