using System.Collections.Immutable;

namespace Unified.Lowering.Loops;

/// <summary>Questions about scalar nodes.</summary>
public static class ScalarNodes
{
    /// <summary>The nodes that a node computes from.</summary>
    public static ImmutableArray<int> Operands(ScalarNode node) => node switch
    {
        ComputeNode compute => compute.Operands,
        UniformNode uniform => [uniform.Seed, uniform.Offset, uniform.Counter],
        GatherNode gather => [gather.Index],
        _ => [],
    };
}
