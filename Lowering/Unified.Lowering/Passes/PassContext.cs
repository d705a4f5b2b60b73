using Unified.Ir;

namespace Unified.Lowering.Passes;

/// <summary>What passes share besides the module.</summary>
/// <param name="Verify">Check the module after each pass.</param>
/// <param name="After">Told the name of each pass and what it made.</param>
public sealed record PassContext(bool Verify, Action<string, GraphModule>? After = null)
{
    /// <summary>Whether the target has a kernel for a composite op of a type, which is then left whole.</summary>
    public Func<Op, DType, bool> HasKernel { get; init; } = static (_, _) => false;
}

/// <summary>One rewriting of a module into another that computes the same values.</summary>
public interface IPass
{
    string Name { get; }

    GraphModule Run(GraphModule module);
}
