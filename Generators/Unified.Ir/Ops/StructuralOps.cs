using System.Collections.Immutable;

namespace Unified.Ir;

internal static class StructuralOps
{
    public static ImmutableArray<Op> Rows { get; } = [];
}
