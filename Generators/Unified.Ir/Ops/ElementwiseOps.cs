using System.Collections.Immutable;

namespace Unified.Ir;

internal static class ElementwiseOps
{
    public static ImmutableArray<Op> Rows { get; } = [];
}
