using System.Collections.Immutable;

namespace Unified.Ir;

internal static class CreationOps
{
    public static ImmutableArray<Op> Rows { get; } = [];
}
