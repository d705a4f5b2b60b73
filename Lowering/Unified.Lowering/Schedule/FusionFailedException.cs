using System.Collections.Immutable;

namespace Unified.Lowering.Schedule;

/// <summary>A group that is no single kernel after all: its reductions are to stand alone.</summary>
public sealed class FusionFailedException(ImmutableArray<int> reductions)
    : Exception("a fused group is no single kernel")
{
    /// <summary>The values that the reductions make.</summary>
    public ImmutableArray<int> Reductions => reductions;
}
