using System.Collections.Immutable;

namespace Unified.Ir;

internal static class DataMovementOps
{
    public static ImmutableArray<Op> Rows { get; } = [];
}
