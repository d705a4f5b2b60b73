using System.Collections.Immutable;

namespace Unified.Ir;

internal static class CompositeOps
{
    public static ImmutableArray<Op> Rows { get; } = [];
}
