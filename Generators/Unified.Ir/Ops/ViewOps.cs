using System.Collections.Immutable;

namespace Unified.Ir;

internal static class ViewOps
{
    public static ImmutableArray<Op> Rows { get; } = [];
}
