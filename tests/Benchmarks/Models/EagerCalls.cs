using Unified.Nn;

namespace Unified.Benchmarks.Models;

/// <summary>A graph with and without a call of a method with <c>[Eager]</c>.</summary>
public sealed partial class EagerCalls : Module
{
    [StaticGraph]
    public Tensor Without([Shape("N")] Tensor x) => (x * 2f) + 1f;

    [StaticGraph]
    public Tensor With([Shape("N")] Tensor x) => Same(x * 2f) + 1f;

    [Eager]
    [return: Shape("N")]
    private static Tensor Same([Shape("N")] Tensor x) => x;
}
