using System.Reflection;

namespace Unified.Fuzz;

/// <summary>What the fuzzer runs: a module with a static graph, called by <see cref="Call"/>.</summary>
public abstract class FuzzProgram : Unified.Nn.Module
{
    /// <summary>Calls the static graph.</summary>
    public abstract IEnumerable<Tensor?> Call(Tensor x, Tensor y, Tensor v, Tensor w, Tensor k, int n, bool flag);

    /// <summary>The state that the call may have changed.</summary>
    public abstract IEnumerable<Tensor?> Observed();

    /// <summary>The tensors in fields of an object.</summary>
    protected static IEnumerable<Tensor?> TensorsOf(object program) => program.GetType()
        .GetFields(BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
        .Where(f => typeof(Tensor).IsAssignableFrom(f.FieldType)).OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => (Tensor?)f.GetValue(program));
}
