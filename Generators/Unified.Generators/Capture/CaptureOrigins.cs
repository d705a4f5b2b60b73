using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Unified.Ir;

namespace Unified.Generators;

/// <summary>
/// What the numbers of a captured function stand for in the source. Holds symbols and syntax, so it lives as long as the analysis of its
/// method, and never in the pipeline.
/// </summary>
internal sealed class CaptureOrigins
{
    /// <summary>The expression of each thunk that the user wrote in one piece.</summary>
    public Dictionary<int, IOperation> Thunks { get; } = [];

    /// <summary>The method behind each callee.</summary>
    public Dictionary<int, IMethodSymbol> Callees { get; } = [];

    /// <summary>The syntax behind each instruction's place, by identity: two expressions may start at the same character.</summary>
    public Dictionary<SourceSpan, SyntaxNode> Places { get; } = new(ByIdentity.Instance);

    private sealed class ByIdentity : IEqualityComparer<SourceSpan>
    {
        public static ByIdentity Instance { get; } = new();

        public bool Equals(SourceSpan? x, SourceSpan? y) => ReferenceEquals(x, y);

        public int GetHashCode(SourceSpan obj) => RuntimeHelpers.GetHashCode(obj);
    }
}
