using System.Collections.Immutable;

namespace Unified.Ir;

internal static class ReductionOps
{
    public static ImmutableArray<Op> Rows { get; } = [];
}
