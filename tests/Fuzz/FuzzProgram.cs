using Unified.Nn;

namespace Unified.Fuzz;

/// <summary>What the fuzzer runs: a module with a static graph, called by <see cref="Call"/>.</summary>
public abstract class FuzzProgram : Module
{
    /// <summary>Calls the static graph.</summary>
    public abstract IEnumerable<Tensor?> Call(Tensor x, Tensor y, Tensor v, Tensor w, Tensor k, int n, bool flag);

    /// <summary>The state that the call may have changed.</summary>
    public abstract IEnumerable<Tensor?> Observed();
}
