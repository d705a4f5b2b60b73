using System.Collections.Immutable;

namespace Unified.Ir;

internal static class ContractionOps
{
    public static ImmutableArray<Op> Rows { get; } = [];
}
